"""Visits and appeals: written down once, answered in working days, closed by the firm alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation.models import Appeal, Visit
from cultivation.queries import visits as queries
from cultivation.services import visits
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import workdays
from parks.clock import db_today
from parks.models import Notification
from parks.todo import todos_for
from tests.factories import files
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def visited(office: make.Office, firm: Any, day: dt.date | None = None) -> Visit:
    return visits.record(
        by=office["reviewer"], firm=firm.enterprise.uscc, visited_on=day or db_today(), visitors="赵审", purpose="service"
    )  # fmt: skip


def asked(office: make.Office, firm: Any) -> Appeal:
    by = office["reviewer"]
    return visits.raise_appeal(
        by=by, category="space", text="需要厂房", visit_id=visited(office, firm).pk, responsible=by.person_id
    )


def test_a_visit_names_a_firm_of_the_park_and_a_day_that_was(office: make.Office) -> None:
    firm = make.firm(office.park)
    assert visited(office, firm).enterprise == firm.enterprise
    with pytest.raises(Refused, match="no_enterprise"):
        visits.record(by=office["reviewer"], firm="没有这家", visited_on=db_today(), visitors="赵审", purpose="service")  # fmt: skip
    with pytest.raises(Refused, match="day_wrong"):
        visited(office, firm, db_today() + dt.timedelta(days=1))


def test_the_year_knows_who_was_never_visited(office: make.Office) -> None:
    first, second = make.firm(office.park), make.firm(office.park, 2)
    visited(office, first)
    visited(office, first)
    found = queries.coverage(db_today().year)
    assert (found.visits, found.firms, found.members) == (2, 1, 2)
    assert [row.last_visit for row in queries.firms_by_visit()] == [None, db_today()]
    page = people.client_for(office["admin"]).get(
        reverse("cultivation:visit_coverage", kwargs={"park": "cq"}) + "?visited=no"
    )
    assert second.enterprise.name in page.content.decode()
    assert first.enterprise.uscc not in page.content.decode()


def test_an_appeal_is_answered_and_only_the_firm_closes_it(office: make.Office) -> None:
    firm = make.firm(office.park)
    row = asked(office, firm)
    assert row.due_on == workdays.add_working_days(db_today(), 10)
    with pytest.raises(Forbidden, match="not_your_step"):
        visits.confirm(by=office["reviewer"], appeal_id=row.pk)
    visits.answer(by=office["reviewer"], appeal_id=row.pk, text="3 号楼一层")
    assert [one for one in todos_for(firm.agent) if row.number in one.label]
    visits.reopen(by=firm.agent, appeal_id=row.pk, text="面积不够")
    visits.answer(by=office["reviewer"], appeal_id=row.pk, text="3 号楼一、二层")
    assert visits.confirm(by=firm.agent, appeal_id=row.pk).state == "closed"
    with pytest.raises(Conflict, match="not_allowed_now"):
        visits.confirm(by=firm.agent, appeal_id=row.pk)
    told = Notification.objects.filter(url__contains="/appeals/")
    assert told.count() == 3
    assert [one.event for one in row.events.order_by("pk")] == ["raise", "answer", "reopen", "answer", "confirm"]  # fmt: skip


def test_the_database_keeps_the_order_and_the_hands_apart(office: make.Office) -> None:
    row = asked(office, make.firm(office.park))
    person = office["reviewer"].person_id
    rows = Appeal.objects.filter(pk=row.pk)
    for change in (
        {"state": "closed", "answer": "x", "answered_by_ref": person, "confirmed_by_ref": person + 1},
        {"state": "answered"},
        {"text": "别的"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    visits.answer(by=office["reviewer"], appeal_id=row.pk, text="好")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(state="closed", confirmed_by_ref=person)
    with pytest.raises(DatabaseError), transaction.atomic():
        Visit.objects.update(note="改写")


def test_what_is_late_waits_on_the_desks(office: make.Office) -> None:
    row = asked(office, make.firm(office.park))
    own = visits.raise_appeal(by=make.firm(office.park, 2).agent, category="talent", text="招聘")
    assert [one.pk for one in queries.waiting_for(office["admin"])] == [own.pk]
    Appeal.objects.filter(pk=row.pk).update(due_on=db_today() - dt.timedelta(days=1))
    assert [one.pk for one in queries.waiting_for(office["admin"])] == [row.pk, own.pk]
    assert [one.count for one in todos_for(office["reviewer"]) if "诉求" in one.label] == [1]
    visits.assign(by=office["admin"], appeal_id=own.pk, responsible=office["reviewer"].person_id or 0, days=3)
    assert [one.count for one in todos_for(office["reviewer"]) if "诉求" in one.label] == [2]


def test_another_firm_sees_nothing_of_it(office: make.Office) -> None:
    row = asked(office, make.firm(office.park))
    with pytest.raises(NotFound):
        queries.visible(make.firm(office.park, 2).agent, row.pk)


def test_pages_walk_from_the_visit_to_the_confirmation(office: make.Office) -> None:
    firm = make.firm(office.park)
    client, theirs = people.client_for(office["reviewer"]), people.client_for(firm.agent)
    new = reverse("cultivation:visit_new", kwargs={"park": "cq"})
    said = {
        "firm": firm.enterprise.name,
        "visited_on": str(db_today()),
        "visitors": "赵审",
        "purpose": "policy",
    }
    wrong = client.post(new, said | {"firm": "不存在的企业"})
    assert (wrong.status_code, "园区名录中没有这家企业" in wrong.content.decode()) == (422, True)
    response = client.post(new, said | {"upload": SimpleUploadedFile("门口.png", files.png("photo"))})
    visit = Visit.objects.get()
    assert response["Location"] == reverse("cultivation:visit", kwargs={"park": "cq", "visit_id": visit.pk})
    assert visit.papers.count() == 1
    asked = {"category": "space", "text": "需要厂房", "responsible": office["reviewer"].person_id, "days": 5}
    client.post(response["Location"], asked)
    row = Appeal.objects.get()
    assert row.due_on == workdays.add_working_days(db_today(), 5)
    page = {"park": "cq", "appeal_id": row.pk}
    assert "需要厂房" in theirs.get(reverse("cultivation:appeal", kwargs=page)).content.decode()
    empty = client.post(reverse("cultivation:appeal_step", kwargs=page | {"event": "answer"}), {"text": " "})
    assert (empty.status_code, "请填写或选择“答复”" in empty.content.decode()) == (422, True)
    for who, event, text in ((client, "answer", "好的"), (theirs, "confirm", "")):
        assert who.post(reverse("cultivation:appeal_step", kwargs=page | {"event": event}), {"text": text}).status_code == 302  # fmt: skip
    row.refresh_from_db()
    assert row.state == "closed"
    for name in ("visits", "visit_coverage", "appeals"):
        address = reverse(f"cultivation:{name}", kwargs={"park": "cq"})
        assert client.get(address).status_code == 200
        assert firm.enterprise.name in client.get(f"{address}?export=csv").content.decode()
