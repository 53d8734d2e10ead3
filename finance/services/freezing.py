"""A line is frozen and thawed again, each by two people and for a reason; the enterprise is told.

The bank's maker proposes, or the park does (to freeze only); the bank's checker decides. A frozen line gives nothing
new: no application, no approval. What is under contract goes on.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.outbox import notify
from parks.roles import Role

from ..models import CreditLine, LineOrder
from ..queries import lines as queries
from ..queries.acting import organisation_of
from ..states import FreezeGround, LineOrderKind, LineState, QuoteState
from .problems import guarded
from .twice import made_by, sign

TOLD = {
    LineOrderKind.FREEZE: gettext_lazy("“%(product)s”的授信额度已被银行冻结，原因：%(reason)s"),
    LineOrderKind.THAW: gettext_lazy("“%(product)s”的授信额度已解冻，原因：%(reason)s"),
}


def propose(*, by: Actor, line_id: int, kind: str, reason: str) -> LineOrder:
    """The bank's maker proposes to freeze or thaw a line."""
    _check_reason(reason)
    with transaction.atomic(), guarded():
        line = _locked(by, Role.BANK_MAKER, line_id)
        if queries.open_order(line):
            raise Conflict(code="proposed_already", message=_("已有待确认的提议。"))
        if (queries.freeze_of(line) is None) != (kind == LineOrderKind.FREEZE):
            raise Conflict(code="not_allowed_now", message=_("额度当前状态不能进行这一步，请刷新页面。"))
        order = LineOrder.objects.create(line=line, kind=kind, reason=reason, **made_by(by))
        audit.record(by=by, action=f"line_{kind}.proposed", obj=order, reason=reason)
    return order


def ask(*, by: Actor, uscc: str, ground: str, reason: str) -> None:
    """The park proposes to the banks of a firm to freeze its lines. It is not told which banks these are, or whether any."""
    if by.role != Role.PARK_ADMIN:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    _check_reason(reason)
    if ground not in FreezeGround.values:
        raise Refused(code="ground", field="ground", message=_("请选择提议冻结的依据。"))
    with transaction.atomic(), guarded():
        enterprise = enterprises.by_uscc(uscc)
        for line in queries.of_enterprise(enterprise.pk).select_for_update(of=("self",)).order_by("pk"):
            if queries.open_order(line) or queries.freeze_of(line):
                continue
            order = LineOrder.objects.create(
                line=line, kind=LineOrderKind.FREEZE, ground=ground, reason=reason, **made_by(by)
            )
            notify(
                organisation_id=line.organisation_id,
                role=Role.BANK_CHECKER,
                text=_("园区提议冻结一户企业的“%(product)s”额度，请核实后决定。")
                % {"product": line.product.name},
                url=reverse("finance:line", args=[by.park_code, line.pk]),
                dedupe_key=f"freeze-asked:{order.pk}",
            )
        audit.record(
            by=by, action="line_freeze.asked", obj=enterprise, after={"ground": ground}, reason=reason
        )


def confirm(*, by: Actor, line_id: int) -> LineOrder:
    """Another person, of the bank, confirms; the line is frozen, or active again where its quote still holds."""
    with transaction.atomic(), guarded():
        line = _locked(by, Role.BANK_CHECKER, line_id)
        order = _open(line)
        sign(order, by=by)
        _set_state(line, order.kind)
        notify(
            organisation_id=line.enterprise.organisation_id,
            text=TOLD[LineOrderKind(order.kind)] % {"product": line.product.name, "reason": order.words},
        )
        audit.record(by=by, action=f"line_{order.kind}.confirmed", obj=order, reason=order.reason)
    return order


def drop(*, by: Actor, line_id: int) -> None:
    """The checker does not agree; the proposal is over."""
    with transaction.atomic(), guarded():
        order = _open(_locked(by, Role.BANK_CHECKER, line_id))
        LineOrder.objects.filter(pk=order.pk).update(live=False)
        audit.record(by=by, action=f"line_{order.kind}.dropped", obj=order)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(code="reason", field="reason", message=_("请写明理由，企业会看到。"))


def _locked(by: Actor, role: str, line_id: int) -> CreditLine:
    if by.role != role:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    rows = CreditLine.objects.select_for_update(of=("self",)).select_related("quote", "product", "enterprise")
    line = rows.filter(pk=line_id, organisation_id=organisation_of(by)).first()
    if line is None:
        raise NotFound(code="not_found", message=_("没有这个额度。"))
    return line


def _set_state(line: CreditLine, kind: str) -> None:
    quote = line.quote
    usable = quote.state == QuoteState.LIVE and quote.expires_at > db_now()
    line.state = LineState.ACTIVE if kind == LineOrderKind.THAW and usable else LineState.FROZEN
    line.save(update_fields=["state", "updated_at"])


def _open(line: CreditLine) -> LineOrder:
    order = queries.open_order(line)
    if order is None:
        raise Conflict(code="nothing_to_confirm", message=_("没有待确认的提议，请刷新页面。"))
    return order
