"""Public profiles, and what boards say of a firm over the years."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.models import Park

from ..models import PublicProfile, PublishedEntry
from .public import title_of

MOST = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A place of a firm on a final board."""

    year: int
    board: str
    name: str
    place: int
    tied: bool
    position: int
    eligible: int


def listed(park: Park, uscc: str) -> list[Listed]:
    """Places of a firm on final boards of a zone, newest first."""
    rows = PublishedEntry.everywhere.filter(park=park, uscc=uscc, published__state="final")
    return [_listed(row) for row in rows.select_related("published").order_by("-published__year", "place")]


def _listed(row: PublishedEntry) -> Listed:
    shown = row.published
    return Listed(shown.year, shown.board, title_of(shown), row.place, row.tied, row.position, shown.eligible)


def shown(park: Park, uscc: str) -> tuple[PublicProfile | None, str, list[Listed]]:
    """(profile, name, places) of a firm as the public may see it. NotFound for a firm that shows nothing."""
    profile = PublicProfile.everywhere.filter(park=park, uscc=uscc, state="shown").first()
    places = listed(park, uscc) if profile is None or profile.shows_boards else []
    if profile is None and not places:
        raise NotFound(code="no_such_firm", message=_("没有这家企业的公开信息。"))
    entry = PublishedEntry.everywhere.filter(park=park, uscc=uscc).order_by("-pk").first()
    name = profile.name if profile else entry.name if entry else uscc
    return profile, name, places


@dataclass(frozen=True, slots=True)
class Found:
    """A firm that a search finds, with its places, newest first."""

    name: str
    places: list[Listed]


def search(park: Park, text: str) -> dict[str, Found]:
    """Firms on final boards whose name has the text, by USCC, at most 50; by name."""
    rows = PublishedEntry.everywhere.filter(
        park=park, published__state="final", name__icontains=text.strip()[:60]
    )
    found: dict[str, Found] = {}
    for row in rows.select_related("published").order_by("-published__year", "place"):
        found.setdefault(row.uscc, Found(row.name, [])).places.append(_listed(row))
    return dict(sorted(found.items(), key=lambda pair: pair[1].name)[:MOST])


def offered() -> QuerySet[PublicProfile]:
    """Profiles of the park entered, waiting ones first."""
    return PublicProfile.objects.select_related("enterprise").order_by("state", "-offered_at")


def own(actor: Actor) -> PublicProfile | None:
    firm = enterprises.own_or_404(actor)
    return PublicProfile.objects.filter(enterprise_id=firm.pk).first()
