"""What the bank's operations book of a loan: contract, disbursement, repayment, reversal; overdue by the system.

Every document is a row that never changes; the step of the application that stands on it moves line, ledger and caps
in the database. All functions are keyword-only and raise Problems (Refused, Conflict, Forbidden, NotFound).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.dates import add_months
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.outbox import notify
from parks.roles import Role

from ..formula import Schedule, interest_schedule
from ..models import Application, Contract, Disbursement, Recovery, Repayment, ScheduleItem
from ..queries import loans as queries
from ..queries.acting import organisation_of, person_of
from ..states import ApplicationState, RepaymentMethod
from .applications import locked, step
from .problems import guarded
from .twice import made_by, sign


def record_contract(
    *,
    by: Actor,
    application_id: int,
    number: str,
    amount: Decimal,
    rate: Decimal,
    starts_on: dt.date,
    ends_on: dt.date,
    method: str = RepaymentMethod.BULLET,
) -> Contract:
    """The bank's operations record the contract (yuan, fraction a year), at most what was approved; the enterprise signs it.

    A record that is not signed yet is replaced by the next one.
    """
    if method not in RepaymentMethod.values:
        raise Refused(code="method", field="method", message=_("请选择还款方式。"))
    if ends_on <= starts_on:
        raise Refused(code="period", field="ends_on", message=_("到期日须晚于起始日。"))
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_id)
        decision = application.decisions.filter(live=True, outcome="approved").first()
        if application.status != ApplicationState.APPROVED or decision is None:
            raise Conflict(
                code="not_allowed_now", message=_("申请不在已审批状态，不能登记合同。请刷新页面。")
            )
        if not 0 < amount <= decision.amount:
            raise Refused(
                code="amount", field="amount",
                message=_("合同金额须大于 0 且不超过批准的 %(n)s 元。") % {"n": f"{decision.amount:,.2f}"},
            )  # fmt: skip
        if not 0 < rate <= decision.rate:
            raise Refused(
                code="rate", field="rate", message=_("合同利率不能高于批准的 %(n)s%%。") % {"n": decision.rate_percent}
            )  # fmt: skip
        if ends_on > add_months(starts_on, decision.term_months):
            raise Refused(
                code="period", field="ends_on",
                message=_("合同期限不能超过批准的 %(n)s 个月。") % {"n": decision.term_months},
            )  # fmt: skip
        Contract.objects.filter(application=application, live=True, signed_at__isnull=True).update(live=False)
        contract = Contract.objects.create(
            application=application, organisation_id=organisation_of(by), number=number, amount=amount, rate=rate,
            starts_on=starts_on, ends_on=ends_on, method=method, day_count=application.product_version.day_count,
            recorded_by_ref=person_of(by), recorded_by_name=by.person_name,
        )  # fmt: skip
        notify(
            organisation_id=application.enterprise.organisation_id,
            text=_("申请 %(number)s 的合同已登记，请法定代表人核对后签署。") % {"number": application.number},
            url=reverse("finance:loan", args=[by.park_code, application.pk]),
        )
        audit.record(by=by, action="contract.recorded", obj=contract, after={"amount": amount, "rate": rate})
    return contract


def sign_contract(*, by: Actor, application_id: int, contract_id: int) -> Contract:
    """The signatory signs the recorded contract that was shown (`contract_id`), not one put in its place; the reserve of the line becomes the contract's amount."""
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以签署合同。"))
    with transaction.atomic(), guarded():
        enterprise = enterprises.own(by)
        application = locked(application_id, enterprise_id=enterprise.pk if enterprise else 0)
        shown = Contract.objects.filter(pk=contract_id, application=application, live=True)
        contract = shown.select_for_update().first()
        if contract is None or contract.signed_at is not None:
            raise Conflict(
                code="nothing_to_sign", message=_("没有待签署的合同，或合同已重新登记，请刷新页面后核对。")
            )
        contract.signed_by_ref, contract.signed_by_name, contract.signed_at = (
            person_of(by),
            by.person_name,
            db_now(),
        )
        contract.save(update_fields=["signed_by_ref", "signed_by_name", "signed_at"])
        step(application, "contract", by=by, source=contract.pk)
        audit.record(by=by, action="contract.signed", obj=contract, after={"number": contract.number})
    return contract


def cancel_contract(*, by: Actor, application_id: int, note: str) -> Application:
    """The bank's checker cancels a signed contract of which nothing was paid out; everything held is free again."""
    if not note.strip():
        raise Refused(code="note", field="note", message=_("取消合同时请写明原因。"))
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_CHECKER, application_id)
        step(application, "cancel", by=by, note=note)
        audit.record(by=by, action="contract.cancelled", obj=application, reason=note)
    return application


