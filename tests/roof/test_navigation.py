"""The menu: groups of what belongs together, each entry once, and the reader sees where he is."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from innovscore.navigation import GROUPS, groups_for
from parks.roles import Role

MOST = 7
"""Entries of an enterprise's top bar."""


def test_every_entry_stands_in_one_group() -> None:
    routes = [(entry.route, entry.roles) for group in GROUPS for entry in group.entries]
    assert len(routes) == len(set(routes))


@pytest.mark.parametrize("role", ["enterprise_agent", "enterprise_signatory"])
def test_the_top_bar_of_an_enterprise_is_short(role: str) -> None:
    assert 1 < len(groups_for(role)) <= MOST


def test_no_role_is_shown_an_empty_group() -> None:
    assert all(group.entries for role in Role.values for group in groups_for(role))


@pytest.mark.django_db
def test_the_page_marks_its_entry_and_shows_its_neighbours_only(
    in_park: Any, actors: Any, client_as: Any
) -> None:
    firm = client_as(actors("enterprise_agent", in_park))
    page = firm.get(reverse("enterprises:declarations", kwargs={"park": "cq"})).content.decode()
    assert 'aria-current="true">年度评价' in page
    page = firm.get(reverse("finance:needs", kwargs={"park": "cq"})).content.decode()
    bar = page[page.index('<ul class="menu">') : page.index("</nav>")]
    assert 'aria-current="page">融资需求' in bar and "授权台账" in bar and "材料库" not in bar
