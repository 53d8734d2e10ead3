"""Verification 核定: a first reviewer decides the values, a second person signs; at most two returns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now

from ..models import Declaration, DeclaredValue, VerificationDecision
from ..states import DeclarationState, ValueState

MOST_RETURNS = 2
OPEN_VALUES = (ValueState.PREFILLED, ValueState.CONFIRMED, ValueState.DISPUTED)
DECISIONS = ("accept", "keep", "adjust", "mark")


def accept_undisputed(*, by: Actor, declaration: Declaration) -> int:
    """Accept every value that the enterprise did not dispute. Returns how many."""
    with transaction.atomic():
        locked = _in_review(by, declaration)
        rows = DeclaredValue.objects.select_for_update().filter(
            declaration=locked, state__in=(ValueState.PREFILLED, ValueState.CONFIRMED)
        )
        count = 0
        for value in rows:
            _decide(by=by, value=value, decision="accept", amount=value.amount, entries=value.entries)
            count += 1
        if count:
            audit.record(by=by, action="values.accepted", obj=locked, after={"count": count})
    return count


def decide(
    *,
    by: Actor,
    value: DeclaredValue,
    decision: str,
    reason: str = "",
    reason_code: str = "",
    amount: Decimal | None = None,
) -> None:
    """Decide one value: accept what is declared, keep the department's, adjust to another, or mark for return.

    All but accepting need a reason. Raises Forbidden for one's own declaration.
    """
    if decision not in DECISIONS:
        raise Refused(code="unknown_decision", message=_("请选择采信、维持部门数据、调整或退回。"))
    if decision != "accept" and len(reason.strip()) < 4:
        raise Refused(
            code="reason_missing", field="reason", message=_("请写明理由（至少 4 个字），企业会看到。")
        )
    if decision == "adjust" and amount is None:
        raise Refused(code="amount_missing", field="amount", message=_("请填写调整后的数值。"))
    with transaction.atomic():
        locked = _in_review(by, value.declaration)
        row = DeclaredValue.objects.select_for_update().get(pk=value.pk, declaration=locked)
        if decision == "mark":
            _mark(by=by, value=row, reason=reason.strip(), reason_code=reason_code)
        elif decision == "adjust":
            _decide(by=by, value=row, decision=decision, amount=amount, entries=row.entries, reason=reason)
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
            _decide(
                by=by, value=row, decision=decision, amount=row.amount, entries=row.entries, reason=reason
            )
        audit.record(by=by, action=f"value.{decision}", obj=row, after={"state": row.state}, reason=reason)


def send_back(*, by: Actor, declaration: Declaration) -> None:
    """Return the declaration once, with all marked values in one notice; at most twice."""
    with transaction.atomic():
        locked = _in_review(by, declaration)
        marked = list(DeclaredValue.objects.filter(declaration=locked, state=ValueState.RETURNED))
        if not marked:
            raise Refused(code="nothing_marked", message=_("请先标出需要补正的项目并写明理由。"))
        if locked.returns >= MOST_RETURNS:
            raise Conflict(code="no_third_return", message=_("已退回两次，应依现有材料作出核定。"))
        locked.state, locked.returns = DeclarationState.RETURNED, locked.returns + 1
        locked.save(update_fields=["state", "returns"])
        last = _("这是最后一次补正机会。") if locked.returns == MOST_RETURNS else ""
        text = _("%(year)s 年度申报退回补正，共 %(n)s 项，请逐项处理后重新提交。%(last)s") % {
            "year": locked.cycle.year,
            "n": len(marked),
            "last": last,
        }
        outbox.notify(organisation_id=locked.enterprise.organisation_id, text=text)
        audit.record(
            by=by, action="declaration.returned", obj=locked, after={"codes": sorted(v.code for v in marked)}
        )


def sign(*, by: Actor, declaration: Declaration) -> Declaration:
    """The second signature: every value is decided and somebody else decided them. The declaration is verified."""
    with transaction.atomic():
        locked = _in_review(by, declaration)
        values = list(DeclaredValue.objects.filter(declaration=locked))
        undecided = [v for v in values if v.state in (*OPEN_VALUES, ValueState.RETURNED)]
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
        outbox.notify(
            organisation_id=locked.enterprise.organisation_id,
            text=_("%(year)s 年度申报已核定。") % {"year": locked.cycle.year},
        )
        audit.record(by=by, action="declaration.verified", obj=locked)
    return locked


def _in_review(by: Actor, declaration: Declaration) -> Declaration:
    locked = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("cycle", "enterprise")
        .get(pk=declaration.pk)
    )
    if locked.state != DeclarationState.SUBMITTED:
        raise Conflict(
            code="not_in_review",
            message=_("这份申报当前为“%(state)s”，不在核定中。") % {"state": locked.get_state_display()},
        )
    if locked.submitted_by_ref == by.person_id:
        raise Forbidden(code="own_case", message=_("不能核定自己签署的申报。"))
    return locked


def _decide(
    *, by: Actor, value: DeclaredValue, decision: str, amount: Decimal | None, entries: Any, reason: str = ""
) -> None:
    before = {"state": value.state, "amount": str(value.amount) if value.amount is not None else None}
    value.state = (
        ValueState.REJECTED
        if decision == "keep" and value.prefilled_amount is None and value.prefilled_entries is None
        else ValueState.VERIFIED
    )
    value.verified_amount, value.verified_entries = amount, entries
    value.verified_by_ref, value.verified_by_name, value.verified_at = by.person_id, by.person_name, db_now()
    value.version += 1
    value.save()
    _record(by=by, value=value, decision=decision, before=before, reason=reason)


def _mark(*, by: Actor, value: DeclaredValue, reason: str, reason_code: str) -> None:
    before = {"state": value.state}
    value.state, value.version = ValueState.RETURNED, value.version + 1
    value.save()
    _record(by=by, value=value, decision="return", before=before, reason=reason, reason_code=reason_code)


def _record(
    *,
    by: Actor,
    value: DeclaredValue,
    decision: str,
    before: dict[str, Any],
    reason: str,
    reason_code: str = "",
) -> None:
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("核定须由审核员本人作出。"))
    VerificationDecision.objects.create(
        value=value,
        decision=decision,
        before=before,
        after={
            "state": value.state,
            "amount": str(value.verified_amount) if value.verified_amount is not None else None,
        },
        reason=reason,
        reason_code=reason_code,
        decided_by_ref=by.person_id,
        decided_by_name=by.person_name,
    )
