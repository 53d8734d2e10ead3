"""Loans of the demo zone: 1,880 万元 in four firms, one of them overdue, smaller ones that went wrong, one consent revoked, a need."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from enterprises.models import Enterprise
from finance.models import Application, ProductVersion
from finance.queries.pricing import price
from finance.queries.standing import in_force
from finance.services import (
    applications,
    consents,
    decisions,
    guarantees,
    loans,
    needs,
    products,
    risk,
)
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Account, Membership, Park, Person
from parks.scope import park_scope
from scoring.models import CurrentRun, ScoreResult

from . import papers, subsidies
from .losses import LOSSES, go_wrong

WAN = Decimal(10_000)
LOANS = (
    # amount in 万元, product, days since the money went out, months repaid
    (1000, "points-large", 100, 3),
    (300, "points-guaranteed", 60, 1),
    (300, "points-large", 75, 0),
    (280, "points-guaranteed", 20, 0),
)
"""The sum is what Chongqing reported for the first weeks: 4 firms, 1,880 万元. The third one is overdue."""
LOST_DAYS = 110
"""Age of a loan that went wrong: three instalments are missed, the first for about 80 days."""
CANDIDATES = 60


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """Make terms, products, loans, a need and a programme in a zone that has a published year."""
    with park_scope(park.pk):
        _terms(actors)
        versions = _products(actors)
        firms = _firms(versions["points-large"], leave_out=hero.pk)
        made = [
            _loan(park, actors, firm, version=versions[row[1]], number=number, row=row)
            for number, (row, firm) in enumerate(zip(LOANS, firms, strict=False), 1)
        ]
        if len(firms) > len(LOANS):
            _revoked(park, firms[len(LOANS)], versions["points-large"])
        _losses(park, actors, firms[len(LOANS) + 1 :], versions["points-guaranteed"])
        _need(park, actors, firms[: len(LOANS) + 1])
        subsidies.tell(actors, made)
        score = in_force(hero.pk)
        if score:
            papers.audited(actors["ent.agent@demo"], hero, score.cycle_id, "rd_expense")


def _terms(actors: dict[str, Actor]) -> None:
    for one, two, capital, leverage, client, group in (
        ("guar.maker@demo", "guar.check@demo", 30_000, 10, 3_000, 4_500),
        ("fund@demo", "fund2@demo", 4_000, 1, 300, 300),
    ):
        made = risk.propose(
            by=actors[one],
            capital=capital * WAN,
            leverage=Decimal(leverage),
            client_cap=client * WAN,
            group_cap=group * WAN,
        )
        risk.activate(by=actors[two], terms_id=made.pk)


def _products(actors: dict[str, Actor]) -> dict[str, ProductVersion]:
    common: dict[str, Any] = {
        "min_score": Decimal(40), "rate_low": Decimal("0.0300"), "rate_high": Decimal("0.0435"), "term_min": 6, "term_max": 36,
        "documents": "营业执照、近两年审计报告、纳税证明",
    }  # fmt: skip
    formula = products.DEFAULT_FORMULA | {
        "bands": [["40", "2000000"], ["55", "6000000"], ["70", "12000000"], ["100", "15000000"]]
    }
    guaranteed = {
        "guarantor_id": actors["guar.maker@demo"].organisation_id, "cover_low": Decimal("0.6"), "cover_high": Decimal("0.8"),
        "pool_id": actors["fund@demo"].organisation_id, "pool_share": Decimal("0.1"), "pool_project_cap": 300 * WAN,
    }  # fmt: skip
    offers = (
        ("bank", "points-large", "创新积分信用贷", {"cap": 1500 * WAN, "conditions": "纯信用，随借随还"}),
        ("bank", "points-guaranteed", "创新积分担保贷", {"cap": 1000 * WAN, "conditions": "有担保，额度更高", **guaranteed}),
        ("bank", "points-first", "创新积分首贷", {"cap": 500 * WAN, "first_loan_cap": 300 * WAN, "conditions": "首次贷款的企业"}),
        ("bank2", "first-loan", "科创首贷通", {"cap": 500 * WAN, "first_loan_cap": 300 * WAN, "rate_high": Decimal("0.0480"), "term_max": 12, "conditions": "面向首次贷款的科技型企业"}),
    )  # fmt: skip
    made = {}
    for bank, code, name, terms in offers:
        version = products.propose(
            by=actors[f"{bank}.maker@demo"],
            code=code,
            name=name,
            terms=products.Terms(**(common | terms)),
            formula=formula,
        )
        made[code] = products.activate(by=actors[f"{bank}.check@demo"], version_id=version.pk)
    return made


def _firms(version: ProductVersion, *, leave_out: int) -> list[Enterprise]:
    """Firms that can borrow as much as the loans need, the best first: LOANS, the revoked consent, LOSSES."""
    pointer = CurrentRun.objects.order_by("-cycle__year").first()
    if pointer is None:
        return []
    best = (
        ScoreResult.objects.filter(run=pointer.run)
        .exclude(enterprise_id=leave_out)
        .order_by("-total", "enterprise_id")
    )
    found: list[Enterprise] = []
    wanted = [row[0] * WAN for row in LOANS] + [100 * WAN] + [row[0] * WAN for row in LOSSES]
    for result in best.select_related("enterprise")[:CANDIDATES]:
        priced = price(result.enterprise_id, version)
        if priced.usable and priced.amount >= wanted[len(found)]:
            found.append(result.enterprise)
            if len(found) == len(wanted):
                break
    return found


def signatory_of(park: Park, firm: Enterprise) -> Actor:
    login = f"legal{firm.pk}@{park.code}.invalid"
    person = Person.objects.create(name=firm.legal_representative or "法定代表人")
    account = Account.objects.create(login=login, person=person)
    membership = Membership.objects.create(
        account=account,
        organisation=firm.organisation,
        role="enterprise_signatory",
        starts_on=dt.date(2022, 1, 1),
    )
    return Actor.of(membership)


def _loan(
    park: Park,
    actors: dict[str, Actor],
    firm: Enterprise,
    *,
    version: ProductVersion,
    number: int,
    row: tuple[int, str, int, int],
) -> Application:
    wan, code, days, months = row
    amount, signatory, ref = wan * WAN, signatory_of(park, firm), f"DEMO-{number}"
    consents.grant(by=signatory, product_code=code, months=12)
    made = applications.submit(
        by=signatory,
        product_code=code,
        amount=amount,
        term_months=12,
        purpose="采购研发设备和原材料",
        client_ref=ref,
    )
    decisions.acknowledge(by=actors["bank.maker@demo"], application_id=made.pk)
    if version.guarantor_id:
        pledge = guarantees.propose(
            by=actors["guar.maker@demo"],
            application_id=made.pk,
            cover_ratio=Decimal("0.8"),
            fee_rate=Decimal("0.01"),
        )
        guarantees.decide(
            by=actors["guar.check@demo"],
            application_id=made.pk,
            outcome="grant",
            content_hash=pledge.content_hash,
        )
    decision = decisions.propose(
        by=actors["bank.maker@demo"],
        application_id=made.pk,
        amount=amount,
        rate=Decimal("0.0345"),
        term_months=12,
    )
    decisions.decide(
        by=actors["bank.check@demo"],
        application_id=made.pk,
        outcome="approve",
        content_hash=decision.content_hash,
    )
    start = db_today() - dt.timedelta(days=days)
    _pay_out(actors, made, signatory, amount=amount, start=start, ref=ref)
    _repay(actors, made, months, ref)
    return made


def _losses(park: Park, actors: dict[str, Actor], firms: list[Enterprise], version: ProductVersion) -> None:
    for number, (firm, (wan, until, back)) in enumerate(zip(firms, LOSSES, strict=False), len(LOANS) + 1):
        row = (wan, version.product.code, LOST_DAYS, 0)
        loan = _loan(park, actors, firm, version=version, number=number, row=row)
        go_wrong(actors, loan, until=until, back=back, ref=f"DEMO-{number}")


def _pay_out(
    actors: dict[str, Actor],
    made: Application,
    signatory: Actor,
    *,
    amount: Decimal,
    start: dt.date,
    ref: str,
) -> None:
    contract = loans.record_contract(
        by=actors["bank.ops@demo"], application_id=made.pk, number=f"HT-{ref}", amount=amount, rate=Decimal("0.0345"), starts_on=start,
        ends_on=start + dt.timedelta(days=365),
    )  # fmt: skip
    loans.sign_contract(by=signatory, application_id=made.pk, contract_id=contract.pk)
    paid = loans.record_disbursement(
        by=actors["bank.ops@demo"],
        application_id=made.pk,
        amount=amount,
        value_date=start,
        bank_ref=f"FK-{ref}",
    )
    loans.confirm_disbursement(by=actors["bank.ops2@demo"], disbursement_id=paid.pk)


def _repay(actors: dict[str, Actor], made: Application, months: int, ref: str) -> None:
    for item in made.schedule.order_by("seq")[:months]:
        loans.record_repayment(
            by=actors["bank.ops@demo"], application_id=made.pk, principal=item.principal, interest=item.interest, value_date=item.due_on,
            bank_ref=f"HK-{ref}-{item.seq}",
        )  # fmt: skip
    loans.mark_overdue(by=actors["bank.ops@demo"], application_id=made.pk)


def _revoked(park: Park, firm: Enterprise, version: ProductVersion) -> None:
    signatory = signatory_of(park, firm)
    made = consents.grant(by=signatory, product_code=version.product.code, months=6)
    consents.revoke(by=signatory, consent_id=made.pk)


def _need(park: Park, actors: dict[str, Actor], firms: list[Enterprise]) -> None:
    if not firms:
        return
    member = (
        Membership.objects.filter(organisation=firms[-1].organisation)
        .select_related("account__person", "organisation", "park")
        .first()
    )
    signatory = Actor.of(member) if member else signatory_of(park, firms[-1])
    need = needs.post(
        by=signatory, amount=500 * WAN, term_months=24, purpose="新建中试生产线", guarantee_wish="any"
    )
    needs.answer(
        by=actors["bank2.maker@demo"],
        need_id=need.pk,
        offers=True,
        amount=300 * WAN,
        rate=Decimal("0.0365"),
        text="可办理信用贷款，三个工作日内上门。",
    )
