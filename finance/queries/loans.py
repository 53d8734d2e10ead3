"""Reading loans: contract, schedule, what is due and overdue, who bears what; portfolio and early warning of a bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from parks.actors import Actor
from parks.roles import Role

from ..formula import Due, Paid, Plan, as_owed, oldest_unpaid, penalty_interest
from ..models import (
    Application,
    ApplicationEvent,
    Claim,
    ClaimShare,
    Contract,
    Disbursement,
    LedgerAccount,
    Recovery,
    Repayment,
    RiskCounter,
    RiskHold,
    ScheduleItem,
)
from ..states import LOAN_STATES, AccountCode, Party, RiskScope
from .acting import organisation_of
from .applications import to_bank, with_parts

ZERO = Decimal(0)


def contract_of(application_id: int) -> Contract | None:
    """The signed contract."""
    return Contract.objects.filter(application_id=application_id, live=True, signed_at__isnull=False).first()


def recorded_contract(application_id: int) -> Contract | None:
    """The contract on record, signed or not."""
    return Contract.objects.filter(application_id=application_id, live=True).first()


def unconfirmed_disbursements(application_id: int) -> QuerySet[Disbursement]:
    return Disbursement.objects.filter(application_id=application_id, checker_person__isnull=True)


def unconfirmed_reversals(application_id: int) -> QuerySet[Repayment]:
    return Repayment.objects.filter(
        application_id=application_id, reversal_of__isnull=False, checker_person__isnull=True
    )


def unconfirmed_recoveries(application_id: int) -> QuerySet[Recovery]:
    return Recovery.objects.filter(application_id=application_id, checker_person__isnull=True)


def undrawn(application: Application) -> Decimal:
    """What may still be paid out (yuan): the reserve less what waits for a second person."""
    waiting = unconfirmed_disbursements(application.pk).aggregate(sum=Sum("amount", default=ZERO))["sum"]
    return Decimal(application.reserved - waiting)


def disbursements_of(application_id: int) -> QuerySet[Disbursement]:
    return Disbursement.objects.filter(application_id=application_id).order_by("pk")


def paid_out_since(application_id: int) -> dt.date | None:
    """The first day on which money went out."""
    confirmed = disbursements_of(application_id).filter(checker_person__isnull=False)
    return confirmed.aggregate(day=Min("value_date"))["day"]


def covered_since(application_id: int) -> dt.date | None:
    """The first day on which a share of a claim was paid."""
    paid = ClaimShare.objects.filter(claim__application_id=application_id, checker_person__isnull=False)
    return paid.aggregate(day=Min("value_date"))["day"]


def repayments_of(application_id: int) -> QuerySet[Repayment]:
    return Repayment.objects.filter(application_id=application_id).order_by("-pk")


def counted_repayments(application_id: int) -> QuerySet[Repayment]:
    """Repayments that stand: no reversals, and none that was reversed (a reversal counts when it is confirmed)."""
    return _counted([application_id]).order_by("value_date", "pk")


def _counted(application_ids: Sequence[int]) -> QuerySet[Repayment]:
    reversals = ApplicationEvent.objects.filter(application_id__in=application_ids, event="reverse")
    gone = Repayment.objects.filter(pk__in=reversals.values("source_id")).values("reversal_of_id")
    rows = Repayment.objects.filter(application_id__in=application_ids, reversal_of__isnull=True)
    return rows.exclude(pk__in=gone)


def payments_of(application_ids: Sequence[int]) -> dict[int, list[Paid]]:
    """Repayments that stand, of several loans."""
    found: dict[int, list[Paid]] = {number: [] for number in application_ids}
    for one in _counted(application_ids).order_by("value_date", "pk"):
        found[one.application_id].append(Paid(one.value_date, one.principal, one.interest))
    return found


def instalments_of(application_id: int) -> list[Due]:
    """What is due when, as owed after what was paid back early."""
    return _instalments(payments_of([application_id]))[application_id]


def _instalments(payments: dict[int, list[Paid]]) -> dict[int, list[Due]]:
    """Of several loans, with what was paid on each."""
    plans: dict[int, dict[int, Plan]] = {number: {} for number in payments}
    items = ScheduleItem.objects.filter(application_id__in=plans).select_related("disbursement")
    for item in items.order_by("due_on", "pk"):
        plan = plans[item.application_id].setdefault(
            item.disbursement_id, Plan(item.disbursement.value_date, [])
        )
        plan.items.append(Due(item.due_on, item.principal, item.interest))
    signed = Contract.objects.filter(application_id__in=plans, live=True, signed_at__isnull=False)
    terms = {one.application_id: one for one in signed}
    return {
        number: as_owed(
            list(found.values()), payments[number], rate=terms[number].rate, day_count=terms[number].day_count
        )
        if found
        else []
        for number, found in plans.items()
    }


def claim_of(application_id: int) -> Claim | None:
    """The latest claim."""
    return (
        Claim.objects.filter(application_id=application_id)
        .order_by("-pk")
        .prefetch_related("shares__organisation")
        .first()
    )


def recoveries_of(application_id: int) -> QuerySet[Recovery]:
    return Recovery.objects.filter(application_id=application_id).order_by("pk")


def paid_sums(application_id: int) -> dict[str, Decimal]:
    """Principal, interest, penalty and fee that were paid and stand (yuan)."""
    names = ("principal", "interest", "penalty", "fee")
    sums = counted_repayments(application_id).aggregate(**{name: Sum(name, default=ZERO) for name in names})
    return {name: Decimal(sums[name]) for name in names}


def unpaid_since(application: Application, today: dt.date) -> dt.date | None:
    """The oldest due day whose principal and interest are not fully paid."""
    return _unpaid_since([application.pk], today)[application.pk]


def _unpaid_since(application_ids: Sequence[int], today: dt.date) -> dict[int, dt.date | None]:
    payments = payments_of(application_ids)
    return {
        number: oldest_unpaid(
            items, today=today,
            principal=sum((one.principal for one in payments[number]), ZERO),
            interest=sum((one.interest for one in payments[number]), ZERO),
        )
        for number, items in _instalments(payments).items()
    }  # fmt: skip


def days_overdue(application: Application, today: dt.date) -> int:
    """Days since the oldest unpaid due day; 0 when nothing is late."""
    return days_late([application.pk], today)[application.pk]


def days_late(application_ids: Sequence[int], today: dt.date) -> dict[int, int]:
    """As `days_overdue`, of several loans at once."""
    found = _unpaid_since(application_ids, today)
    return {number: (today - since).days if since else 0 for number, since in found.items()}


def due_now(application: Application, today: dt.date) -> dict[str, Decimal]:
    """What is due by today and not paid, with penalty interest 罚息 of late principal (1.5 times the rate), in yuan.

    Payments cover the oldest instalment first; each runs late from its own due day.
    """
    contract = contract_of(application.pk)
    paid = paid_sums(application.pk)
    due = [item for item in instalments_of(application.pk) if item.due_on <= today]
    left, late, penalty = paid["principal"], ZERO, ZERO
    for item in due:
        open_part = item.principal - min(left, item.principal)
        left -= item.principal - open_part
        late += open_part
        if contract:
            penalty += penalty_interest(open_part, contract.rate, item.due_on, today)
    interest = sum((item.interest for item in due), ZERO)
    return {"principal": late, "interest": max(interest - paid["interest"], ZERO), "penalty": penalty}


def balances(application_id: int) -> dict[str, Decimal]:
    """Accounts of a loan: code -> balance (debits less credits, yuan)."""
    return dict(LedgerAccount.objects.filter(application_id=application_id).values_list("code", "balance"))


def borne(application: Application) -> dict[str, Decimal]:
    """What each party has not got back yet (yuan)."""
    found = balances(application.pk)
    return {
        Party.BANK: found.get(AccountCode.PRINCIPAL, ZERO),
        Party.GUARANTOR: found.get(AccountCode.DUE_GUARANTOR, ZERO),
        Party.POOL: found.get(AccountCode.DUE_POOL, ZERO),
    }


def pool_left(application: Application) -> Decimal:
    """The most the pool may pay for a loan: the product's cap of a project, what it holds, what is left unpaid in the pool."""
    version = application.product_version
    if version.pool_id is None:
        return ZERO
    total = RiskCounter.objects.filter(organisation_id=version.pool_id, scope=RiskScope.TOTAL).first()
    left = total.paid_cap - total.paid if total else ZERO
    held = (
        RiskHold.objects.filter(application=application, counter=total)
        .values_list("amount", flat=True)
        .first()
    )
    caps = [left, held or ZERO]
    if version.pool_project_cap is not None:
        caps.append(version.pool_project_cap)
    return min(caps)


