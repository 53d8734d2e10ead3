"""What arrives in a query string or form: numbers are numbers or nothing, and text is what a database can keep."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from parks.http import whole
from parks.listing import listing
from parks.models import GroupRobot, Park
from tests.factories import parks as people


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "７", "1e3", "9" * 4000, "0x10", " 7"])
def test_anything_but_a_whole_number_is_nothing(text: str) -> None:
    assert whole(text) is None


def test_a_number_above_the_limit_is_nothing() -> None:
    assert (whole("0"), whole("50", at_most=50), whole("51", at_most=50)) == (0, 50, None)


@pytest.mark.django_db
def test_what_was_typed_is_kept_without_its_nul_characters(in_park: Any, settings: Any) -> None:
    settings.EGRESS_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    robot = {
        "act": "robot",
        "brand": "feishu",
        "name": "审\x00核群",
        "url": "http://127.0.0.1/\x00a",
        "kinds": "task",
    }
    response = people.client_for(people.actor("park_admin", in_park)).post("/p/cq/messages/settings/", robot)
    assert response.status_code == 302, response.content.decode()
    assert GroupRobot.objects.get().name == "审核群"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"), [("boards/?q=%00", 200), ("boards/?%00=1", 200), ("firms/%00/", 404)]
)
def test_nul_characters_in_an_address_break_no_public_page(park: Any, address: str, status: int) -> None:
    assert Client().get(f"/zones/cq/{address}").status_code == status


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["--code", "-", "park__code"])
def test_a_sort_that_is_none_changes_nothing(park: Any, rf: Any, sort: str) -> None:
    page = listing(rf.get("/", {"sort": sort}), Park.objects.order_by("pk"), sortable=("code",))
    assert [one.code for one in page] == ["cq"]  # type: ignore[union-attr]
