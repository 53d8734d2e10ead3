from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SchemeState(models.TextChoices):
    DRAFT = "draft", _("草案")
    ACTIVE = "active", _("生效")
    RETIRED = "retired", _("停用")
