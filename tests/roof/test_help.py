"""帮助: a few questions a role, each with a page that the role may open, at the same place of every frame."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from innovscore.questions import ALL, QUESTIONS, questions_for
from parks import access
from parks.roles import Role
from tests.factories import parks as people

FEWEST, MOST = 4, 9


@pytest.mark.parametrize("role", [access.PUBLIC, *sorted(ALL)])
def test_a_role_has_a_few_questions(role: str) -> None:
    asked = [str(one.ask) for one in questions_for(role)]
    assert FEWEST <= len(asked) <= MOST
    assert len(set(asked)) == len(asked)


def test_every_question_is_for_roles_that_may_open_its_page() -> None:
    for one in QUESTIONS:
        assert one.page_name and one.url("cq")
        assert all(access.may(role, one.route) for role in one.roles), one.ask


def test_every_role_with_a_desk_has_help() -> None:
    assert {role for role in Role.values if access.may(role, "desk")} == ALL == access.roles_of("park_help")


@pytest.mark.django_db
def test_the_way_to_the_help_stands_before_what_is_the_readers_own_in_every_frame(
    in_park: Any, client: Any, client_as: Any
) -> None:
    in_park.contact_office, in_park.contact_phone = "积分专班", "023-1234"
    in_park.save()
    browsers = {"zone_help": client} | {
        role: client_as(people.actor(role, in_park))
        for role in (Role.ENTERPRISE_AGENT, Role.PARK_ADMIN, Role.BANK_MAKER)
    }
    for name, browser in browsers.items():
        route = name if name == "zone_help" else "park_help"
        page = browser.get(reverse(route, kwargs={"park": "cq"})).content.decode()
        links = re.findall(r"<a [^>]*>([^<]+)", page[page.index("top-row") : page.index("<main")])
        assert links.index("帮助") == links.index("查找") + 1 == 2
        assert "积分专班 023-1234" in page[page.index("<main") : page.index("</main>")]
    assert client.get("/help/")["Location"] == "/zones/cq/help/"
