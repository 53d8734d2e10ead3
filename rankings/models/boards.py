from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkModel


class BoardDefinition(ParkModel):
    """A further board of a park, as data. The scheme's own boards are not kept here.

    `base` is a board of the scheme, or empty for the total. `value` picks the part: a stage code, a sub-park's code, an
    industry, or a share in per cent for a band. `smallest` is how few eligible enterprises still make a board.
    """

    class Kind(models.TextChoices):
        STAGE = "stage", _("分阶段")
        SUB_PARK = "sub_park", _("分园区")
        INDUSTRY = "industry", _("分行业")
        RISERS = "risers", _("积分跃升榜")
        BAND = "band", _("总积分前百分之几")

    code = models.SlugField(max_length=64)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    base = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=64, blank=True)
    size = models.PositiveSmallIntegerField(default=10)
    smallest = models.PositiveSmallIntegerField(default=20)
    is_active = models.BooleanField(default=True)
    made_by_ref = models.BigIntegerField(null=True)
    made_by_name = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "code"], name="board_definition_code"),
            models.CheckConstraint(condition=Q(size__range=(1, 5000)), name="board_definition_size"),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("is_active",)

    def as_rule(self) -> dict[str, object]:
        """What is copied into an edition and hashed with it."""
        return {
            "kind": self.kind, "base": self.base, "value": self.value, "size": self.size, "smallest": self.smallest,
        }  # fmt: skip
