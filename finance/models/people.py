"""What one person begins and another finishes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkModel

SECOND = ("checker_person", "checker_name", "checked_at")


class TwoPersons(ParkModel):
    """A row that one person records and another person confirms; the database refuses the same person."""

    maker_person = models.BigIntegerField()
    maker_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    checker_person = models.BigIntegerField(null=True)
    checker_name = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(checker_person__isnull=True) | ~Q(checker_person=F("maker_person")),
                name="%(class)s_two_persons",
            )
        ]

    @property
    def is_confirmed(self) -> bool:
        return self.checker_person is not None
