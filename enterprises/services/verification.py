"""Verification 核定: a first reviewer decides the values, a second person signs; at most two returns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import Notification
from parks.workdays import deadline_after

from ..models import (
    Cycle,
    Declaration,
    DeclaredValue,
    Receipt,
    ReturnItem,
    ReturnNotice,
    VerificationDecision,
)
from ..queries import declarations as queries
from ..queries import reviews
from ..states import STATED, CycleState, DeclarationState, ReturnReason, ValueState
from .deadlines import undecided_state
from .declarations import check_entries, clear_decision

MOST_RETURNS = 2
RETURN_WORKING_DAYS = 5
UNDISPUTED = ~Q(state__in=(ValueState.DISPUTED, ValueState.NOT_APPLICABLE))
"""What may be accepted in bulk: a firm's correction, and what it says does not apply, is looked at one by one."""
DECISIONS = ("accept", "keep", "adjust", "mark", "undo")
NEED_NO_REASON = ("accept", "undo")


def accept_undisputed(*, by: Actor, declaration: Declaration, topic: str = "") -> int:
    """Accept every value that the enterprise did not dispute and that no check or anomaly points at.

    Only of one topic (a dimension) when given. Returns how many.
    """
    with transaction.atomic():
        locked = _in_review(by, declaration, topic)
        calm = [
            item.value.pk
            for section in queries.sections(locked, for_review=True)
            if topic in ("", section.code)
            for item in section.items
            if not item.findings and not item.reasons
        ]
        rows = DeclaredValue.objects.select_for_update().filter(queries.undecided(), UNDISPUTED, pk__in=calm)
        count = 0
        for value in rows:
            _decide(by=by, value=value, decision="accept", amount=value.amount, entries=value.entries)
            count += 1
        if count:
            audit.record(by=by, action="values.accepted", obj=locked, after={"count": count, "topic": topic})
    return count


def decide(
    *,
    by: Actor,
    value: DeclaredValue,
    decision: str,
    reason: str = "",
    reason_code: str = "",
    bring: str = "",
    amount: Decimal | None = None,
    entries: list[dict[str, Any]] | None = None,
    version: int | None = None,
) -> None:
    """Decide one value: accept what is declared, keep the department's, adjust to another, mark for return, or undo.

    To adjust is to give an `amount` (yuan or units), or the `entries` of a list.

    All but accepting and undoing need a reason. Raises Forbidden for one's own declaration or with a conflict of
    interest, Conflict when a colleague has the case or the item changed meanwhile.
    """
    if decision not in DECISIONS:
        raise Refused(code="unknown_decision", message=_("请选择采信、维持部门数据、调整或退回。"))
    if decision not in NEED_NO_REASON and len(reason.strip()) < 4:
        raise Refused(
            code="reason_missing", field="reason", message=_("请写明理由（至少 4 个字），企业会看到。")
        )
    if decision == "adjust" and amount is None and entries is None:
        raise Refused(code="amount_missing", field="amount", message=_("请填写调整后的数值。"))
    with transaction.atomic():
        locked = _in_review(by, value.declaration, queries.topic_of(value.declaration, value.code))
        row = DeclaredValue.objects.select_for_update().get(pk=value.pk, declaration=locked)
        if version is not None and row.version != version:
            raise Conflict(
                code="changed_meanwhile", message=_("这一项刚被另一位审核员处理，请查看后再决定。")
            )
        if row.state == ValueState.RETURNED and decision != "mark":
            _unmark(row)
        if decision == "mark":
            _mark(by=by, value=row, reason=reason.strip(), reason_code=reason_code, bring=bring.strip())
        elif decision == "undo":
            _undo(by=by, value=row)
        elif decision == "adjust":
            check_entries(locked, row.code, entries)
            _decide(by=by, value=row, decision=decision, amount=amount, entries=entries, reason=reason)
        elif decision == "keep":
            _decide(
                by=by,
                value=row,
                decision=decision,
                amount=row.prefilled_amount,
                entries=row.prefilled_entries,
                reason=reason,
            )
        else:
            clear_decision(row)
            _decide(
                by=by, value=row, decision=decision, amount=row.amount, entries=row.entries, reason=reason
            )
        audit.record(by=by, action=f"value.{decision}", obj=row, after={"state": row.state}, reason=reason)


