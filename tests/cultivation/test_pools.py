"""Pools: firms come in from a run, are coached and moved on; every move stays and alone moves; the one-enterprise file."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation.models import PoolMove, PoolPlace
from cultivation.queries import pools as queries
from cultivation.services import matching, pools, visits
from innovscore.core.problems import Conflict, Refused
from parks import jobs
from parks.clock import db_today
from parks.todo import todos_for
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db
RUNG = make.text(
    "ladder_gazelle", conditions='[{test: "rd_intensity > 2.5 %", text: 研发强度超过2.5%}]',
    tests="[{name: 强度3%, facts: {rd_intensity: 3}, outcome: eligible}]",
)  # fmt: skip


@pytest.fixture
def office(in_park: Any) -> make.Office:
    """A rung, one firm ready for it and one that is one condition away, both found by a run."""
    office = make.Office(in_park)
    office.release(RUNG)
    make.firm(in_park, 1)
    make.firm(in_park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    jobs.run(matching.request(by=office["officer"]).pk)
    return office


@pytest.fixture
def place(office: make.Office) -> PoolPlace:
    version = queries.PolicyVersion.objects.get()
    assert pools.enter_found(by=office["reviewer"], version_id=version.pk, standing="near") == 1
    assert pools.enter_found(by=office["reviewer"], version_id=version.pk, standing="near") == 0
    return queries.places().get()


def test_a_run_fills_the_pool_and_every_move_says_why(office: make.Office, place: PoolPlace) -> None:
    assert (place.enterprise.name, place.stage, place.title) == ("示例企业2", "watched", "瞪羚企业")
    with pytest.raises(Refused, match="reason_missing"):
        pools.move(by=office["reviewer"], place_id=place.pk, to_stage="coached", why=" ")
    pools.move(by=office["reviewer"], place_id=place.pk, to_stage="coached", why="上门辅导")
    pools.move(by=office["admin"], place_id=place.pk, to_stage="coached", why="电话回访")
    pools.move(by=office["admin"], place_id=place.pk, to_stage="reached", why="已认定")
    (line,) = queries.movement()
    assert (line["year"], line["watched"], line["coached"], line["reached"]) == (db_today().year, 1, 1, 1)
    with pytest.raises(Conflict, match="pool_over"):
        pools.move(by=office["admin"], place_id=place.pk, to_stage="watched", why="再来")
    assert (
        pools.enter(
            by=office["admin"], rung_id=place.rung_id, enterprise_ids=[place.enterprise_id], why="次年再入库"
        )
        == 1
    )


def test_only_a_move_moves_a_place_and_no_move_is_taken_back(office: make.Office, place: PoolPlace) -> None:
    for change in (
        lambda: PoolPlace.objects.filter(pk=place.pk).update(stage="reached"),
        lambda: PoolMove.objects.create(place=place, from_stage="applying", to_stage="reached", why="x", person_name="x"),
        lambda: PoolMove.objects.all().delete(),
        lambda: PoolPlace.objects.create(enterprise_id=place.enterprise_id, rung_id=place.rung_id),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_coach_has_the_task_and_the_firm_sees_both(office: make.Office, place: PoolPlace) -> None:
    client = people.client_for(office["reviewer"])
    page = reverse("cultivation:pool_place", kwargs={"park": "cq", "place_id": place.pk})
    me = next(
        one
        for one in queries.coaches(office["reviewer"])
        if one.account.person_id == office["reviewer"].person_id
    )
    client.post(page, {"what": "coach", "coach": me.pk})
    client.post(page, {"what": "task", "title": "补研发费用辅助账", "due_on": db_today().isoformat()})
    assert [one.label for one in todos_for(office["reviewer"]) if "补研发费用辅助账" in one.label]
    agent = people.actor("enterprise_agent", office.park, organisation=place.enterprise.organisation)
    growth = (
        people.client_for(agent).get(reverse("cultivation:growth", kwargs={"park": "cq"})).content.decode()
    )
    assert (
        "补研发费用辅助账" in growth
        and me.account.person.name in growth
        and "<button" not in growth.split("补研发费用辅助账")[1][:300]
    )
    task = place.tasks.get()
    client.post(reverse("cultivation:pool_task_done", kwargs={"park": "cq", "task_id": task.pk}))
    task.refresh_from_db()
    assert task.done_on == db_today()
    assert client.post(page, {"what": "coach", "coach": 10**9}).status_code == 422


def test_one_page_tells_all_of_a_firm(office: make.Office, place: PoolPlace) -> None:
    url = reverse("cultivation:firm_file", kwargs={"park": "cq", "enterprise_id": place.enterprise_id})
    visits.record(
        by=office["officer"], firm="示例企业2", visited_on=db_today(), visitors="钱积分", purpose="service", note="看了产线"
    )  # fmt: skip
    client = people.client_for(office["publisher"])
    page = client.get(url).content.decode()
    for text in ("示例企业2", "瞪羚企业", "差 1.34%", "入库", "钱积分", "园区看不到企业向哪家银行借款"):
        assert text in page
    paper = client.get(
        reverse("cultivation:firm_file_pdf", kwargs={"park": "cq", "enterprise_id": place.enterprise_id})
    )
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")
