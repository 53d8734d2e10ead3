"""Around the decisions: who has a case, who must stay out of it, what is said about an item."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import Notification

from ..models import (
    ConflictOfInterest,
    Declaration,
    DeclaredValue,
    Enterprise,
    InternalNote,
    ItemMessage,
    ReviewClaim,
)
from ..queries import reviews
from ..states import DeclarationState

TAKE_OVER_AFTER = dt.timedelta(hours=2)
LONGEST_MESSAGE = 1000


def claim(*, by: Actor, declaration: Declaration, topic: str = "", reason: str = "") -> ReviewClaim:
    """Take a case, or one topic of it. The second of two is told who has it and since when.

    After two hours a colleague may take it over with a reason; not what the office assigned.
    """
    with transaction.atomic():
        locked = _locked(declaration)
        if locked.state != DeclarationState.SUBMITTED:
            raise Conflict(code="not_in_review", message=_("这份申报不在核定中，不能领取。"))
        if reviews.has_conflict(enterprise_id=locked.enterprise_id, person_id=by.person_id):
            raise Forbidden(code="conflict_of_interest", message=_("您已申报与该企业有利益关系，须回避。"))
        others = [one for one in reviews.claims_over(locked, topic=topic) if one.person_ref != by.person_id]
        now = db_now()
        for other in others:
            _may_take_over(other, now, reason)
        for other in others:
            other.delete()
        row, _created = ReviewClaim.objects.get_or_create(
            declaration=locked, topic=topic,
            defaults={"person_ref": by.person_id or 0, "person_name": by.person_name, "claimed_at": now},
        )  # fmt: skip
        audit.record(
            by=by, action="case.claimed", obj=locked, reason=reason.strip(),
            before={"had": [one.person_name for one in others]}, after={"topic": topic},
        )  # fmt: skip
    return row


def release(*, by: Actor, declaration: Declaration, topic: str = "") -> None:
    """Give a case back to the pool."""
    with transaction.atomic():
        locked = _locked(declaration)
        count, _rows = ReviewClaim.objects.filter(
            declaration=locked, topic=topic, person_ref=by.person_id or 0
        ).delete()
        if not count:
            raise Conflict(code="not_claimed", message=_("您没有领取这份申报。"))
        audit.record(by=by, action="case.released", obj=locked, after={"topic": topic})


def declare_conflict(*, by: Actor, enterprise: Enterprise, reason: str) -> ConflictOfInterest:
    """State one's own stake in an enterprise; from then on one does not review it. Cases one has go back to the pool."""
    if len(reason.strip()) < 4:
        raise Refused(code="reason_missing", field="reason", message=_("请说明利益关系（至少 4 个字）。"))
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("回避须由本人申报。"))
    with transaction.atomic():
        row, created = ConflictOfInterest.objects.get_or_create(
            enterprise=enterprise, person_ref=by.person_id or 0, lifted_at__isnull=True,
            defaults={"person_name": by.person_name, "reason": reason.strip()},
        )  # fmt: skip
        ReviewClaim.objects.filter(declaration__enterprise=enterprise, person_ref=by.person_id or 0).delete()
        if created:
            audit.record(by=by, action="conflict.declared", obj=row, reason=reason.strip())
    return row


def lift_conflict(*, by: Actor, conflict_id: int, reason: str) -> None:
    """The office lifts a bar; never the person concerned."""
    if len(reason.strip()) < 4:
        raise Refused(code="reason_missing", field="reason", message=_("请写明解除理由（至少 4 个字）。"))
    with transaction.atomic():
        row = (
            ConflictOfInterest.objects.select_for_update()
            .filter(pk=conflict_id, lifted_at__isnull=True)
            .first()
        )
        if row is None:
            raise NotFound(code="not_found", message=_("没有这条回避记录。"))
        if row.person_ref == by.person_id:
            raise Forbidden(code="own_conflict", message=_("不能解除自己的回避。"))
        row.lifted_at, row.lifted_by_name, row.lifted_reason = db_now(), by.person_name, reason.strip()
        row.save(update_fields=["lifted_at", "lifted_by_name", "lifted_reason"])
        audit.record(by=by, action="conflict.lifted", obj=row, reason=reason.strip())


def say(*, by: Actor, value: DeclaredValue, text: str, from_office: bool) -> ItemMessage:
    """A message about an item to the other side; it lands in their inbox as “a message”, without the words."""
    said = _words(text)
    declaration = value.declaration
    with transaction.atomic():
        row = ItemMessage.objects.create(
            value=value,
            from_office=from_office,
            text=said,
            author_ref=by.person_id,
            author_name=by.person_name,
        )
        if from_office:
            outbox.notify(
                organisation_id=declaration.enterprise.organisation_id, kind=Notification.Kind.TALK,
                text=_("审核员就 %(year)s 年度申报的一项给您留言。") % {"year": declaration.cycle.year},
                url=reverse(
                    "enterprises:item",
                    kwargs={"park": by.park_code, "year": declaration.cycle.year, "code": value.code},
                )
                + "#thread",
            )  # fmt: skip
        else:
            for organisation_id, person_id in reviews.whom_to_tell(declaration, value):
                outbox.notify(
                    organisation_id=organisation_id, person_ref=person_id,
                    role="" if person_id else "park_reviewer", kind=Notification.Kind.TALK,
                    text=_("企业就一项申报数据给您留言。"),
                    url=reverse(
                        "enterprises:review", kwargs={"park": by.park_code, "declaration_id": declaration.pk}
                    )
                    + f"#value-{value.pk}",
                )  # fmt: skip
        audit.record(by=by, action="item.said", obj=value, after={"message": row.pk})
    return row


def note(*, by: Actor, value: DeclaredValue, text: str) -> InternalNote:
    """A note that only the office reads."""
    with transaction.atomic():
        row = InternalNote.objects.create(
            value=value, text=_words(text), author_ref=by.person_id, author_name=by.person_name
        )
        audit.record(by=by, action="item.noted", obj=value, after={"note": row.pk})
    return row


def _words(text: str) -> str:
    said = text.strip()
    if not said:
        raise Refused(code="text_missing", field="message", message=_("请填写内容。"))
    if len(said) > LONGEST_MESSAGE:
        raise Refused(
            code="text_too_long",
            field="message",
            message=_("最多 %(n)s 个字，现在是 %(m)s 个字。") % {"n": LONGEST_MESSAGE, "m": len(said)},
        )
    return said


def _may_take_over(other: ReviewClaim, now: dt.datetime, reason: str) -> None:
    if other.assigned_by_name:
        raise Conflict(
            code="assigned",
            message=_("%(by)s 已将它分配给 %(who)s，如需调整请联系管理员改派。")
            % {"by": other.assigned_by_name, "who": other.person_name},
        )
    since = f"{other.claimed_at.astimezone(BEIJING):%m-%d %H:%M}"
    if now - other.claimed_at < TAKE_OVER_AFTER:
        raise Conflict(
            code="claimed",
            message=_("%(who)s 已于 %(at)s 领取，两小时后可说明理由接手。")
            % {"who": other.person_name, "at": since},
        )
    if len(reason.strip()) < 4:
        raise Refused(
            code="reason_missing",
            field="reason",
            message=_("%(who)s 已于 %(at)s 领取，接手请写明理由。") % {"who": other.person_name, "at": since},
        )


def _locked(declaration: Declaration) -> Declaration:
    return (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("enterprise")
        .get(pk=declaration.pk)
    )
