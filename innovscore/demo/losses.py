"""Guaranteed loans of the demo zone that went wrong, one at every step from default to written off or recovered."""

from __future__ import annotations

from decimal import Decimal

from finance.models import Application, Recovery
from finance.queries import loans
from finance.services import defaults
from parks.actors import Actor
from parks.clock import db_today

WAN = Decimal(10_000)
PAYERS = (("guarantor", "guar.maker@demo", "guar.check@demo"), ("pool", "fund@demo", "fund2@demo"))
REASON = "主要客户停产，回款中断，催收无果"
STEPS = ("propose", "default", "file", "accept", "pay", "recover", "write_off")
LOSSES = (
    # amount in 万元, the last of STEPS taken, share of the loss got back
    (60, "propose", "0"),
    (80, "default", "0"),
    (100, "file", "0"),
    (90, "accept", "0"),
    (120, "recover", "0.35"),
    (50, "write_off", "0.2"),
    (40, "recover", "1"),
)


def go_wrong(actors: dict[str, Actor], loan: Application, *, until: str, back: str, ref: str) -> None:
    """Take an overdue loan through STEPS up to and with `until`, each by the two persons it needs."""
    taken = STEPS[: STEPS.index(until) + 1]
    maker, checker = actors["bank.maker@demo"], actors["bank.check@demo"]
    defaults.propose(by=maker, application_id=loan.pk, reason=REASON)
    if "default" in taken:
        defaults.confirm(by=checker, application_id=loan.pk)
    if "file" in taken:
        claim = defaults.file_claim(by=maker, application_id=loan.pk, note=REASON)
    if "accept" in taken:
        defaults.review_claim(by=actors["guar.maker@demo"], claim_id=claim.pk, opinion="accept")
        defaults.decide_claim(by=actors["guar.check@demo"], claim_id=claim.pk)
    if "pay" in taken:
        for party, one, two in PAYERS:
            share = claim.shares.get(party=party)
            defaults.record_payment(by=actors[one], share_id=share.pk, bank_ref=f"DC-{ref}-{party}")
            defaults.confirm_payment(by=actors[two], share_id=share.pk)
    if "recover" in taken:
        _recover(actors, loan, back=Decimal(back), ref=ref)
    if "write_off" in taken:
        defaults.propose(by=maker, application_id=loan.pk, reason="法院裁定终结执行", kind=defaults.WRITE_OFF)
        defaults.confirm(by=checker, application_id=loan.pk, kind=defaults.WRITE_OFF)


def _recover(actors: dict[str, Actor], loan: Application, *, back: Decimal, ref: str) -> Recovery:
    amount = (sum(loans.borne(loan).values()) * back).quantize(Decimal("0.01"))
    made = defaults.record_recovery(
        by=actors["bank.ops@demo"],
        application_id=loan.pk,
        amount=amount,
        value_date=db_today(),
        bank_ref=f"ZC-{ref}",
    )
    return defaults.confirm_recovery(by=actors["bank.ops2@demo"], recovery_id=made.pk)
