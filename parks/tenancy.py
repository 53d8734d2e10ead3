"""Two walls between parks: managers that refuse to work outside a scope, and the database.

Every model with `park` inherits `ParkModel`. After each migration `parks.walls` derives from the models
what PostgreSQL has to enforce: forced row-level security, grants of the application roles, append-only
triggers and foreign keys that include `park_id`, so that a row of one park cannot point into another.
A model narrows what the application may do with an inner class:

    class Tenancy:
        grants = "select, insert"        # default "select, insert, update, delete"
        updates = ("revoked_at",)        # columns that may change although grants name no update
        append_only = True               # a trigger refuses UPDATE and DELETE even to the owner
        worker_sees_all = True           # the worker role reads across parks (job and outbox queues)
        visible = "sql expression"       # rows that may also be read (added to the wall, reading only)
"""

from __future__ import annotations

from typing import Any

from django.db import models

from .scope import current_park_id, default_park_id


class CurrentPark(models.Expression):
    """The park that was entered when the query runs; raises OutsideParkScope when none was."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[int, ...]]:
        return "%s", (current_park_id(),)


class ScopedManager(models.Manager):
    """Only rows of the park that was entered; a query outside of any raises OutsideParkScope."""

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(park_id=CurrentPark())


class ParkModel(models.Model):
    """A row that belongs to one park."""

    park = models.ForeignKey(
        "parks.Park", on_delete=models.PROTECT, related_name="+", default=default_park_id, editable=False
    )

    objects = ScopedManager()
    everywhere = models.Manager()

    class Meta:
        abstract = True

    class Tenancy:
        """What the database adds for this model; see the module's text."""


class ManyRows(ParkModel):
    """A tenant table that is written by the hundred thousand rows: no second check and no index of the park alone.

    Its keys to other tenant tables include the park, and its unique constraint begins with it.
    """

    park = models.ForeignKey(
        "parks.Park", on_delete=models.PROTECT, related_name="+", default=default_park_id, editable=False,
        db_constraint=False, db_index=False,
    )  # fmt: skip

    class Meta:
        abstract = True


class ParkForeignKey(models.ForeignKey):
    """A key from tenant table to tenant table; the database checks (park_id, key) -> (park_id, id)."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)
