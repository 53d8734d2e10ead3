"""Steps that were confirmed and wait for the end of their countdown."""

from __future__ import annotations

import datetime as dt

from django.db.models.functions import Now

from parks.clock import db_now
from parks.models import Park

from ..models import BoardEdition, BoardRelease


def waiting(edition: BoardEdition) -> BoardRelease | None:
    """What of an edition of the park entered waits, or None."""
    return BoardRelease.objects.filter(edition=edition, state=BoardRelease.State.WAITING).first()


def of_edition(edition: BoardEdition) -> list[BoardRelease]:
    """All of them, oldest first: what was stopped stays on record."""
    return list(BoardRelease.objects.filter(edition=edition).order_by("pk"))


def is_due(release: BoardRelease) -> bool:
    return db_now() >= release.due_at


def time_left(release: BoardRelease) -> dt.timedelta:
    """Until it is in force; nothing when it is due."""
    return max(release.due_at - db_now(), dt.timedelta())


def due(park: Park) -> list[int]:
    """Editions of a park with a step that is due, in the order of their times. Needs no scope: the database shows what is due."""
    rows = BoardRelease.everywhere.filter(park=park, state=BoardRelease.State.WAITING, due_at__lte=Now())
    return list(rows.order_by("due_at", "pk").values_list("edition_id", flat=True))
