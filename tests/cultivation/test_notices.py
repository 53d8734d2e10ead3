"""Notices to chosen firms: who gets them, who opened them, nothing rewritten."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation.models import Broadcast, BroadcastFirm
from cultivation.queries import broadcasts as queries
from cultivation.services import broadcasts, telling
from innovscore.core.problems import NotFound, Refused
from parks import jobs
from parks.models import Job, Notification, SubPark
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def sent(office: make.Office, **more: Any) -> Broadcast:
    said = {
        "title": "请备齐材料",
        "text": "复审",
        "stages": [],
        "qualifications": [],
        "sub_park": None,
    } | more
    return broadcasts.send(by=office["officer"], **said)


def test_it_goes_to_the_firms_that_fit_and_to_no_others(office: make.Office) -> None:
    here, there = make.firm(office.park), make.firm(office.park, 2)
    part = SubPark.objects.create(code="core", name="核心区")
    type(here.enterprise).objects.filter(pk=here.enterprise.pk).update(sub_park=part)
    row = sent(office, sub_park=part)
    make.told()
    told = Notification.objects.filter(url__contains="/e/notices/")
    assert [one.organisation_id for one in told] == [here.enterprise.organisation_id]
    with pytest.raises(NotFound):
        broadcasts.opened(by=there.agent, broadcast_id=row.pk)
    with pytest.raises(Refused, match="nobody"):
        sent(office, qualifications=["unicorn"])
    assert Broadcast.objects.count() == 1


def test_a_worker_that_dies_between_messages_leaves_none_out_and_none_twice(
    office: make.Office, monkeypatch: Any
) -> None:
    firms = [make.firm(office.park, number) for number in (1, 2, 3)]
    sent(office)
    job = Job.objects.get(kind="cultivation.tell")
    monkeypatch.setattr(telling, "AT_ONCE", 1)

    def dies(handle: jobs.JobHandle, done: int, total: int, message: str = "") -> None:
        raise jobs.LeaseLost("kill -9")

    with monkeypatch.context() as patch:
        patch.setattr(jobs.JobHandle, "report", dies)
        jobs.run(job.pk)
    assert Notification.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    jobs.run(job.pk)
    told = Notification.objects.values_list("organisation_id", flat=True)
    assert sorted(told) == [one.enterprise.organisation_id for one in firms]


def test_who_opened_it_first_is_kept(office: make.Office) -> None:
    first, second = make.firm(office.park), make.firm(office.park, 2)
    row = sent(office)
    page = reverse("cultivation:notice", kwargs={"park": "cq", "broadcast_id": row.pk})
    assert "请备齐材料" in people.client_for(first.agent).get(page).content.decode()
    broadcasts.opened(by=first.signatory, broadcast_id=row.pk)
    found = queries.get(row.pk)
    assert (found.told, found.read) == (2, 1)
    assert BroadcastFirm.objects.get(enterprise=first.enterprise).read_by_name == first.agent.person_name
    assert [one.read_at is None for one in queries.firms_of(row)] == [True, False]
    client = people.client_for(office["admin"])
    address = reverse("cultivation:notice_office", kwargs={"park": "cq", "broadcast_id": row.pk})
    shown = client.get(f"{address}?unread=True").content.decode()
    assert (first.enterprise.name in shown, second.enterprise.name in shown) == (False, True)


def test_what_was_sent_stays(office: make.Office) -> None:
    make.firm(office.park)
    sent(office)
    for change in ({"text": "别的"}, {"title": "别的"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Broadcast.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        BroadcastFirm.objects.all().delete()


def test_a_second_click_sends_nothing_more(office: make.Office) -> None:
    make.firm(office.park)
    client, new = (
        people.client_for(office["officer"]),
        reverse("cultivation:notice_new", kwargs={"park": "cq"}),
    )
    assert client.post(new, {"title": "", "text": "x"}).status_code == 422
    said = {"title": "通知", "text": "正文", "idempotency_key": "k-1"}
    assert [client.post(new, said).status_code for _click in range(2)] == [302, 302]
    assert Broadcast.objects.count() == 1
    for address in (
        reverse("cultivation:notices", kwargs={"park": "cq"}),
        reverse(
            "cultivation:notice_office", kwargs={"park": "cq", "broadcast_id": Broadcast.objects.get().pk}
        ),
    ):
        assert client.get(address).status_code == 200
        assert client.get(f"{address}?export=csv").status_code == 200
