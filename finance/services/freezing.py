"""The bank freezes a line and thaws it again, each by two people and for a reason; the enterprise is told.

A frozen line gives nothing new: no application, no approval. What is under contract goes on.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.outbox import notify
from parks.roles import Role

from ..models import Application, CreditLine, LineOrder
from ..queries import lines as queries
from ..states import LineOrderKind, LineState, QuoteState
from .loans import _loan
from .problems import guarded
from .twice import made_by, sign

TOLD = {
    LineOrderKind.FREEZE: gettext_lazy("“%(product)s”的授信额度已被银行冻结，原因：%(reason)s"),
    LineOrderKind.THAW: gettext_lazy("“%(product)s”的授信额度已解冻，原因：%(reason)s"),
}


def propose(*, by: Actor, application_id: int, kind: str, reason: str) -> LineOrder:
    """The bank's maker proposes to freeze or thaw the line of an application."""
    if not reason.strip():
        raise Refused(code="reason", field="reason", message=_("请写明理由，企业会看到。"))
    with transaction.atomic(), guarded():
        line = _loan(by, Role.BANK_MAKER, application_id).line
        if queries.open_order(line):
            raise Conflict(code="proposed_already", message=_("已有待确认的提议。"))
        if (queries.freeze_of(line) is None) != (kind == LineOrderKind.FREEZE):
            raise Conflict(code="not_allowed_now", message=_("额度当前状态不能进行这一步，请刷新页面。"))
        order = LineOrder.objects.create(line=line, kind=kind, reason=reason, **made_by(by))
        audit.record(by=by, action=f"line_{kind}.proposed", obj=order, reason=reason)
    return order


def confirm(*, by: Actor, application_id: int) -> LineOrder:
    """Another person of the bank confirms; the line is frozen, or active again where its quote still holds."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_CHECKER, application_id)
        order = _open(application)
        sign(order, by=by)
        _set_state(application.line, order.kind)
        notify(
            organisation_id=application.enterprise.organisation_id,
            text=TOLD[LineOrderKind(order.kind)]
            % {"product": application.product_version.product.name, "reason": order.reason},
        )
        audit.record(by=by, action=f"line_{order.kind}.confirmed", obj=order, reason=order.reason)
    return order


def drop(*, by: Actor, application_id: int) -> None:
    """The checker does not agree; the proposal is over."""
    with transaction.atomic(), guarded():
        order = _open(_loan(by, Role.BANK_CHECKER, application_id))
        LineOrder.objects.filter(pk=order.pk).update(live=False)
        audit.record(by=by, action=f"line_{order.kind}.dropped", obj=order)


def _set_state(line: CreditLine, kind: str) -> None:
    quote = line.quote
    usable = quote.state == QuoteState.LIVE and quote.expires_at > db_now()
    line.state = LineState.ACTIVE if kind == LineOrderKind.THAW and usable else LineState.FROZEN
    line.save(update_fields=["state", "updated_at"])


def _open(application: Application) -> LineOrder:
    order = queries.open_order(application.line)
    if order is None:
        raise Conflict(code="nothing_to_confirm", message=_("没有待确认的提议，请刷新页面。"))
    return order
