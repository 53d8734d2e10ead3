"""Correction orders 更正令: ordered by one, approved by another, who makes the correction run; then the boards anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from enterprises.rules import row_changes
from enterprises.services import corrections as figures
from enterprises.services.declarations import check_entries
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring.services import runs, snapshots

from .. import rules
from ..models import CorrectionOrder, Objection
from ..states import BARRING

LEAST_REASON = 4
"""Characters of a reason."""


def propose(
    *,
    by: Actor,
    objection: Objection,
    code: str,
    reason: str,
    amount: Decimal | None = None,
    entries: list[dict[str, Any]] | None = None,
) -> CorrectionOrder:
    """Order the correction of one figure (`amount`, yuan or units) or list (`entries`) after an upheld objection.

    Raises Conflict when the objection was not upheld or an order for this input waits; Refused when nothing changes
    or a row lacks what the scheme asks of it.
    """
    firm = objection.about_id
    if objection.state not in BARRING:
        raise Conflict(code="not_upheld", message=_("只有成立或部分成立的异议才能开具更正令。"))
    if firm is None:
        raise Refused(code="no_firm", field="code", message=_("这条异议没有指明企业，不能更正单项数据。"))
    if objection.edition.cycle.state == "closed":
        raise Conflict(code="year_closed", message=_("这个年度已结束，不能再更正。"))
    if by.person_id is None:
        raise Forbidden(code="four_eyes", message=_("更正令须由具名的经办人开具。"))
    if len(reason.strip()) < LEAST_REASON:
        raise Refused(
            code="reason_missing",
            field="reason",
            message=_("更正理由至少 %(n)s 个字，请写具体。") % {"n": LEAST_REASON},
        )
    with transaction.atomic():
        value = figures.value_of(cycle_id=objection.edition.cycle_id, enterprise_id=firm, code=code)
        check_entries(value.declaration, code, entries)
        if not _differs(value, amount, entries):
            raise Refused(code="no_change", field="amount", message=_("更正后与现值相同，请核对。"))
        if CorrectionOrder.objects.filter(objection=objection, code=code, state="proposed").exists():
            raise Conflict(code="order_waits", message=_("这个数据项已有一份待批准的更正令。"))
        order = CorrectionOrder.objects.create(
            objection=objection, number=_next_number(), enterprise_id=firm, code=code, reason=reason.strip(),
            old_amount=value.amount, amount=amount, old_entries=value.entries, entries=entries,
            proposed_by_ref=by.person_id, proposed_by_name=by.person_name, proposed_at=db_now(),
        )  # fmt: skip
        audit.record(
            by=by, action="correction.ordered", obj=order, before=_said(value.amount, value.entries),
            after={"code": code, **_said(amount, entries)}, reason=order.reason,
        )  # fmt: skip
    return order


def _differs(value: Any, amount: Decimal | None, entries: list[dict[str, Any]] | None) -> bool:
    """Does the order change what counts? A list that nobody filled in differs from one that is empty."""
    if entries is None:
        return bool(value.amount != amount)
    return value.entries is None or bool(row_changes(value.entries, entries))


def _said(amount: Decimal | None, entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"amount": str(amount)} if entries is None else {"entries": entries}


def _next_number() -> int:
    return (CorrectionOrder.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def approve(*, by: Actor, order_id: int) -> CorrectionOrder:
    """Approve and carry out: the figure, a snapshot that names the old one, a correction run. Another person than who ordered.

    Nothing is edited: the old snapshot, run and edition stay as they are.
    """
    with transaction.atomic():
        order = _waiting(order_id)
        if not rules.is_another(by.person_id, order.proposed_by_ref):
            raise Forbidden(code="four_eyes", message=_("开具人不能批准自己的更正令，请由另一人批准。"))
        cycle = order.objection.edition.cycle
        _unchanged_since(order, cycle.pk)
        title = _("更正令第 %(n)s 号") % {"n": order.number}
        figures.correct_frozen(
            by=by, cycle_id=cycle.pk, enterprise_id=order.enterprise_id, code=order.code, amount=order.amount,
            entries=order.entries, order=f"{title}：{order.reason}",
        )  # fmt: skip
        order.snapshot = snapshots.correct(by=by, cycle=cycle, reason=f"{title}：{order.reason}")
        order.run = runs.request_run(by=by, cycle=cycle)
        order.state = CorrectionOrder.State.APPROVED
        order.approved_by_ref, order.approved_by_name, order.approved_at = (
            by.person_id,
            by.person_name,
            db_now(),
        )
        order.save(
            update_fields=["state", "approved_by_ref", "approved_by_name", "approved_at", "snapshot", "run"]
        )
        audit.record(by=by, action="correction.approved", obj=order, after={"snapshot": order.snapshot.root})
    return order


def _unchanged_since(order: CorrectionOrder, cycle_id: int) -> None:
    """Who approves decides about the change that was shown. Raises Conflict when another order came first."""
    value = figures.value_of(cycle_id=cycle_id, enterprise_id=order.enterprise_id, code=order.code)
    if (value.amount, value.entries) != (order.old_amount, order.old_entries):
        raise Conflict(
            code="changed_meanwhile",
            message=_("开具之后，这个数据项已被另一份更正令改变。请取消本令，按现值重新开具。"),
        )


def cancel(*, by: Actor, order_id: int) -> None:
    """Drop an order that waits."""
    with transaction.atomic():
        order = _waiting(order_id)
        order.state = CorrectionOrder.State.CANCELLED
        order.save(update_fields=["state"])
        audit.record(by=by, action="correction.cancelled", obj=order)


def _waiting(order_id: int) -> Any:
    order = (
        CorrectionOrder.objects.select_for_update(of=("self",))
        .select_related("objection__edition__cycle__scheme_version")
        .filter(pk=order_id)
        .first()
    )
    if order is None or order.state != CorrectionOrder.State.PROPOSED:
        raise Conflict(code="order_state", message=_("这份更正令已经处理过。请刷新页面查看现状。"))
    return order