def send_back(*, by: Actor, declaration: Declaration, sure: bool = True) -> ReturnNotice:
    """Return the declaration once, with all marked values in one notice 一次性告知; at most twice.

    Unless `sure`, items that a check or anomaly points at and that are neither decided nor marked are named first,
    because a second notice for what could have been said now is not allowed. Due in 5 working days.
    """
    with transaction.atomic():
        locked = _in_review(by, declaration)
        marked = list(ReturnItem.objects.filter(value__declaration=locked, notice__isnull=True))
        if not marked:
            raise Refused(code="nothing_marked", message=_("请先标出需要补正的项目并写明理由。"))
        if locked.returns >= MOST_RETURNS:
            raise Conflict(code="no_third_return", message=_("已退回两次，应依现有材料作出核定。"))
        forgotten = [] if sure else warned_and_open(locked)
        if forgotten:
            raise Refused(
                code="unmarked_warned",
                message=_("这些项目有提示但未标记：%(names)s。确定不需要补正？补正须一次告知。")
                % {"names": "、".join(forgotten)},
            )
        notice = _issue(by, locked, marked)
        audit.record(
            by=by,
            action="declaration.returned",
            obj=locked,
            after={
                "codes": sorted(
                    DeclaredValue.objects.filter(return_items__in=marked).values_list("code", flat=True)
                ),
                "due": notice.due_at.isoformat(),
            },
        )
    return notice


def warned_and_open(declaration: Declaration) -> list[str]:
    """Names of items that a check or anomaly points at and that nobody decided or marked."""
    return [
        item.name
        for section in queries.sections(declaration, for_review=True)
        for item in section.items
        if item.is_undecided and (item.findings or item.reasons)
    ]


def sign(*, by: Actor, declaration: Declaration) -> Declaration:
    """The second signature: every value is decided and somebody else decided them. The declaration is verified."""
    with transaction.atomic():
        locked = _in_review(by, declaration, claimed=False)
        values = list(DeclaredValue.objects.filter(declaration=locked))
        undecided = [v for v in values if v.is_undecided or v.state == ValueState.RETURNED]
        if undecided:
            raise Refused(
                code="undecided", message=_("还有 %(n)s 项未核定，不能签署。") % {"n": len(undecided)}
            )
        if any(v.verified_by_ref == by.person_id for v in values):
            raise Forbidden(code="four_eyes", message=_("您已核定其中的项目，须由另一位审核员复核签署。"))
        locked.state = DeclarationState.VERIFIED
        locked.verified_by_ref, locked.verified_by_name, locked.verified_at = (
            by.person_id,
            by.person_name,
            db_now(),
        )
        locked.save()
        locked.claims.all().delete()
        outbox.notify(
            organisation_id=locked.enterprise.organisation_id,
            text=_("%(year)s 年度申报已核定。") % {"year": locked.cycle.year},
            kind=Notification.Kind.DECISION,
            url=_page(by, "declaration", locked),
        )
        audit.record(by=by, action="declaration.verified", obj=locked)
    return locked


def _issue(by: Actor, locked: Declaration, marked: list[ReturnItem]) -> ReturnNotice:
    now = db_now()
    due = deadline_after(now, RETURN_WORKING_DAYS)
    locked.state, locked.returns, locked.return_due_at = DeclarationState.RETURNED, locked.returns + 1, due
    locked.save(update_fields=["state", "returns", "return_due_at"])
    notice = ReturnNotice.objects.create(
        declaration=locked, number=locked.returns, due_at=due, sent_by_ref=by.person_id, sent_by_name=by.person_name,
        sent_at=now,
    )  # fmt: skip
    ReturnItem.objects.filter(pk__in=[item.pk for item in marked]).update(notice=notice)
    last = _("这是最后一次补正机会。") if locked.returns == MOST_RETURNS else ""
    text = _("%(year)s 年度申报退回补正，共 %(n)s 项，请逐项处理后重新提交。%(last)s") % {
        "year": locked.cycle.year,
        "n": len(marked),
        "last": last,
    }
    outbox.notify(
        organisation_id=locked.enterprise.organisation_id,
        text=text,
        kind=Notification.Kind.RETURN,
        url=_page(by, "returns", locked),
    )
    return notice


def _page(by: Actor, name: str, declaration: Declaration) -> str:
    return reverse(f"enterprises:{name}", kwargs={"park": by.park_code, "year": declaration.cycle.year})


