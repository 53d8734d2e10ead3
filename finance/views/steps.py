"""What each role may do next with a loan, as data: label, states, form, service. One page and one door for all desks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from innovscore.core.problems import Conflict
from parks.actors import Actor

from ..forms import steps as forms
from ..models import Application, Claim, ClaimShare, Disbursement, Recovery, Repayment
from ..queries import guarantees, lines, loans
from ..queries.acting import organisation_of, person_of
from ..services import defaults, freezing
from ..services import guarantees as guarantee_services
from ..services import loans as loan_services
from ..states import LOAN_STATES, RESERVING_STATES

BAD = ("active", "overdue")
Run = Callable[..., Any]
Fit = Callable[[Application, Actor], dict[str, Any] | None]
PAYERS = ("guarantor_maker", "guarantor_checker", "fund_manager")


def always(application: Application, by: Actor) -> dict[str, Any] | None:
    return {}


@dataclass(frozen=True, slots=True)
class Action:
    """`fits` says whether there is something to do and gives the fixed arguments and what is `shown`; `fields` come from the form."""

    code: str
    label: Any
    roles: tuple[str, ...]
    states: tuple[str, ...]
    run: Run
    form: type[forms.ActionForm] = forms.ActionForm
    fits: Fit = always
    names_application: bool = True
    danger: bool = False


def _pledge(application: Application, by: Actor) -> dict[str, Any] | None:
    found = guarantees.live(application.pk)
    return (
        {"initial": {"content_hash": found.content_hash}}
        if found and found.maker_person != by.person_id
        else None
    )


def _undrawn(application: Application, by: Actor) -> dict[str, Any] | None:
    return {} if loans.undrawn(application) > 0 else None


def _booked(made: Disbursement | Repayment | Recovery | ClaimShare) -> str:
    """What another person recorded, as who confirms it is shown."""
    words = (
        made.value_date,
        f"{made.amount:,.2f} {_('元')}",
        made.bank_ref,
        getattr(made, "reason", ""),
        made.maker_name,
    )
    return " · ".join(str(word) for word in words if word)


def _waiting(rows: Callable[[int], QuerySet[Any]], name: str, *, confirms: bool) -> Fit:
    """The first of what waits for a second person; to confirm it, of what others recorded."""

    def fits(application: Application, by: Actor) -> dict[str, Any] | None:
        found = rows(application.pk).order_by("pk")
        made = (found.exclude(maker_person=person_of(by)) if confirms else found).first()
        return {name: made.pk, "shown": _booked(made)} if made else None

    return fits


def _reversible(application: Application, by: Actor) -> dict[str, Any] | None:
    asked = loans.repayments_of(application.pk).filter(reversal_of__isnull=False).values("reversal_of_id")
    rows = loans.counted_repayments(application.pk).exclude(pk__in=asked)
    choices = [(one.pk, f"{one.value_date} {one.amount:,.2f} {one.bank_ref}") for one in rows]
    return {"choices": {"repayment_id": choices}} if choices else None


def _notice(kind: str) -> Fit:
    def fits(application: Application, by: Actor) -> dict[str, Any] | None:
        made = application.notices.filter(kind=kind, live=True, checker_person__isnull=True).first()
        is_others = made and made.maker_person != by.person_id
        return {"kind": kind, "shown": f"{made.reason} · {made.maker_name}"} if made and is_others else None

    return fits


def _no_notice(kind: str) -> Fit:
    def fits(application: Application, by: Actor) -> dict[str, Any] | None:
        return None if application.notices.filter(kind=kind, live=True).exists() else {"kind": kind}

    return fits


def _may_order(kind: str) -> Fit:
    def fits(application: Application, by: Actor) -> dict[str, Any] | None:
        line = application.line
        fitting = (lines.freeze_of(line) is None) == (kind == "freeze")
        return {"kind": kind, "line_id": line.pk} if fitting and lines.open_order(line) is None else None

    return fits


def _order(kind: str) -> Fit:
    def fits(application: Application, by: Actor) -> dict[str, Any] | None:
        made = lines.open_order(application.line)
        fitting = made and made.kind == kind and made.maker_person != by.person_id
        return (
            {"line_id": application.line_id, "shown": f"{made.reason} · {made.maker_name}"}
            if made and fitting
            else None
        )

    return fits


def _covered(application: Application, by: Actor) -> dict[str, Any] | None:
    version = application.product_version
    return {} if version.guarantor_id or version.pool_id else None


def _claim(application: Application, by: Actor) -> Claim | None:
    if by.role == "fund_manager" and application.product_version.guarantor_id:
        return None
    return Claim.objects.filter(
        application=application, state="filed", shares__organisation_id=organisation_of(by)
    ).first()


def _to_review(application: Application, by: Actor) -> dict[str, Any] | None:
    found = _claim(application, by)
    return {"claim_id": found.pk} if found else None


def _to_decide(application: Application, by: Actor) -> dict[str, Any] | None:
    found = _claim(application, by)
    if found is None or not found.opinion or found.maker_person == by.person_id:
        return None
    opinion = dict(forms.OPINIONS)[found.opinion]
    return {"claim_id": found.pk, "shown": f"{opinion} · {found.reason} · {found.maker_name}"}


def _share(application: Application, by: Actor) -> ClaimShare | None:
    rows = ClaimShare.objects.filter(
        claim__application=application, claim__state="accepted", organisation_id=organisation_of(by)
    )
    return rows.filter(amount__gt=0, checker_person__isnull=True).exclude(party="bank").first()


def _to_pay(application: Application, by: Actor) -> dict[str, Any] | None:
    found = _share(application, by)
    return {"share_id": found.pk} if found and found.maker_person is None else None


def _to_confirm(application: Application, by: Actor) -> dict[str, Any] | None:
    found = _share(application, by)
    return (
        {"share_id": found.pk, "shown": _booked(found)}
        if found and found.maker_person and found.maker_person != by.person_id
        else None
    )


def _checker(fits: Fit) -> Fit:
    return lambda application, by: fits(application, by) if by.role != "guarantor_maker" else None


ACTIONS: tuple[Action, ...] = (
    Action("pledge", _("提出担保方案"), ("guarantor_maker",), ("guarantee_review",), guarantee_services.propose, forms.PledgeForm),
    Action("pledge_decide", _("复核担保方案"), ("guarantor_checker",), ("g_proposed",), guarantee_services.decide, forms.PledgeDecisionForm, _pledge),
    Action("contract", _("登记合同"), ("bank_ops",), ("approved",), loan_services.record_contract, forms.ContractForm),
    Action("cancel", _("取消合同"), ("bank_checker",), ("contracted",), loan_services.cancel_contract, forms.NoteForm, danger=True),
    Action(
        "disburse_confirm", _("确认放款"), ("bank_ops",), ("contracted", "active"), loan_services.confirm_disbursement,
        fits=_waiting(loans.unconfirmed_disbursements, "disbursement_id", confirms=True), names_application=False,
    ),
    Action(
        "disburse_drop", _("撤销放款登记"), ("bank_ops",), LOAN_STATES, loan_services.drop_disbursement,
        fits=_waiting(loans.unconfirmed_disbursements, "disbursement_id", confirms=False), names_application=False, danger=True,
    ),
    Action("disburse", _("登记放款"), ("bank_ops",), ("contracted", "active"), loan_services.record_disbursement, forms.DisburseForm, _undrawn),
    Action("repay", _("登记还款"), ("bank_ops",), ("active", "overdue", "defaulted"), loan_services.record_repayment, forms.RepayForm),
    Action(
        "reverse_confirm", _("确认冲正"), ("bank_ops",), (*BAD, "defaulted", "closed"), loan_services.confirm_reversal,
        fits=_waiting(loans.unconfirmed_reversals, "repayment_id", confirms=True), names_application=False,
    ),
    Action(
        "reverse_drop", _("撤销冲正申请"), ("bank_ops",), LOAN_STATES, loan_services.drop_reversal,
        fits=_waiting(loans.unconfirmed_reversals, "repayment_id", confirms=False), names_application=False, danger=True,
    ),
    Action(
        "reverse", _("申请冲正还款"), ("bank_ops",), (*BAD, "defaulted", "closed"), loan_services.request_reversal, forms.ReverseForm, _reversible,
        names_application=False, danger=True,
    ),
    Action("default", _("提议认定违约"), ("bank_maker",), BAD, defaults.propose, forms.ReasonForm, _no_notice("default"), danger=True),
    Action("default_confirm", _("确认违约"), ("bank_checker",), BAD, defaults.confirm, fits=_notice("default"), danger=True),
    Action("default_drop", _("不认定违约"), ("bank_checker",), BAD, defaults.drop, fits=_notice("default")),
    Action("claim", _("申请代偿"), ("bank_maker",), ("defaulted",), defaults.file_claim, forms.NoteForm, _covered),
    Action("claim_decide", _("确认代偿意见"), PAYERS, ("claim_filed",), defaults.decide_claim, fits=_checker(_to_decide), names_application=False),
    Action("claim_review", _("审核代偿申请"), PAYERS, ("claim_filed",), defaults.review_claim, forms.OpinionForm, _to_review, names_application=False),
    Action("pay", _("登记代偿付款"), PAYERS, ("claim_accepted",), defaults.record_payment, forms.PaymentForm, _to_pay, names_application=False),
    Action("pay_confirm", _("确认代偿付款"), PAYERS, ("claim_accepted",), defaults.confirm_payment, fits=_checker(_to_confirm), names_application=False),
    Action(
        "recover_confirm", _("确认追偿"), ("bank_ops",), ("indemnified",), defaults.confirm_recovery,
        fits=_waiting(loans.unconfirmed_recoveries, "recovery_id", confirms=True), names_application=False,
    ),
    Action(
        "recover_drop", _("撤销追偿登记"), ("bank_ops",), LOAN_STATES, defaults.drop_recovery,
        fits=_waiting(loans.unconfirmed_recoveries, "recovery_id", confirms=False), names_application=False, danger=True,
    ),
    Action("recover", _("登记追偿"), ("bank_ops",), ("indemnified",), defaults.record_recovery, forms.RecoveryForm),
    Action(
        "write_off", _("提议核销"), ("bank_maker",), ("defaulted", "indemnified"), defaults.propose, forms.ReasonForm, _no_notice("write_off"), danger=True
    ),
    Action(
        "write_off_confirm", _("确认核销"), ("bank_checker",), ("defaulted", "indemnified"), defaults.confirm, fits=_notice("write_off"), danger=True
    ),
    Action("freeze", _("提议冻结额度"), ("bank_maker",), RESERVING_STATES, freezing.propose, forms.ReasonForm, _may_order("freeze"), names_application=False, danger=True),
    Action("freeze_confirm", _("确认冻结额度"), ("bank_checker",), RESERVING_STATES, freezing.confirm, fits=_order("freeze"), names_application=False, danger=True),
    Action("thaw", _("提议解冻额度"), ("bank_maker",), RESERVING_STATES, freezing.propose, forms.ReasonForm, _may_order("thaw"), names_application=False),
    Action("thaw_confirm", _("确认解冻额度"), ("bank_checker",), RESERVING_STATES, freezing.confirm, fits=_order("thaw"), names_application=False),
    Action("freeze_drop", _("不同意冻结"), ("bank_checker",), RESERVING_STATES, freezing.drop, fits=_order("freeze"), names_application=False),
    Action("thaw_drop", _("不同意解冻"), ("bank_checker",), RESERVING_STATES, freezing.drop, fits=_order("thaw"), names_application=False),
)  # fmt: skip
BY_CODE = {action.code: action for action in ACTIONS}


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that the acting role may take now, with its form and the fixed arguments of its service.

    `shown` is what a second person puts the name to; it is what the page showed, or nothing happens.
    """

    action: Action
    form: forms.ActionForm
    fixed: dict[str, Any]
    shown: str


