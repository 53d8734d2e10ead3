"""Events: who is invited, seats that are never overbooked, who waits moves up, who came is counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation.models import Gathering, SignUp
from cultivation.queries import gatherings as queries
from cultivation.services import gatherings
from innovscore.core.problems import Conflict, Refused
from parks.clock import db_now, db_today
from parks.models import Notification
from parks.scope import park_scope
from tests.factories import parks as people
from tests.factories import policies as make
from tests.finance.test_line import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def said(**more: Any) -> dict[str, Any]:
    start = db_now().replace(microsecond=0) + dt.timedelta(days=7)
    return {
        "title": "政策宣讲会", "kind": "briefing", "place": "报告厅", "contact": "023-68000000", "about": "", "seats": 3,
        "starts_at": start, "ends_at": start + dt.timedelta(hours=2), "sign_up_until": start, "stages": [], "qualifications": [],
        "is_public": True,
    } | more  # fmt: skip


def published(office: make.Office, **more: Any) -> Gathering:
    row = gatherings.save(by=office["officer"], **said(**more))
    gatherings.publish(by=office["officer"], gathering_id=row.pk)
    row.refresh_from_db()
    return row


def book(firm: Any, row: Gathering, people: int = 1) -> SignUp:
    return gatherings.sign_up(by=firm.agent, gathering_id=row.pk, people=people, names="王晓", phone="023-1")


def begun(row: Gathering) -> None:
    ago = row.starts_at - dt.timedelta(days=8)
    Gathering.objects.filter(pk=row.pk).update(
        starts_at=ago, sign_up_until=ago, ends_at=ago + dt.timedelta(hours=2)
    )


def test_times_are_in_order(office: make.Office) -> None:
    start = said()["starts_at"]
    for field, wrong in (
        ("starts_at", db_now()),
        ("ends_at", start),
        ("sign_up_until", start + dt.timedelta(hours=1)),
    ):
        with pytest.raises(Refused) as caught:
            gatherings.save(by=office["officer"], **said(**{field: wrong}))
        assert caught.value.field == field


def test_the_addressed_are_invited_once(office: make.Office) -> None:
    first, second = make.firm(office.park), make.firm(office.park, 2)
    row = published(office)
    assert row.invited == 2
    make.told()
    told = Notification.objects.filter(url__contains="/e/events/")
    assert {one.organisation_id for one in told} == {first.enterprise.organisation_id, second.enterprise.organisation_id}  # fmt: skip
    with pytest.raises(Conflict, match="not_allowed_now"):
        gatherings.publish(by=office["officer"], gathering_id=row.pk)
    assert published(office, qualifications=["unicorn"]).invited == 0


def test_who_finds_no_seat_waits_and_moves_up(office: make.Office) -> None:
    firms = [make.firm(office.park, number) for number in (1, 2, 3, 4)]
    row = published(office, seats=3)
    states = [book(firm, row, people).state for firm, people in zip(firms, (2, 2, 1, 1), strict=True)]
    assert states == ["booked", "waiting", "booked", "waiting"]
    with pytest.raises(Conflict, match="signed_up_already"):
        book(firms[0], row)
    gatherings.give_up(
        by=firms[2].agent, gathering_id=row.pk
    )  # one seat: the fourth firm fits, the second does not
    assert [one.state for one in SignUp.objects.order_by("pk")] == ["booked", "waiting", "given_up", "booked"]  # fmt: skip
    assert Notification.objects.filter(text__contains="候补").count() == 1
    gatherings.save(by=office["officer"], gathering_id=row.pk, **said(seats=5, starts_at=row.starts_at, ends_at=row.ends_at, sign_up_until=row.sign_up_until))  # fmt: skip
    row.refresh_from_db()
    assert (row.taken, SignUp.objects.filter(state="waiting").count()) == (5, 0)
    with pytest.raises(Conflict, match="too_few_seats"):
        gatherings.save(by=office["officer"], gathering_id=row.pk, **said(seats=4))


def test_seats_are_counted_by_the_database_alone(office: make.Office) -> None:
    firm, other = make.firm(office.park), make.firm(office.park, 2)
    row = published(office, seats=2)
    book(firm, row, 2)
    common = {"gathering": row, "names": "x", "phone": "1", "signed_by_name": "x"}
    for wrong in ({"state": "booked", "people": 1}, {"state": "waiting", "people": 99}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SignUp.objects.create(enterprise=other.enterprise, **common, **wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        Gathering.objects.filter(pk=row.pk).update(taken=0)
    draft = gatherings.save(by=office["officer"], **said())
    with pytest.raises(DatabaseError), transaction.atomic():
        SignUp.objects.create(
            enterprise=other.enterprise, **common | {"gathering": draft}, state="waiting", people=1
        )


def test_many_firms_at_once_take_exactly_the_seats(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        firms = [make.firm(park, number) for number in range(1, 7)]
        row = published(office, seats=3)

    def sign(number: int) -> str:
        with park_scope(park.pk):
            return book(firms[number], row).state

    assert sorted(race(6, sign)) == ["booked"] * 3 + ["waiting"] * 3
    with park_scope(park.pk):
        assert Gathering.objects.get(pk=row.pk).taken == 3


def test_at_the_door_people_are_counted_from_the_day_on(office: make.Office) -> None:
    firm = make.firm(office.park)
    row = published(office)
    made = book(firm, row, 2)
    with pytest.raises(Conflict, match="not_yet"):
        gatherings.check_in(by=office["reviewer"], gathering_id=row.pk, sign_up_id=made.pk, came=2)
    begun(row)
    with pytest.raises(Refused, match="came_wrong"):
        gatherings.check_in(by=office["reviewer"], gathering_id=row.pk, sign_up_id=made.pk, came=3)
    gatherings.check_in(by=office["reviewer"], gathering_id=row.pk, sign_up_id=made.pk, came=1)
    found = queries.totals(row.starts_at.year if row.starts_at.year == db_today().year else db_today().year)
    assert (found.events, found.booked, found.people, found.firms) == (1, 2, 1, 1)
    with pytest.raises(Conflict, match="event_over"):
        gatherings.give_up(by=firm.agent, gathering_id=row.pk)


def test_who_signed_up_hears_of_another_place_and_of_the_end(office: make.Office) -> None:
    row, firm = published(office), make.firm(office.park)
    book(firm, row)
    gatherings.save(by=office["officer"], gathering_id=row.pk, **said(place="二楼"))
    gatherings.cancel(by=office["officer"], gathering_id=row.pk)
    make.told()
    texts = Notification.objects.filter(organisation_id=firm.enterprise.organisation_id).values_list("text", flat=True)  # fmt: skip
    assert {("有变" in text, "已取消" in text) for text in texts} == {(True, False), (False, True)}
    with pytest.raises(Conflict, match="sign_up_closed"):
        book(make.firm(office.park, 2), row)


def test_the_public_sees_open_events_and_no_firm(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        firm = make.firm(park)
        book(firm, published(office))
        published(office, title="内部沙龙", is_public=False)
        gatherings.save(by=office["officer"], **said(title="还是草稿"))
    page = people.client_for(firm.agent).get(reverse("cultivation:own_events", kwargs={"park": park.code}))
    assert "内部沙龙" in page.content.decode()
    from django.test import Client

    text = Client().get(reverse("cultivation:public_events", kwargs={"park": park.code})).content.decode()
    assert "政策宣讲会" in text
    assert not {word for word in ("内部沙龙", "还是草稿", firm.enterprise.name, "王晓") if word in text}


def test_pages_from_the_draft_to_the_door(office: make.Office) -> None:
    firm = make.firm(office.park)
    editor, theirs = people.client_for(office["officer"]), people.client_for(firm.agent)
    new = reverse("cultivation:event_new", kwargs={"park": "cq"})
    day = db_today() + dt.timedelta(days=5)
    form = {
        "title": "培训", "kind": "training", "starts_at": f"{day}T14:00", "ends_at": f"{day}T13:00", "sign_up_until": f"{day}T12:00",
        "place": "报告厅", "seats": 10, "contact": "023-1", "is_public": "on",
    }  # fmt: skip
    assert editor.post(new, form).status_code == 422
    assert editor.post(new, form | {"ends_at": f"{day}T16:00"}).status_code == 302
    row = Gathering.objects.get()
    page = {"park": "cq", "gathering_id": row.pk}
    editor.post(reverse("cultivation:event_publish", kwargs=page))
    address = reverse("cultivation:own_event", kwargs=page)
    assert theirs.post(address, {"people": 2, "names": "王晓", "phone": "abc"}).status_code == 422
    assert theirs.post(address, {"people": 2, "names": "王晓", "phone": "023-68"}).status_code == 302
    assert "已报名" in theirs.get(address).content.decode()
    begun(row)
    made = SignUp.objects.get()
    door = reverse("cultivation:event_check_in", kwargs=page | {"signup_id": made.pk})
    people.client_for(office["reviewer"]).post(door, {"came": 2})
    made.refresh_from_db()
    assert made.attended == 2
    for address in (
        reverse("cultivation:events", kwargs={"park": "cq"}),
        reverse("cultivation:event", kwargs=page),
    ):
        assert editor.get(address).status_code == 200
        assert editor.get(f"{address}?export=xlsx").status_code == 200
