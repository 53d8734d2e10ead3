"""Where a firm is: from sub-park to sub-park, out of the zone; always dated, never two at a time."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_today
from parks.models import SubPark

from ..models import Certification, Enterprise, SubParkStay


def begin_stay(*, by: Actor, enterprise: Enterprise) -> SubParkStay:
    """The first stay of a firm that was just admitted."""
    enterprise.refresh_from_db(fields=["member_from"])
    return SubParkStay.objects.create(
        enterprise=enterprise,
        sub_park=enterprise.sub_park,
        starts_on=enterprise.member_from,
        decided_by_name=by.person_name,
    )


def correct_stay(*, by: Actor, enterprise: Enterprise) -> None:
    """An application was corrected before anybody decided on it: its stay follows."""
    stay = _open_stay(by, enterprise)
    if stay.sub_park_id != enterprise.sub_park_id:
        stay.sub_park = enterprise.sub_park
        stay.save(update_fields=["sub_park"])


def to_sub_park(
    *, by: Actor, enterprise: Enterprise, sub_park: SubPark | None, on: dt.date | None, reason: str
) -> None:
    """The firm is in another sub-park from `on` (today when empty, never in the future)."""
    with transaction.atomic():
        locked = _locked(enterprise)
        if locked.sub_park_id == (sub_park.pk if sub_park else None):
            raise Conflict(code="same_sub_park", field="sub_park", message=_("企业已在这个园区。"))
        stay = _open_stay(by, locked)
        day = _day(on, not_before=stay.starts_on)
        before = stay.sub_park.name if stay.sub_park else ""
        stay.ends_on = day
        stay.save(update_fields=["ends_on"])
        SubParkStay.objects.create(
            enterprise=locked, sub_park=sub_park, starts_on=day, reason=_reason(reason), decided_by_name=by.person_name
        )  # fmt: skip
        locked.sub_park = sub_park
        locked.save(update_fields=["sub_park"])
        audit.record(
            by=by,
            action="enterprise.moved",
            obj=locked,
            before={"sub_park": before},
            after={"sub_park": sub_park.name if sub_park else "", "on": day.isoformat()},
            reason=reason.strip(),
        )


def leave(*, by: Actor, enterprise: Enterprise, on: dt.date | None, reason: str) -> None:
    """The firm belongs to the zone no more from `on`; another zone may then admit it. What it did here stays."""
    with transaction.atomic():
        locked = _locked(enterprise)
        if Certification.objects.filter(enterprise=locked, state__in=("submitted", "returned")).exists():
            raise Conflict(code="case_open", message=_("还有未办结的认证申请，请先办结再迁出。"))
        stay = _open_stay(by, locked)
        day = _day(on, not_before=stay.starts_on)
        stay.ends_on = day
        stay.save(update_fields=["ends_on"])
        locked.member_to = day
        locked.save(update_fields=["member_to"])
        outbox.notify(
            organisation_id=locked.organisation_id,
            text=_("企业自 %(day)s 起迁出本园区，可在迁入地园区登记。") % {"day": day.isoformat()},
        )
        audit.record(
            by=by, action="enterprise.left", obj=locked, after={"on": day.isoformat()}, reason=_reason(reason)
        )


def release(*, by: Actor, enterprise: Enterprise) -> None:
    """An application was rejected: the code is free, so that the true firm may register here or elsewhere."""
    day = max(db_today(), enterprise.member_from)
    SubParkStay.objects.filter(enterprise=enterprise, ends_on__isnull=True).update(ends_on=day)
    Enterprise.objects.filter(pk=enterprise.pk).update(member_to=day)
    audit.record(by=by, action="enterprise.released", obj=enterprise, after={"on": day.isoformat()})


def _locked(enterprise: Enterprise) -> Enterprise:
    locked = (
        Enterprise.objects.select_for_update(of=("self",)).select_related("sub_park").get(pk=enterprise.pk)
    )
    if locked.member_to is not None:
        raise Conflict(code="has_left", message=_("企业已迁出本园区。"))
    return locked


def _open_stay(by: Actor, enterprise: Enterprise) -> SubParkStay:
    """The stay that has no end; firms admitted before stays were kept get theirs now."""
    stay = (
        SubParkStay.objects.filter(enterprise=enterprise, ends_on__isnull=True)
        .select_related("sub_park")
        .first()
    )
    return stay or begin_stay(by=by, enterprise=enterprise)


def _day(on: dt.date | None, *, not_before: dt.date) -> dt.date:
    today = db_today()
    day = on or today
    if not not_before <= day <= today:
        raise Refused(
            code="day_outside",
            field="on",
            message=_("日期须在 %(first)s 与今天之间。") % {"first": not_before.isoformat()},
        )
    return day


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请填写原因。"))
    return reason.strip()[:300]