def record_disbursement(
    *, by: Actor, application_id: int, amount: Decimal, value_date: dt.date, bank_ref: str
) -> Disbursement:
    """One person of the bank's operations records a payment (yuan); it counts when another confirms it."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_id)
        check_day(value_date)
        if application.status not in (ApplicationState.CONTRACTED, ApplicationState.ACTIVE):
            raise Conflict(code="not_allowed_now", message=_("合同签署后、未逾期时才能放款。请刷新页面。"))
        contract = queries.contract_of(application.pk)
        if contract and not contract.starts_on <= value_date < contract.ends_on:
            raise Refused(
                code="value_date", field="value_date", message=_("放款日须在合同期限内，早于到期日。")
            )
        left = queries.undrawn(application)
        if not 0 < amount <= left:
            raise Refused(
                code="amount", field="amount",
                message=_("放款金额须大于 0 且不超过合同未放的 %(n)s 元。") % {"n": f"{left:,.2f}"},
            )  # fmt: skip
        _check_reference(Disbursement, by, bank_ref)
        made = Disbursement.objects.create(
            application=application, organisation_id=organisation_of(by), amount=amount, value_date=value_date,
            bank_ref=bank_ref, **made_by(by),
        )  # fmt: skip
        audit.record(
            by=by, action="disbursement.recorded", obj=made, after={"amount": amount, "ref": bank_ref}
        )
    return made


def confirm_disbursement(*, by: Actor, disbursement_id: int) -> Disbursement:
    """Another person of the operations confirms: line, ledger and schedule move in this transaction."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_of(Disbursement, disbursement_id))
        made = Disbursement.objects.select_for_update().get(pk=disbursement_id)
        sign(made, by=by)
        step(application, "disburse", by=by, source=made.pk)
        _plan(application, made)
        notify(
            organisation_id=application.enterprise.organisation_id,
            text=_("贷款 %(number)s 已放款 %(n)s 元。")
            % {"number": application.number, "n": f"{made.amount:,.2f}"},
            url=reverse("finance:loan", args=[by.park_code, application.pk]),
        )
        audit.record(by=by, action="disbursement.confirmed", obj=made, after={"amount": made.amount})
    return made


def drop_disbursement(*, by: Actor, disbursement_id: int) -> None:
    """Take back the record of a payment that nobody confirmed; another one can be made in its place."""
    drop_document(
        by=by,
        application_id=application_of(Disbursement, disbursement_id),
        waiting=queries.unconfirmed_disbursements,
        pk=disbursement_id,
    )


def drop_document(
    *, by: Actor, application_id: int, waiting: Callable[[int], QuerySet[Any]], pk: int
) -> None:
    """Take back one of the documents that wait for a second person. Raises Conflict when it does not wait any more."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_id)
        made = waiting(application.pk).select_for_update().filter(pk=pk).first()
        if made is None:
            raise Conflict(code="confirmed_already", message=_("这一步已由他人确认，请刷新页面。"))
        after = {"amount": made.amount, "ref": made.bank_ref, "recorded_by": made.maker_name}
        audit.record(by=by, action=f"{made._meta.model_name}.dropped", obj=made, after=after)
        made.delete()


def _plan(application: Application, made: Disbursement) -> None:
    contract = queries.contract_of(application.pk)
    if contract is None:
        raise Conflict(code="no_contract", message=_("没有已签署的合同。"))
    items = interest_schedule(
        Schedule(
            principal=made.amount, rate=contract.rate, start=made.value_date, end=contract.ends_on,
            method=contract.method, day_count=contract.day_count,
        )
    )  # fmt: skip
    ScheduleItem.objects.bulk_create(
        ScheduleItem(
            application=application, disbursement=made, seq=n, due_on=item.due_on, principal=item.principal,
            interest=item.interest,
        )
        for n, item in enumerate(items, 1)
    )  # fmt: skip


def record_repayment(
    *,
    by: Actor,
    application_id: int,
    principal: Decimal,
    interest: Decimal,
    value_date: dt.date,
    bank_ref: str,
    penalty: Decimal = Decimal(0),
    fee: Decimal = Decimal(0),
) -> Repayment:
    """Book money that came back, split as the bank booked it (yuan). The loan closes when no principal is left.

    Raises Refused above what is owed or for a day in the future, Conflict for a reference that is used.
    """
    parts = {"principal": principal, "interest": interest, "penalty": penalty, "fee": fee}
    for name, value in parts.items():
        if value < 0:
            raise Refused(code="negative", field=name, message=_("金额不能小于 0；更正请用冲正。"))
    amount = sum(parts.values(), Decimal(0))
    if amount <= 0:
        raise Refused(code="amount", field="principal", message=_("请填写还款金额。"))
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_id)
        check_day(value_date, since=queries.paid_out_since(application.pk))
        if principal > application.drawn:
            raise Refused(
                code="principal", field="principal",
                message=_("归还本金不能超过尚欠本金 %(n)s 元。") % {"n": f"{application.drawn:,.2f}"},
            )  # fmt: skip
        _check_reference(Repayment, by, bank_ref)
        made = Repayment.objects.create(
            application=application, organisation_id=organisation_of(by), amount=amount, value_date=value_date,
            bank_ref=bank_ref, **parts, **made_by(by),
        )  # fmt: skip
        step(application, "repay", by=by, source=made.pk)
        audit.record(by=by, action="repayment.recorded", obj=made, after={**parts, "ref": bank_ref})
        _after_money(application)
    return made


def request_reversal(*, by: Actor, repayment_id: int, bank_ref: str, reason: str) -> Repayment:
    """One person asks that a wrongly booked repayment is reversed; another has to confirm it."""
    if not reason.strip():
        raise Refused(code="reason", field="reason", message=_("请写明冲正的原因。"))
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_of(Repayment, repayment_id))
        wrong = Repayment.objects.get(pk=repayment_id)
        if wrong.reversal_of_id or wrong.reversals.exists():
            raise Conflict(code="reversed_already", message=_("这笔还款已申请冲正。"))
        _check_reference(Repayment, by, bank_ref)
        made = Repayment.objects.create(
            application=application, organisation_id=organisation_of(by), amount=wrong.amount,
            principal=wrong.principal, interest=wrong.interest, penalty=wrong.penalty, fee=wrong.fee,
            value_date=wrong.value_date, bank_ref=bank_ref, reversal_of=wrong, reason=reason, **made_by(by),
        )  # fmt: skip
        audit.record(by=by, action="reversal.requested", obj=made, reason=reason)
    return made


def confirm_reversal(*, by: Actor, repayment_id: int) -> Repayment:
    """Another person confirms: the booking is taken back by one of its own."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_of(Repayment, repayment_id))
        made = Repayment.objects.select_for_update().get(pk=repayment_id)
        if made.reversal_of_id is None:
            raise Conflict(code="not_a_reversal", message=_("这不是一笔冲正。"))
        sign(made, by=by)
        step(application, "reverse", by=by, source=made.pk)
        audit.record(by=by, action="reversal.confirmed", obj=made, reason=made.reason)
        _after_money(application)
    return made


