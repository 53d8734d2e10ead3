"""The year step by step: what is done, what bars the next step, and links only where the role may read."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from enterprises.models import Declaration
from innovscore import cockpit
from innovscore.core.problems import NotFound
from tests.factories import enterprises as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(in_park: Any) -> Any:
    return people.actor("park_admin", in_park)


@pytest.fixture
def declaration(admin: Any) -> Any:
    return make.declaration(admin, make.enterprise(1), make.cycle(admin), **make.SOUND)


def states(admin: Any) -> list[str]:
    return [step.state for step in cockpit.steps(make.YEAR, admin)]


def test_the_first_step_that_is_not_done_is_the_one_under_way(admin: Any, declaration: Any) -> None:
    assert states(admin) == ["done", "done", "now", *["later"] * 7]


def test_what_waits_is_named_with_the_way_to_it(admin: Any, declaration: Any) -> None:
    make.enterprise(2, state="submitted")
    Declaration.objects.update(state="submitted")
    certify, verify = (cockpit.steps(make.YEAR, admin)[at] for at in (1, 4))
    assert (certify.state, certify.share, certify.gates) == ("now", 50, [("1 家待审核", "")])
    assert verify.gates == [("1 份待核定", "&state=submitted")]
    assert verify.url == reverse("enterprises:queue", kwargs={"park": "cq"}) + f"?year={make.YEAR}"


def test_links_lead_only_where_the_role_may_read(in_park: Any, admin: Any, declaration: Any) -> None:
    reviewer = people.actor("park_reviewer", in_park)
    urls = [step.url for step in cockpit.steps(make.YEAR, reviewer)]
    assert urls[4] and not urls[9]
    assert cockpit.steps(make.YEAR, admin)[9].url


def test_the_page_shows_a_year_and_no_other(admin: Any, declaration: Any, client_as: Any) -> None:
    browser = client_as(admin)
    page = browser.get(reverse("cockpit", kwargs={"park": "cq", "year": make.YEAR}))
    assert "年度驾驶舱" in page.content.decode()
    assert browser.get(reverse("cockpit", kwargs={"park": "cq", "year": 1999})).status_code == 404
    assert "年度进展" in browser.get(reverse("desk", kwargs={"park": "cq"})).content.decode()
    with pytest.raises(NotFound):
        cockpit.steps(1999, admin)
