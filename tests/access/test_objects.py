"""Objects of a whole zone: other parks and other firms find nothing of them, and lists ask the database as often for 100 rows as for 20.

Routes, roles and objects are derived: URLconf, policy, models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from innovscore.demo import story
from parks import access
from parks.roles import ENTERPRISE, Role
from parks.scope import park_scope
from parks.tenancy import ParkModel
from tests.access.routes import Route, routes
from tests.factories import parks as people

WORDS = {
    "board": ["high_quality"], "dimension": ["rd_input"], "product": ["first-loan"], "number": [1],
    "code": ["rd_intensity"], "version": ["2021.1"], "seq": [1], "year": [story.LAST_YEAR - 1],
}  # fmt: skip
ALIASES = {
    "case": "certification",
    "file": "evidencefile",
    "notice": "publishedboard",
}


@pytest.fixture
def zones(live_db: None) -> list[story.Zone]:
    """Two zones with everything in them."""
    return story.tell(enterprises=110, years=2, seed=5, say=lambda _text: None)


def ids_of(park_id: int) -> dict[str, list[int]]:
    """Label of a model -> id of the park's newest object of it."""
    found: dict[str, list[int]] = {}
    with park_scope(park_id):
        for model in apps.get_models():
            if issubclass(model, ParkModel):
                rows = model.objects.order_by("-pk").values_list("pk", flat=True)
                found[model._meta.label_lower] = list(rows[:1])
    return found


def addresses(route: Route, park: str, ids: dict[str, list[int]]) -> Iterator[str]:
    """The route's addresses with real objects; none when an object of a parameter does not exist."""
    choices: list[dict[str, Any]] = [{"park": park}]
    for name, kind in route.converters:
        if name == "park":
            continue
        values: list[Any] = WORDS.get(name, [])
        if kind == "IntConverter" and name.endswith("_id"):
            stem = name.removesuffix("_id")
            values = _named(ids, route.name.partition(":")[0], ALIASES.get(stem, stem))
        choices = [chosen | {name: value} for chosen in choices for value in values]
    yield from (route.url(**chosen) for chosen in choices)


def _named(ids: dict[str, list[int]], room: str, stem: str) -> list[int]:
    """Ids of the model of that name, of the route's own room first."""
    fitting = sorted(
        (label for label in ids if label.endswith(stem)),
        key=lambda label: (label.partition(".")[0] != room.removeprefix("api-"), len(label)),
    )
    return ids[fitting[0]] if fitting else []


def private_routes() -> list[tuple[Route, access.Line]]:
    """Routes with objects in them that somebody may read."""
    found = []
    for route in routes():
        line = access.line_for(route.name, "GET")
        if line and not line.is_public and not line.for_any_account and "park" in route.parameters:
            found.append((route, line))
    return found


def test_another_park_finds_no_object_of_this_one(zones: list[story.Zone]) -> None:
    mine, other = zones
    ids = ids_of(mine.park.pk)
    tried, leaks = 0, []
    for role in Role.values:
        client = people.client_for(people.actor(role, other.park))
        for route, _line in private_routes():
            for park in (mine.park.code, other.park.code):
                if park == other.park.code and not any(name.endswith("_id") for name in route.parameters):
                    continue  # its own pages
                for address in addresses(route, park, ids):
                    tried += 1
                    response = client.get(address)
                    if not refused(response) or names_in(response, mine):
                        leaks.append((role, address, response.status_code))
    assert leaks == []
    assert tried > 300


def test_another_firm_finds_no_object_of_this_one(zones: list[story.Zone]) -> None:
    mine = zones[0]
    own = mine.actors["ent.legal@demo"]
    hero = next(firm for firm in mine.enterprises if firm.organisation_id == own.organisation_id)
    stranger = next(firm for firm in mine.enterprises if firm.organisation_id != own.organisation_id)
    tried, leaks = 0, []
    for role in ENTERPRISE:
        client = people.client_for(people.actor(role, mine.park, organisation=hero.organisation))
        for route, line in private_routes():
            if not line.allows(role):
                continue
            for address in addresses(route, mine.park.code, foreign_ids(mine, hero)):
                tried += 1
                text = client.get(address).content.decode(errors="replace")
                if stranger.name in text and "/boards/" not in address and "objection" not in address:
                    leaks.append((role, address))
    assert leaks == []
    assert tried > 10


def foreign_ids(zone: story.Zone, firm: Any) -> dict[str, list[int]]:
    """Ids of objects that belong to other firms than this one."""
    found = ids_of(zone.park.pk)
    with park_scope(zone.park.pk):
        for model in apps.get_models():
            names = {field.name for field in model._meta.get_fields()}
            if issubclass(model, ParkModel) and "enterprise" in names:
                rows = model.objects.exclude(enterprise=firm).order_by("-pk")
                found[model._meta.label_lower] = list(rows.values_list("pk", flat=True)[:1])
    return found


def refused(response: Any) -> bool:
    """Said no, or sent to sign in (programs of banks on pages)."""
    to_sign_in = response.status_code == 302 and response["Location"].startswith("/account/login/")
    return to_sign_in or 400 <= response.status_code < 500


def names_in(response: Any, zone: story.Zone) -> bool:
    if response.streaming:
        return True
    text = response.content.decode(errors="replace")
    return any(firm.name in text or firm.uscc in text for firm in zone.enterprises[:20])


def test_lists_ask_the_database_as_often_for_many_rows_as_for_few(zones: list[story.Zone]) -> None:
    mine = zones[0]
    ids = ids_of(mine.park.pk)
    actors = {actor.role: actor for actor in reversed(mine.actors.values())}
    growing, seen = [], set()
    for route, line in private_routes():
        role = next((role for role in actors if line.allows(role)), None)
        client = people.client_for(actors[role]) if role else None
        for address in addresses(route, mine.park.code, ids) if client else ():
            few, many = (_queries(client, f"{address}?size={size}") for size in (20, 100))
            if few is None or many is None:
                continue
            seen.add(route.name)
            if many > few:
                growing.append((address, few, many))
    assert growing == []
    assert len(seen) >= 10, seen


def _queries(client: Any, address: str) -> int | None:
    """How many queries a page with a pager makes; None for other pages."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    is_list = response.status_code == 200 and not response.streaming and b'class="pager"' in response.content
    return len(captured) if is_list else None
