from __future__ import annotations

from django.db import models


class Throttle(models.Model):
    """How far ahead of its rate a caller is: `ahead_until` is when its quota is whole again."""

    key = models.CharField(max_length=160, unique=True)
    ahead_until = models.DateTimeField()
