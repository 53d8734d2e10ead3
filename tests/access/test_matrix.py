"""The access matrix: every route × method × role, derived from the URLconf and the policy files.

For each cell a real request is made. Cells the policy refuses must answer 403, 404, 405 or a way to sign in;
people of another park get 404 as if nothing existed; allowed cells never answer 403 or 405 or 500.
"""

from __future__ import annotations

from typing import Any

import pytest

from parks import access
from parks.roles import MACHINES, Role
from tests.access.routes import Route, routes
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OUTSIDE = {"parks:logout"}  # signs the browser out, which would spoil the cells after it


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    names = {route.name for route in routes()}
    assert names == {route for route, _method in access.policy()}


def test_no_route_is_unnamed() -> None:
    assert not [route.name for route in routes() if route.name.endswith("unnamed")]


@pytest.fixture
def zone(park: Any, other_park: Any) -> Any:
    return park


def _cells() -> list[tuple[Route, str]]:
    return [(route, method) for route in routes() for method in METHODS if route.name not in OUTSIDE]


def _ask(client: Any, route: Route, method: str) -> Any:
    client.raise_request_exception = False
    return client.generic(method, route.url(), content_type="application/x-www-form-urlencoded")


def test_strangers_get_only_what_is_public(zone: Any, client: Any) -> None:
    wrong = []
    for route, method in _cells():
        line = access.line_for(route.name, method)
        response = _ask(client, route, method)
        if line is not None and line.is_public:
            ok = response.status_code not in (401, 403, 405) and response.status_code < 500
        elif line is None:
            ok = response.status_code in (401, 403, 404, 405)
        else:
            ok = response.status_code == 401 or (
                response.status_code == 302 and "/account/login/" in response["Location"]
            )
        if not ok:
            wrong.append((route.name, method, response.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", Role.values)
def test_each_role_gets_what_its_lines_say(zone: Any, role: str) -> None:
    client = people.client_for(people.actor(role, zone))
    wrong = []
    for route, method in _cells():
        line = access.line_for(route.name, method)
        response = _ask(client, route, method)
        status = response.status_code
        if line is None:
            ok = status in (403, 404, 405)
        elif line.allows(role):
            ok = status not in (401, 403, 405) and status < 500
        else:
            ok = status in (403, 404) or _sent_to_sign_in(role, response)
        if not ok:
            wrong.append((route.name, method, status))
    assert wrong == []


def _sent_to_sign_in(role: str, response: Any) -> bool:
    """A program's bearer token counts for the API only: on pages it is a stranger."""
    return role in MACHINES and "/account/login/" in response.get("Location", "")


@pytest.mark.parametrize("role", Role.values)
def test_people_of_another_park_find_nothing(zone: Any, other_park: Any, role: str) -> None:
    client = people.client_for(people.actor(role, other_park))
    wrong = []
    for route, method in _cells():
        line = access.line_for(route.name, method)
        if line is None or line.is_public or line.for_any_account or "park" not in route.parameters:
            continue
        response = _ask(client, route, method)
        status = response.status_code
        if status != 404 and not _sent_to_sign_in(role, response):
            wrong.append((route.name, method, status))
    assert wrong == []


def test_office_and_finance_roles_need_the_second_factor(zone: Any) -> None:
    for role in Role.values:
        client = people.client_for(people.actor(role, zone), second_factor=False)
        response = client.get("/p/cq/")
        expected = "/account/code/" if access.needs_second_factor(role) else None
        assert (response.get("Location", "").split("?")[0] or None) == expected, role


def test_removing_a_permission_turns_its_cell_red(zone: Any, monkeypatch: Any) -> None:
    """The matrix watches something: without its line the page is refused."""
    client = people.client_for(people.actor("park_auditor", zone))
    assert client.get("/p/cq/office/audit/").status_code == 200
    lines = dict(access.policy())
    del lines["parks:audit", "GET"]
    monkeypatch.setattr(access, "policy", lambda: lines)
    client.raise_request_exception = False
    assert client.get("/p/cq/office/audit/").status_code == 500
