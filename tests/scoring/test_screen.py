"""The hall screen shows what was released to whoever knows its address: figures, published boards, totals of loans."""

from __future__ import annotations

import re
from typing import Any

import pytest

from parks.scope import park_scope
from scoring.models import ScoreResult, ScreenLink
from scoring.services import runs
from tests.factories import parks as people
from tests.factories import rankings as boards
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


def test_figures_are_shown_before_boards_are_published_and_nobody_is_named(
    park: Any, admin: Any, address: str, client: Any
) -> None:
    release(park, admin)
    with park_scope(park.pk):
        names = list(ScoreResult.objects.values_list("enterprise__name", flat=True))
    answers = client.get(address), client.get(f"{address}data.json")
    for page in (answer.content.decode() for answer in answers):
        assert not [name for name in names if name in page]
    page = answers[0].content.decode()
    assert "总分分布" in page and "获贷企业" not in page
    assert "style=" not in page
    data = answers[1].json()
    assert (data["boards"], data["loans"]) == ([], None)
    assert sum(data["scores"]["distribution"]["counts"]) == data["scores"]["ranked"]
    assert answers[1]["Cache-Control"] == "private, max-age=60"


@pytest.mark.django_db(transaction=True)
def test_published_boards_take_turns_on_page_and_in_the_feed(park: Any, client_as: Any, client: Any) -> None:
    _office, edition = boards.published_world(park)
    found = client_as(people.actor("park_admin", park)).post("/p/cq/office/screens/", {"label": "政务大厅"})
    path = re.search(r"/screen/[\w-]+/", found.content.decode())
    assert path is not None
    page = client.get(f"{path.group()}?slide=999999999999999999999").content.decode()
    (board,) = client.get(f"{path.group()}data.json").json()["boards"]
    with park_scope(park.pk):
        entries = [(row.place, row.name, f"{row.score:.4f}") for row in edition.entries.order_by("position")]
    assert [(one["place"], one["name"], one["score"]) for one in board["entries"]] == entries
    assert all(name in page for _place, name, _score in entries)


def test_a_revoked_or_unknown_address_shows_nothing(
    park: Any, admin: Any, address: str, client: Any, client_as: Any
) -> None:
    assert client.get("/screen/guess/").status_code == 404
    with park_scope(park.pk):
        link = ScreenLink.objects.get()
    assert address.split("/")[2] not in link.token_digest
    client_as(admin).post(f"/p/cq/office/screens/{link.pk}/revoke/")
    assert client.get(address).status_code == 404
    assert client.get(f"{address}data.json").status_code == 404
