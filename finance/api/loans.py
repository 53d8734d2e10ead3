"""The loan after its approval, by API: contract, money out and back, default, claim. Each step is a named person's."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.clock import db_today
from parks.roles import Role

from ..models import Application
from ..queries import applications as application_queries
from ..queries import loans as queries
from ..queries.versions import version_of
from ..services import defaults, loans
from . import loan_serializers as forms
from .base import BankView
from .document import call
from .serializers import ActorToken
from .views import Deciding, tagged


def loan_data(actor: Actor, application_id: int) -> dict[str, Any]:
    """Everything that was booked of a loan of the acting bank."""
    row = application_queries.for_bank(actor, application_id)
    data = {
        "application": row.pk,
        "status": row.status,
        "etag": version_of(row),
        "outstanding": row.drawn,
        "undrawn": row.reserved,
        "contract": queries.recorded_contract(row.pk),
        "disbursements": queries.disbursements_of(row.pk),
        "repayments": queries.repayments_of(row.pk),
        "schedule": queries.instalments_of(row.pk),
        "due": queries.due_now(row, db_today()),
        "claim": _claim(row),
    }
    return dict(forms.BankLoan(data).data)


def _claim(row: Application) -> dict[str, Any] | None:
    claim = queries.claim_of(row.pk)
    if claim is None:
        return None
    fields = {name: getattr(claim, name) for name in ("id", "state", "loss", "amount")}
    return fields | {"shares": claim.shares.all()}


class Loan(BankView):
    @call("getLoan", scope="application.read", gives=forms.BankLoan)
    def get(self, request: Request, park: str, application_id: int) -> Response:
        """Contract, payments, schedule, what is due, and the claim."""
        return tagged(loan_data(self.actor, application_id))


class LoanStep(Deciding):
    """A step after the approval; answers with the loan."""

    def answer(self, application_id: int) -> dict[str, Any]:
        return loan_data(self.actor, application_id)


def own(rows: Any, pk: int) -> int:
    """The document of this very loan; raises NotFound for others'."""
    if not rows.filter(pk=pk).exists():
        raise NotFound(code="not_found", message=_("没有这笔记录。"))
    return pk


