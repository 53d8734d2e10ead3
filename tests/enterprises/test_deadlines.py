"""What the clock does, with working days: told five working days before, closed at the deadline, once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from enterprises.models import Cycle, Declaration
from enterprises.services import deadlines, declarations, verification
from innovscore.core.problems import Conflict, Refused
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.models import CalendarDay, Notification
from parks.workdays import working_days_between
from tests.factories import enterprises as make
from tests.factories import parks as people
from tests.factories.enterprises import finish, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(in_park: Any) -> Actor:
    return Actor.system(in_park)


def deadline_in(**time: float) -> None:
    Cycle.objects.update(declaration_deadline=db_now() + dt.timedelta(**time))


def test_far_from_the_deadline_nothing_is_said(declaration: Any, clock: Actor) -> None:
    assert not any(deadlines.watch(by=clock).values())


def test_a_reminder_is_sent_once_a_tier(declaration: Any, clock: Actor) -> None:
    deadline_in(days=13)
    assert deadlines.watch(by=clock)["reminded"] == 1
    assert deadlines.watch(by=clock)["reminded"] == 0
    assert "个工作日" in Notification.objects.get(kind="deadline", text__contains="还有").text


def test_the_notice_comes_five_working_days_before_across_a_holiday(declaration: Any, clock: Actor) -> None:
    """Ten days of holiday before the deadline: the notice is due although the deadline is two weeks away."""
    today = db_today()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=today + dt.timedelta(days=n), is_working_day=n > 10) for n in range(1, 15)
    )
    deadline_in(days=14)
    assert deadlines.watch(by=clock)["noticed"] == 1
    assert deadlines.watch(by=clock)["noticed"] == 0
    declaration.refresh_from_db()
    told = declaration.deadline_notice_at.astimezone(BEIJING).date()
    assert working_days_between(told, declaration.deadline.astimezone(BEIJING).date()) >= 4


def test_who_is_told_late_gets_the_days_that_are_owed(declaration: Any, clock: Actor) -> None:
    deadline_in(hours=2)
    deadlines.watch(by=clock)
    declaration.refresh_from_db()
    last = declaration.deadline.astimezone(BEIJING)
    assert working_days_between(db_today() + dt.timedelta(days=1), last.date() + dt.timedelta(days=1)) == 5
    assert last.hour == 18


def close(declaration: Any, clock: Actor) -> dict[str, int]:
    deadline_in(hours=-1)
    Declaration.objects.update(deadline_notice_at=db_now() - dt.timedelta(days=9), extended_to=None)
    return deadlines.watch(by=clock)


def test_at_the_deadline_unconfirmed_values_stand_as_prefilled(
    declaration: Any, clock: Actor, agent: Any
) -> None:
    declarations.confirm(by=agent, declaration=declaration, codes=["revenue"])
    assert close(declaration, clock)["closed"] == 1
    assert close(declaration, clock)["closed"] == 0
    declaration.refresh_from_db()
    assert (declaration.state, declaration.submitted_by_name) == ("submitted", "")
    assert make.value(declaration, "revenue").state == "confirmed"
    assert make.value(declaration, "rd_expense").state == "default_confirmed"
    assert make.value(declaration, "platforms").state == "missing"
    assert declaration.receipts.get().capacity == "default"


def test_without_the_notice_nothing_is_closed(declaration: Any, clock: Actor) -> None:
    deadline_in(hours=-1)
    assert deadlines.watch(by=clock)["closed"] == 0


def test_a_declaration_without_any_value_is_not_handed_in(admin: Any, clock: Actor, declaration: Any) -> None:
    empty = make.declaration(admin, make.enterprise(9), declaration.cycle)
    close(declaration, clock)
    empty.refresh_from_db()
    assert empty.state == "open"


def test_what_was_closed_by_default_is_verified_by_two_persons(
    declaration: Any, clock: Actor, in_park: Any
) -> None:
    close(declaration, clock)
    first, second = (people.actor("park_reviewer", in_park) for _ in range(2))
    assert verification.accept_undisputed(by=first, declaration=declaration) >= 12
    for row in declaration.values.filter(state="default_confirmed"):
        verification.decide(by=first, value=row, decision="accept")
    assert verification.sign(by=second, declaration=declaration).state == "verified"


def test_an_unanswered_return_goes_on_with_what_is_on_file(
    declaration: Any, clock: Actor, agent: Any, signatory: Any, in_park: Any
) -> None:
    finish(declaration, agent)
    sign(declaration, signatory)
    reviewer = people.actor("park_reviewer", in_park)
    value = make.value(declaration, "rd_expense")
    verification.decide(by=reviewer, value=value, decision="mark", reason="请补充审计报告")
    verification.send_back(by=reviewer, declaration=declaration)
    assert deadlines.watch(by=clock)["lapsed"] == 0
    Declaration.objects.update(return_due_at=db_now() - dt.timedelta(minutes=1))
    assert deadlines.watch(by=clock)["lapsed"] == 1
    declaration.refresh_from_db()
    assert declaration.state == "submitted"
    assert make.value(declaration, "rd_expense").state == "confirmed"


def test_a_return_has_its_own_date_after_the_deadline(
    declaration: Any, agent: Any, signatory: Any, in_park: Any
) -> None:
    finish(declaration, agent)
    sign(declaration, signatory)
    reviewer = people.actor("park_reviewer", in_park)
    verification.decide(
        by=reviewer, value=make.value(declaration, "rd_expense"), decision="mark", reason="请补充审计报告"
    )
    verification.send_back(by=reviewer, declaration=declaration)
    deadline_in(days=-3)
    assert declarations.confirm(by=agent, declaration=declaration, codes=["rd_expense"]) == 1
    assert sign(declaration, signatory).state == "submitted"


def test_more_time_needs_a_reason_and_a_later_date(declaration: Any, admin: Any, agent: Any) -> None:
    deadline_in(hours=-1)
    later = db_now() + dt.timedelta(days=5)
    with pytest.raises(Refused, match="理由"):
        deadlines.extend(by=admin, declaration=declaration, until=later, reason="")
    with pytest.raises(Refused, match="晚于"):
        deadlines.extend(by=admin, declaration=declaration, until=db_now(), reason="审计报告推迟")
    with pytest.raises(Conflict, match="截止"):
        declarations.confirm(by=agent, declaration=declaration, codes=["revenue"])
    deadlines.extend(by=admin, declaration=declaration, until=later, reason="审计报告推迟")
    assert declarations.confirm(by=agent, declaration=declaration, codes=["revenue"]) == 1
