"""The hall screen shows released figures to whoever knows its address, and names nobody."""

from __future__ import annotations

import re
from typing import Any

import pytest

from parks.scope import park_scope
from scoring.models import ScoreResult, ScreenLink
from scoring.services import runs
from tests.factories import parks as people
from tests.factories import scoring as make
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(park: Any) -> Any:
    return people.actor("park_admin", park)


@pytest.fixture
def address(park: Any, admin: Any, client_as: Any) -> str:
    page = client_as(admin).post("/p/cq/office/screens/", {"label": "政务大厅"}).content.decode()
    found = re.search(r"/screen/[\w-]+/", page)
    assert found is not None
    return found.group()


def release(park: Any, admin: Any) -> None:
    with park_scope(park.pk):
        make.snapshot(admin, cases=make.golden_cases(scale=6))
        run = compute(runs.request_run(by=admin, cycle=make.Cycle.objects.get()))
        runs.make_official(by=admin, run=run)


def test_nothing_is_shown_before_a_run_is_official(park: Any, admin: Any, address: str, client: Any) -> None:
    with park_scope(park.pk):
        make.snapshot(admin)
        compute(runs.request_run(by=admin, cycle=make.Cycle.objects.get()))
    assert "还没有发布的数据" in client.get(address).content.decode()


def test_every_picture_turns_by_itself_can_be_paused_and_names_nobody(
    park: Any, admin: Any, address: str, client: Any
) -> None:
    release(park, admin)
    with park_scope(park.pk):
        names = list(ScoreResult.objects.values_list("enterprise__name", flat=True))
    for number in range(4):
        turning, paused = (
            client.get(f"{address}?slide={number}"),
            client.get(f"{address}?slide={number}&pause=1"),
        )
        assert turning["Refresh"].startswith("20; url=?slide=")
        assert "Refresh" not in paused
        page = turning.content.decode()
        assert not [name for name in names if name in page]
        assert "style=" not in page
        assert "<script" not in page


def test_a_revoked_or_unknown_address_shows_nothing(
    park: Any, admin: Any, address: str, client: Any, client_as: Any
) -> None:
    assert client.get("/screen/guess/").status_code == 404
    with park_scope(park.pk):
        link = ScreenLink.objects.get()
    assert address.split("/")[2] not in link.token_digest
    client_as(admin).post(f"/p/cq/office/screens/{link.pk}/revoke/")
    assert client.get(address).status_code == 404