class RecordContract(LoanStep):
    role = Role.BANK_OPS

    @call(
        "recordContract",
        scope="contract.write",
        takes=forms.ContractForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Record the contract; the enterprise signs it on the platform."""
        return self.step(forms.ContractForm, lambda by, sent: loans.record_contract(by=by, **sent))


class RecordDisbursement(LoanStep):
    role = Role.BANK_OPS

    @call(
        "recordDisbursement",
        scope="servicing.write",
        takes=forms.DisburseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Record a payment to the enterprise; it counts when another person confirms it."""
        return self.step(forms.DisburseForm, lambda by, sent: loans.record_disbursement(by=by, **sent))


class ConfirmDisbursement(LoanStep):
    role = Role.BANK_OPS

    @call(
        "confirmDisbursement",
        scope="servicing.write",
        takes=forms.ConfirmDisburseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Another person confirms a recorded payment."""
        return self.step(forms.ConfirmDisburseForm, self._confirm)

    def _confirm(self, by: Actor, sent: dict[str, Any]) -> object:
        pk = own(queries.disbursements_of(sent["application_id"]), sent["disbursement"])
        return loans.confirm_disbursement(by=by, disbursement_id=pk)


class DropDisbursement(LoanStep):
    role = Role.BANK_OPS

    @call(
        "dropDisbursement",
        scope="servicing.write",
        takes=forms.ConfirmDisburseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Take back a recorded payment that nobody confirmed."""
        return self.step(forms.ConfirmDisburseForm, self._drop)

    def _drop(self, by: Actor, sent: dict[str, Any]) -> None:
        pk = own(queries.disbursements_of(sent["application_id"]), sent["disbursement"])
        loans.drop_disbursement(by=by, disbursement_id=pk)


class RecordRepayment(LoanStep):
    role = Role.BANK_OPS

    @call(
        "recordRepayment",
        scope="servicing.write",
        takes=forms.RepayForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Record money that came back, split as it was booked."""
        return self.step(forms.RepayForm, lambda by, sent: loans.record_repayment(by=by, **sent))


class RequestReversal(LoanStep):
    role = Role.BANK_OPS

    @call(
        "requestReversal",
        scope="servicing.write",
        takes=forms.ReverseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Ask that a wrongly booked repayment is reversed."""
        return self.step(forms.ReverseForm, self._ask)

    def _ask(self, by: Actor, sent: dict[str, Any]) -> object:
        pk = own(queries.repayments_of(sent["application_id"]), sent["repayment"])
        return loans.request_reversal(
            by=by, repayment_id=pk, bank_ref=sent["bank_ref"], reason=sent["reason"]
        )


class ConfirmReversal(LoanStep):
    role = Role.BANK_OPS

    @call(
        "confirmReversal",
        scope="servicing.write",
        takes=forms.ConfirmReverseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Another person confirms the reversal."""
        return self.step(forms.ConfirmReverseForm, self._confirm)

    def _confirm(self, by: Actor, sent: dict[str, Any]) -> object:
        pk = own(queries.repayments_of(sent["application_id"]), sent["reversal"])
        return loans.confirm_reversal(by=by, repayment_id=pk)


class DropReversal(LoanStep):
    role = Role.BANK_OPS

    @call(
        "dropReversal",
        scope="servicing.write",
        takes=forms.ConfirmReverseForm,
        gives=forms.BankLoan,
        versioned=True,
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Take back a reversal that nobody confirmed; the repayment stands."""
        return self.step(forms.ConfirmReverseForm, self._drop)

    def _drop(self, by: Actor, sent: dict[str, Any]) -> None:
        pk = own(queries.repayments_of(sent["application_id"]), sent["reversal"])
        loans.drop_reversal(by=by, repayment_id=pk)


class DeclareDefault(LoanStep):
    role = Role.BANK_MAKER

    @call(
        "declareDefault", scope="claim.write", takes=forms.DefaultForm, gives=forms.BankLoan, versioned=True
    )
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """A bank maker proposes that the loan is in default."""
        return self.step(forms.DefaultForm, lambda by, sent: defaults.propose(by=by, **sent))


class ConfirmDefault(LoanStep):
    role = Role.BANK_CHECKER

    @call("confirmDefault", scope="claim.write", takes=ActorToken, gives=forms.BankLoan, versioned=True)
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Another person confirms the default."""
        return self.step(ActorToken, lambda by, sent: defaults.confirm(by=by, **sent))


class FileClaim(LoanStep):
    role = Role.BANK_MAKER

    @call("fileClaim", scope="claim.write", takes=forms.ClaimForm, gives=forms.BankLoan, versioned=True)
    def post(self, request: Request, park: str, application_id: int) -> Response:
        """Claim the guarantor's and the pool's parts of the loss, split to the cent."""
        return self.step(forms.ClaimForm, lambda by, sent: defaults.file_claim(by=by, **sent))


STEPS: tuple[tuple[str, str, type[LoanStep]], ...] = (
    ("contract", "recordContract", RecordContract),
    ("disburse", "recordDisbursement", RecordDisbursement),
    ("confirm_disburse", "confirmDisbursement", ConfirmDisbursement),
    ("drop_disburse", "dropDisbursement", DropDisbursement),
    ("repay", "recordRepayment", RecordRepayment),
    ("reverse", "requestReversal", RequestReversal),
    ("confirm_reverse", "confirmReversal", ConfirmReversal),
    ("drop_reverse", "dropReversal", DropReversal),
    ("default", "declareDefault", DeclareDefault),
    ("confirm_default", "confirmDefault", ConfirmDefault),
    ("claim", "fileClaim", FileClaim),
)
"""Route name, verb in the address, view."""