def portfolio(actor: Actor) -> QuerySet[Application]:
    """Loans of the acting bank, newest first."""
    return to_bank(actor).filter(status__in=["approved", *LOAN_STATES]).order_by("-pk")


def waiting_for_ops(actor: Actor) -> QuerySet[Application]:
    """Approved without a contract on record, signed without money, or money waiting for a second person."""
    waits = (
        Q(status="approved")
        | Q(status="contracted")
        | Q(disbursements__checker_person__isnull=True, disbursements__isnull=False)
    )
    waits |= Q(repayments__reversal_of__isnull=False, repayments__checker_person__isnull=True)
    waits |= Q(recoveries__checker_person__isnull=True, recoveries__isnull=False)
    return to_bank(actor).filter(waits).distinct().order_by("pk")


def exposure(rows: QuerySet[Application], by: str) -> list[dict[str, object]]:
    """Outstanding principal and undrawn reserve of a bank's loans by a field, largest first."""
    sums = rows.values(label=F(by)).annotate(owed=Sum("drawn"), undrawn=Sum("reserved"))
    return [dict(row) for row in sums.order_by("-owed")]


def in_states(rows: QuerySet[Application], states: Iterable[str]) -> QuerySet[Application]:
    return rows.filter(status__in=list(states))


def with_claims(actor: Actor) -> QuerySet[Application]:
    """Loans of which the acting guarantor or fund was claimed, newest first: the loss, its own share of what was not refused,
    what it paid of it and what it got back (yuan)."""
    party = Party.POOL if actor.role == Role.FUND_MANAGER else Party.GUARANTOR
    mine = ClaimShare.objects.filter(party=party, organisation_id=organisation_of(actor))
    share = mine.filter(claim__application_id=OuterRef("pk")).exclude(claim__state="refused")
    back = Recovery.objects.filter(application_id=OuterRef("pk"), checker_person__isnull=False).values(
        "application_id"
    )
    return with_parts().filter(pk__in=mine.values("claim__application_id")).order_by("-pk").annotate(
        loss=Subquery(share.values("claim__loss")),
        own_share=Coalesce(Subquery(share.values("amount")), ZERO),
        own_paid=Coalesce(Subquery(share.filter(checker_person__isnull=False).values("amount")), ZERO),
        own_back=Coalesce(Subquery(back.annotate(sum=Sum(f"{party}_part")).values("sum")), ZERO),
    )  # fmt: skip


def of_claims(rows: QuerySet[Application]) -> dict[str, Decimal]:
    """Sums of `with_claims`."""
    names = ("own_share", "own_paid", "own_back")
    return rows.order_by().aggregate(**{f"{name}_sum": Sum(name, default=ZERO) for name in names})


def of_pool(actor: Actor) -> QuerySet[Application]:
    """Loans that the acting fund's pool stands behind."""
    rows = with_parts().filter(product_version__pool_id=organisation_of(actor))
    return rows.filter(status__in=["approved", *LOAN_STATES]).order_by("-pk")