def _in_review(by: Actor, declaration: Declaration, topic: str = "", *, claimed: bool = True) -> Declaration:
    """The declaration, locked. Raises when it is not in review, is the reviewer's own, or a colleague has it."""
    locked = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("cycle__scheme_version", "enterprise")
        .get(pk=declaration.pk)
    )
    if locked.state != DeclarationState.SUBMITTED:
        raise Conflict(
            code="not_in_review",
            message=_("这份申报当前为“%(state)s”，不在核定中。") % {"state": locked.get_state_display()},
        )
    if not Cycle.objects.filter(pk=locked.cycle_id, state=CycleState.OPEN).exists():  # read after the lock
        raise Conflict(
            code="cycle_not_open",
            message=_("%(year)s 年度已冻结，不能再核定。") % {"year": locked.cycle.year},
        )
    if Receipt.objects.filter(declaration=locked, signed_by_ref=by.person_id or 0).exists():
        raise Forbidden(code="own_case", message=_("不能核定自己签署的申报。"))
    if reviews.has_conflict(enterprise_id=locked.enterprise_id, person_id=by.person_id):
        raise Forbidden(code="conflict_of_interest", message=_("您已申报与该企业有利益关系，须回避。"))
    other = reviews.claim_of_other(locked, topic=topic, person_id=by.person_id) if claimed else None
    if other is not None:
        raise Conflict(
            code="claimed",
            message=_("%(who)s 已于 %(at)s 领取，请由其处理或等待释放。")
            % {"who": other.person_name, "at": f"{other.claimed_at.astimezone(BEIJING):%m-%d %H:%M}"},
        )
    return locked


def _undo(*, by: Actor, value: DeclaredValue) -> None:
    before = _shown(value)
    if value.verified_by_ref is not None:
        clear_decision(value)
        value.state = undecided_state(value)
    value.version += 1
    value.save()
    _record(by=by, value=value, decision="undo", before=before)


def _unmark(value: DeclaredValue) -> None:
    """Take the mark for return off; what was marked and not sent is forgotten."""
    ReturnItem.objects.filter(value=value, notice__isnull=True).delete()
    value.state = undecided_state(value)
    value.save(update_fields=["state"])


def _decide(
    *, by: Actor, value: DeclaredValue, decision: str, amount: Decimal | None, entries: Any, reason: str = ""
) -> None:
    before = _shown(value)
    nothing = value.prefilled_amount is None and value.prefilled_entries is None
    if decision == "keep" and nothing:
        value.state = ValueState.REJECTED
    elif decision != "accept" or value.state not in STATED:
        value.state = ValueState.VERIFIED
    value.verified_amount, value.verified_entries = amount, entries
    value.verified_by_ref, value.verified_by_name, value.verified_at = by.person_id, by.person_name, db_now()
    value.version += 1
    value.save()
    _record(by=by, value=value, decision=decision, before=before, reason=reason)


def _mark(*, by: Actor, value: DeclaredValue, reason: str, reason_code: str, bring: str) -> None:
    before = _shown(value)
    clear_decision(value)
    ReturnItem.objects.update_or_create(
        value=value,
        notice=None,
        defaults={
            "reason_code": reason_code if reason_code in ReturnReason.values else ReturnReason.OTHER,
            "reason": reason,
            "bring": bring,
            "state_before": before["state"],
            "shown_before": before,
        },
    )
    value.state, value.version = ValueState.RETURNED, value.version + 1
    value.save()
    _record(by=by, value=value, decision="return", before=before, reason=reason, reason_code=reason_code)


def _shown(value: DeclaredValue) -> dict[str, Any]:
    """The value as it counts now, for the record of decisions."""
    return written(value.state, value.amount, value.entries)


def written(state: str, amount: Decimal | None, entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    """A value as the records of decisions keep it: yuan or units as text, rows of a list only for lists."""
    said: dict[str, Any] = {"state": state, "amount": str(amount) if amount is not None else None}
    return said if entries is None else said | {"entries": entries}


def _record(
    *,
    by: Actor,
    value: DeclaredValue,
    decision: str,
    before: dict[str, Any],
    reason: str = "",
    reason_code: str = "",
) -> None:
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("核定须由审核员本人作出。"))
    VerificationDecision.objects.create(
        value=value,
        decision=decision,
        before=before,
        after=written(value.state, value.verified_amount, value.verified_entries),
        reason=reason,
        reason_code=reason_code,
        decided_by_ref=by.person_id,
        decided_by_name=by.person_name,
    )
