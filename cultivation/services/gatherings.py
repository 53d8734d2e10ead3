"""Events: written, published to the firms they are for, booked by firms, counted at the door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.outbox import notify

from ..models import Gathering, SignUp
from ..queries import audience
from ..queries import gatherings as queries
from ..states import MOST_PEOPLE, EventState, SeatState
from . import telling
from .refusals import guarded

TOLD_WHEN_CHANGED = ("starts_at", "ends_at", "place")


def save(*, by: Actor, gathering_id: int | None = None, **said: Any) -> Gathering:
    """Write an event, or change one that has not begun. Firms that signed up are told of another time or place.

    Raises Refused for times out of order, Conflict when fewer seats are left than are taken.
    """
    _check_times(said)
    with transaction.atomic(), guarded():
        row = _locked(gathering_id) if gathering_id else Gathering(made_by_name=by.person_name)
        if row.pk and (row.state == EventState.CANCELLED or row.starts_at <= db_now()):
            raise Conflict(code="event_over", message=_("活动已开始或已取消，不能再修改。"))
        moved = row.pk and any(getattr(row, name) != said[name] for name in TOLD_WHEN_CHANGED)
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said) if row.pk else None)
        audit.record(by=by, action="event.saved", obj=row, after={"title": row.title, "seats": row.seats})
        if row.state == EventState.PUBLISHED:
            _move_up(row)
            if moved:
                _tell_signed_up(by, row, _("“%(title)s”的时间或地点有变，请查看。"))
    return row


def publish(*, by: Actor, gathering_id: int) -> int:
    """Open it for sign-ups and tell every firm that is addressed, once. Returns how many."""
    with transaction.atomic(), guarded():
        row = _locked(gathering_id)
        if row.state != EventState.DRAFT or row.sign_up_until <= db_now():
            raise Conflict(
                code="not_allowed_now", message=_("只有草稿且报名未截止的活动可以发布，请检查状态和时间。")
            )
        firms = audience.addressed(stages=row.stages, qualifications=row.qualifications)
        row.state, row.published_at, row.invited = EventState.PUBLISHED, db_now(), len(firms)
        row.save(update_fields=["state", "published_at", "invited"])
        houses = (firm.organisation_id for firm in firms)
        _tell(by, row, houses, _("邀请您参加“%(title)s”，请查看并报名。"))
        audit.record(by=by, action="event.published", obj=row, after={"firms": len(firms)})
    return len(firms)


def cancel(*, by: Actor, gathering_id: int) -> Gathering:
    """Call it off; whoever signed up is told."""
    with transaction.atomic(), guarded():
        row = _locked(gathering_id)
        if row.state != EventState.PUBLISHED or row.starts_at <= db_now():
            raise Conflict(code="not_allowed_now", message=_("只有已发布且未开始的活动可以取消。"))
        row.state = EventState.CANCELLED
        row.save(update_fields=["state"])
        _tell_signed_up(by, row, _("“%(title)s”已取消。"))
        audit.record(by=by, action="event.cancelled", obj=row)
    return row


def sign_up(*, by: Actor, gathering_id: int, people: int, names: str, phone: str) -> SignUp:
    """A firm books seats, or waits when there are too few. Once a firm and event."""
    enterprise = enterprises.own_or_404(by)
    if not 1 <= people <= MOST_PEOPLE:
        raise Refused(
            code="people_wrong",
            field="people",
            message=_("每家企业可报 1 到 %(n)s 人。") % {"n": MOST_PEOPLE},
        )
    with transaction.atomic(), guarded():
        row = _locked(gathering_id)
        if not queries.can_sign_up(row):
            raise Conflict(code="sign_up_closed", message=_("报名已截止。"))
        state = SeatState.BOOKED if people <= row.free else SeatState.WAITING
        made = SignUp.objects.create(
            gathering=row, enterprise=enterprise, state=state, people=people, names=names, phone=phone,
            signed_by_name=by.person_name,
        )  # fmt: skip
        audit.record(by=by, action="event.signed_up", obj=made, after={"state": state, "people": people})
    return made


def give_up(*, by: Actor, gathering_id: int) -> SignUp:
    """A firm gives its seats back before the event begins; who waits and fits moves up."""
    enterprise = enterprises.own_or_404(by)
    with transaction.atomic(), guarded():
        row = _locked(gathering_id)
        made = SignUp.objects.filter(gathering=row, enterprise=enterprise).exclude(state=SeatState.GIVEN_UP)
        found = made.first()
        if found is None:
            raise NotFound(code="not_signed_up", message=_("您没有报名这场活动。"))
        if row.starts_at <= db_now():
            raise Conflict(code="event_over", message=_("活动已开始，不能再取消报名。"))
        found.state = SeatState.GIVEN_UP
        found.save(update_fields=["state"])
        audit.record(by=by, action="event.given_up", obj=found)
        _move_up(row)
    return found


def check_in(*, by: Actor, gathering_id: int, sign_up_id: int, came: int) -> SignUp:
    """At the door, from the day of the event on: how many of the firm's people came (0 = nobody)."""
    with transaction.atomic(), guarded():
        row = queries.get(gathering_id)
        found = SignUp.objects.select_for_update().filter(gathering=row, pk=sign_up_id).first()
        if found is None:
            raise NotFound(code="not_signed_up", message=_("没有这条报名。"))
        if row.starts_at.astimezone(BEIJING).date() > db_today() or row.state != EventState.PUBLISHED:
            raise Conflict(code="not_yet", message=_("活动当天起才能签到。"))
        if not 0 <= came <= found.people or found.state != SeatState.BOOKED:
            raise Refused(code="came_wrong", field="came", message=_("到场人数应在 0 到报名人数之间。"))
        found.attended = came
        found.save(update_fields=["attended"])
        audit.record(by=by, action="event.checked_in", obj=found, after={"attended": came})
    return found


def _check_times(said: dict[str, Any]) -> None:
    if said["starts_at"] <= db_now():
        raise Refused(code="time_wrong", field="starts_at", message=_("开始时间应晚于现在。"))
    if said["ends_at"] <= said["starts_at"]:
        raise Refused(code="time_wrong", field="ends_at", message=_("结束时间应晚于开始时间。"))
    if said["sign_up_until"] > said["starts_at"]:
        raise Refused(code="time_wrong", field="sign_up_until", message=_("报名截止应不晚于开始时间。"))


def _locked(gathering_id: int) -> Gathering:
    queries.get(gathering_id)
    return Gathering.objects.select_for_update().get(pk=gathering_id)


def _move_up(row: Gathering) -> None:
    """Give free seats to those that wait, in their order, as far as they fit."""
    row.refresh_from_db(fields=["taken"])
    while (waiting := queries.waiting_that_fit(row)) is not None:
        waiting.state = SeatState.BOOKED
        waiting.save(update_fields=["state"])
        row.refresh_from_db(fields=["taken"])
        text = _("“%(title)s”有了空位，您的候补已转为报名成功。") % {"title": row.title}
        notify(organisation_id=waiting.enterprise.organisation_id, text=text, url=queries.own_url(row))


def _tell_signed_up(by: Actor, row: Gathering, text: str) -> None:
    _tell(by, row, (one.enterprise.organisation_id for one in queries.sign_ups(row)), text)


def _tell(by: Actor, row: Gathering, houses: Iterable[int], text: str) -> None:
    telling.tell(by=by, url=queries.own_url(row), words={text % {"title": row.title}: houses})
