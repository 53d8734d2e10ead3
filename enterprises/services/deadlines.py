"""What the clock does: reminders, the notice before values stand as pre-filled, and closing at the deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import Notification
from parks.workdays import deadline_after, working_days_between

from ..models import Declaration, DeclaredValue, VerificationDecision
from ..queries import deadlines as queries
from ..states import CycleState, DeclarationState, ValueState
from . import signing

REMINDERS = (14, 7, 3, 1)
"""Days before the deadline on which an open declaration is reminded of."""
HORIZON = dt.timedelta(days=REMINDERS[0] + 14)
"""The clock looks so far ahead, and so far back for what it sent."""
NOTICE_WORKING_DAYS = 5
"""So many working days before, the firm is told that unconfirmed values will stand."""


def due() -> list[int]:
    """Declarations of the park entered that the clock may have something to do with now."""
    now = db_now()
    numbers = queries.open_before(now + HORIZON).values_list("pk", flat=True)
    return [*numbers, *queries.returned_due(now).values_list("pk", flat=True)]


def watch(*, by: Actor, numbers: Sequence[int] | None = None) -> dict[str, int]:
    """Do all that the clock asks for with these declarations (all that are due); running it again does nothing more."""
    now = db_now()
    numbers = due() if numbers is None else numbers
    done = {"reminded": 0, "noticed": 0, "closed": 0, "lapsed": 0}
    sent = queries.reminders_since(now - HORIZON)
    for declaration in queries.open_before(now + HORIZON).filter(pk__in=numbers):
        if declaration.deadline <= now:
            done["closed"] += _close(by, declaration.pk)
        else:
            done["noticed"] += _notice(by, declaration, now)
            done["reminded"] += _remind(by, declaration, now, sent)
    for declaration in queries.returned_due(now).filter(pk__in=numbers):
        done["lapsed"] += _lapse(by, declaration.pk)
    return done


def extend(*, by: Actor, declaration: Declaration, until: dt.datetime, reason: str) -> None:
    """Give one enterprise more time, with a reason that stays on record."""
    if len(reason.strip()) < 4:
        raise Refused(code="reason_missing", field="reason", message=_("请写明延期理由（至少 4 个字）。"))
    with transaction.atomic():
        locked = Declaration.objects.select_for_update(of=("self",)).select_related("cycle", "enterprise").get(pk=declaration.pk)  # fmt: skip
        if locked.state != DeclarationState.OPEN or locked.cycle.state != CycleState.OPEN:
            raise Conflict(code="not_open", message=_("只有填报中的申报可以延期。"))
        if until <= max(db_now(), locked.deadline):
            raise Refused(code="until_wrong", field="until", message=_("延期日期须晚于现在的截止时间。"))
        before, locked.extended_to = locked.deadline, until
        locked.save(update_fields=["extended_to"])
        _tell(by, locked, _("填报截止时间已延至 %(at)s。") % {"at": _said(until)})
        audit.record(
            by=by, action="declaration.extended", obj=locked, before={"until": before.isoformat()},
            after={"until": until.isoformat()}, reason=reason.strip(),
        )  # fmt: skip


def _remind(by: Actor, declaration: Declaration, now: dt.datetime, sent: set[str]) -> int:
    left = declaration.deadline - now
    tier = next((days for days in reversed(REMINDERS) if left <= dt.timedelta(days=days)), None)
    key = f"declaration:{declaration.pk}:{_day(declaration.deadline)}:D-{tier}"
    if tier is None or key in sent:
        return 0
    workdays = working_days_between(_day(now), _day(declaration.deadline))
    text = _("%(year)s 年度申报将于 %(at)s 截止，还有 %(n)s 个工作日。") % {
        "year": declaration.cycle.year,
        "at": _said(declaration.deadline),
        "n": workdays,
    }
    return int(_tell(by, declaration, text, key=key))


def _notice(by: Actor, declaration: Declaration, now: dt.datetime) -> int:
    """Tell that unconfirmed values will stand; a firm that is told late gets the days it is owed."""
    today, last = _day(now), _day(declaration.deadline)
    if declaration.deadline_notice_at or working_days_between(today, last) > NOTICE_WORKING_DAYS + 1:
        return 0
    with transaction.atomic():
        locked = _open(declaration.pk)
        if locked is None or locked.deadline_notice_at:
            return 0
        locked.deadline_notice_at = now
        owed = deadline_after(now, NOTICE_WORKING_DAYS)
        if owed > locked.deadline:
            locked.extended_to = owed
        locked.save(update_fields=["deadline_notice_at", "extended_to"])
        text = _("截止（%(at)s）时仍未确认的部门数据将视为默认确认，请在此之前核对。") % {
            "at": _said(locked.deadline)
        }
        _tell(by, locked, text, key=f"declaration:{locked.pk}:default-notice")
        audit.record(
            by=by, action="declaration.noticed", obj=locked, after={"until": locked.deadline.isoformat()}
        )
    return 1


def _close(by: Actor, declaration_id: int) -> int:
    """At the deadline: what the firm did not confirm stands as the department has it, marked 默认确认."""
    with transaction.atomic():
        locked = _open(declaration_id)
        if locked is None or locked.deadline > db_now() or not locked.deadline_notice_at:
            return 0
        values = signing.values_of(locked)
        if all(value.amount is None and value.entries is None for value in values.values()):
            return 0
        standing = [v for v in values.values() if v.state == ValueState.PREFILLED]
        for value in standing:
            value.state = ValueState.DEFAULT_CONFIRMED
        DeclaredValue.objects.filter(pk__in=[v.pk for v in standing]).update(
            state=ValueState.DEFAULT_CONFIRMED, version=F("version") + 1, updated_at=db_now()
        )
        locked.closed_by_default_at = db_now()
        signing.hand_in(by=by, declaration=locked, values=values, capacity=signing.BY_DEFAULT)
        _tell(by, locked, _("%(year)s 年度申报已截止，未确认的部门数据按默认确认进入核定。") % {"year": locked.cycle.year})  # fmt: skip
        audit.record(
            by=by, action="declaration.closed", obj=locked, after={"codes": sorted(v.code for v in standing)}
        )
    return 1


def _lapse(by: Actor, declaration_id: int) -> int:
    """A return that was not answered in time: the case goes on with what is on file."""
    with transaction.atomic():
        locked = (
            Declaration.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("cycle", "enterprise")
            .filter(pk=declaration_id, state=DeclarationState.RETURNED, return_due_at__lte=db_now())
            .first()
        )
        if locked is None:
            return 0
        values = signing.values_of(locked)
        for value in values.values():
            if value.state == ValueState.RETURNED:
                value.state = undecided_state(value)
                value.version += 1
                value.save(update_fields=["state", "version", "updated_at"])
        signing.hand_in(by=by, declaration=locked, values=values, capacity=signing.BY_DEFAULT)
        _tell(
            by, locked, _("补正期限已过，%(year)s 年度申报按现有材料继续核定。") % {"year": locked.cycle.year}
        )
        audit.record(by=by, action="declaration.return_lapsed", obj=locked)
    return 1


def undecided_state(value: DeclaredValue) -> str:
    """What the firm had said before anybody decided: as the decisions remember it, else from what is there."""
    decided = (ValueState.VERIFIED, ValueState.REJECTED, ValueState.RETURNED)
    decisions = VerificationDecision.objects.filter(value=value).exclude(before__state__in=decided)
    said: str | None = decisions.order_by("-pk").values_list("before__state", flat=True).first()
    if said:
        return said
    declared = value.declared_amount is not None or value.declared_entries is not None
    prefilled = value.prefilled_amount is not None or value.prefilled_entries is not None
    if declared:
        return ValueState.DISPUTED if prefilled else ValueState.CONFIRMED
    return ValueState.DEFAULT_CONFIRMED if prefilled else ValueState.MISSING


def _open(declaration_id: int) -> Declaration | None:
    return (
        Declaration.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("cycle__scheme_version", "enterprise")
        .filter(pk=declaration_id, state=DeclarationState.OPEN, cycle__state=CycleState.OPEN)
        .first()
    )


def _tell(by: Actor, declaration: Declaration, text: str, *, key: str = "") -> bool:
    return outbox.notify(
        organisation_id=declaration.enterprise.organisation_id, text=text, kind=Notification.Kind.DEADLINE, dedupe_key=key,
        url=reverse("enterprises:declaration", kwargs={"park": by.park_code, "year": declaration.cycle.year}),
    )  # fmt: skip


def _day(at: dt.datetime) -> dt.date:
    return at.astimezone(BEIJING).date()


def _said(at: dt.datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