def offers(
    application: Application, by: Actor, *, posted: Any = None, initial: dict[str, Any] | None = None
) -> list[Offer]:
    """The actions of the acting role now; the posted one carries what was typed."""
    found = []
    for action in ACTIONS:
        if by.role not in action.roles or application.status not in action.states:
            continue
        fixed = action.fits(application, by)
        if fixed is None:
            continue
        shown = fixed.pop("shown", "")
        begins = {"action": action.code, "shown": shown, **(initial or {}), **fixed.pop("initial", {})}
        form = action.form(
            posted if posted and posted.get("action") == action.code else None, initial=begins, prefix=None
        )
        for name, choices in fixed.pop("choices", {}).items():
            form.fields[name].choices = choices  # type: ignore[attr-defined]
        form.auto_id = f"{action.code}_%s"
        found.append(Offer(action, form, fixed, shown))
    return found


def arguments(offer: Offer, application: Application) -> dict[str, Any]:
    """What the service is called with. Raises Conflict when the page showed something else."""
    if offer.form.cleaned_data["shown"] != offer.shown:
        raise Conflict(
            code="content_changed",
            message=_("待确认的内容在您打开页面后有变化，未确认。请刷新页面，核对后再确认。"),
        )
    data = {
        name: value
        for name, value in offer.form.cleaned_data.items()
        if name not in ("action", "shown", "idempotency_key")
    }
    if offer.action.names_application:
        data["application_id"] = application.pk
    return data | offer.fixed


__all__ = ["ACTIONS", "BY_CODE", "LOAN_STATES", "Action", "Offer", "arguments", "offers"]