def drop_reversal(*, by: Actor, repayment_id: int) -> None:
    """Take back a reversal that nobody confirmed; the repayment stands."""
    drop_document(
        by=by,
        application_id=application_of(Repayment, repayment_id),
        waiting=queries.unconfirmed_reversals,
        pk=repayment_id,
    )


def _after_money(application: Application) -> None:
    """Close what is paid back, and see whether it is still overdue."""
    if application.drawn == 0 and application.status in ("active", "overdue", "defaulted"):
        step(application, "close", by=None)
        return
    _mark(application, db_today())


def _mark(application: Application, today: dt.date) -> bool:
    days = queries.days_overdue(application, today)
    if application.status == ApplicationState.ACTIVE and days > 0:
        step(application, "overdue", by=None)
        return True
    if application.status == ApplicationState.OVERDUE and days == 0:
        step(application, "cure", by=None)
        return True
    return False


def owing() -> list[int]:
    """Loans that are paid out and not paid back."""
    rows = Application.objects.filter(status__in=["active", "overdue"]).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def mark_overdue(*, by: Actor, application_id: int) -> bool:
    """Every day: what is due and not paid makes a loan overdue; from day 90 on the bank is told once to declare default.

    Returns whether the loan's state changed.
    """
    today = db_today()
    with transaction.atomic(), guarded():
        application = locked(application_id)
        changed = _mark(application, today)
        if changed:
            audit.record(by=by, action="loan.overdue_marked", obj=application)
        since = queries.unpaid_since(application, today)
        if since and (today - since).days >= DEFAULT_AFTER:
            notify(
                organisation_id=application.organisation_id,
                text=_("贷款 %(number)s 已逾期 %(n)s 天，请考虑认定违约。")
                % {"number": application.number, "n": (today - since).days},
                url=reverse("finance:case", args=[by.park_code, application.pk]),
                dedupe_key=f"default:{application.pk}:{since}",
            )
    return changed


DEFAULT_AFTER = 90


def check_day(value_date: dt.date, *, since: dt.date | None = None) -> None:
    """Raises Refused for a day to come, or one before what the money follows on."""
    if value_date > db_today():
        raise Refused(code="value_date", field="value_date", message=_("记账日期不能晚于今天。"))
    if since and value_date < since:
        raise Refused(
            code="value_date", field="value_date",
            message=_("记账日期不能早于 %(since)s：款项在此之前还没有放出、申请或代付。") % {"since": since},
        )  # fmt: skip


def _check_reference(model: type[Disbursement] | type[Repayment], by: Actor, bank_ref: str) -> None:
    if not bank_ref.strip():
        raise Refused(code="bank_ref", field="bank_ref", message=_("请填写银行流水号。"))
    if model.objects.filter(organisation_id=organisation_of(by), bank_ref=bank_ref).exists():
        raise Conflict(code="bank_ref_used", message=_("银行流水号 %(ref)s 已登记过。") % {"ref": bank_ref})


def application_of(model: type[Disbursement] | type[Repayment] | type[Recovery], pk: int) -> int:
    """Of which loan a document is; raises NotFound."""
    found = model.objects.filter(pk=pk).values_list("application_id", flat=True).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这笔记录。"))
    return int(found)


def _loan(by: Actor, role: str, application_id: int) -> Application:
    """The application of the acting bank, locked; a contract goes on without a consent."""
    if by.role != role:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    return locked(application_id, organisation_id=organisation_of(by))
