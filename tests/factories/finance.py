"""Banks, products, firms with a score and figures, consents, lines and applications of a park that was entered."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from enterprises.models import Cycle, Declaration, DeclaredValue, Enterprise
from finance.models import (
    Application,
    ApplicationEvent,
    Consent,
    CreditLine,
    Decision,
    Product,
    ProductVersion,
    Quote,
)
from finance.rules import CREDIT_GROUPS, digest_of
from parks.actors import Actor
from parks.models import Organisation, Park, Partnership
from scoring.models import CurrentRun, ScoreResult, ScoreRun, Snapshot
from tests.factories import parks as people
from tests.factories import scoring as scores

YEAR = 2025
FORMULA = {
    "bands": [["60", "500000"], ["70", "3000000"], ["80", "6000000"], ["90", "10000000"], ["100", "15000000"]],
    "stage": {"startup": "0.8", "growth": "1.0", "mature": "1.0"},
    "alpha": "0.30", "beta": "8", "gamma": "0.50",
}  # fmt: skip
FIGURES = {
    YEAR: {
        "revenue": 50_000_000,
        "tax_paid_total": 1_600_000,
        "net_assets_end": 18_000_000,
        "rd_expense": 4_000_000,
    },
    YEAR - 1: {"revenue": 40_000_000, "tax_paid_total": 1_200_000, "rd_expense": 3_000_000},
}
"""The worked example: with 86 points in the growth stage the line is 9,000,000 yuan, bound by equity."""
DIMENSIONS = {"economy_tax": 26, "rd_input": 22, "talent": 18, "tech_activity": 20}


@dataclass
class Bank:
    organisation: Organisation
    maker: Actor
    checker: Actor
    version: ProductVersion

    @property
    def product(self) -> Product:
        return self.version.product


@dataclass
class Firm:
    enterprise: Enterprise
    signatory: Actor
    agent: Actor


def bank(park: Park, *, name: str = "江城银行", code: str = "jf-loan", **terms: Any) -> Bank:
    """A bank that works in the park, two of its people, and a product that they activated."""
    organisation = people.organisation("bank", name)
    Partnership.objects.create(organisation=organisation, starts_on=dt.date(2020, 1, 1))
    maker = people.actor("bank_maker", park, organisation=organisation)
    checker = people.actor("bank_checker", park, organisation=organisation)
    product = Product.objects.create(organisation=organisation, code=code, name=f"{name}创新积分贷")
    version = ProductVersion.objects.create(product=product, number=1, **(_terms(maker) | terms))
    activate(version, checker)
    return Bank(organisation, maker, checker, version)


def _terms(by: Actor) -> dict[str, Any]:
    return {
        "cap": Decimal(15_000_000), "min_score": Decimal(60), "rate_low": Decimal("0.0300"), "rate_high": Decimal("0.0600"),
        "term_min": 3, "term_max": 36, "formula": FORMULA, "digest": digest_of(FORMULA),
        "proposed_by_ref": by.person_id, "proposed_by_name": by.person_name,
    }  # fmt: skip


def activate(version: ProductVersion, by: Actor) -> None:
    ProductVersion.objects.filter(pk=version.pk).update(
        state="active",
        activated_by_ref=by.person_id,
        activated_by_name=by.person_name,
        activated_at=timezone.now(),
    )
    version.refresh_from_db()


def firm(
    park: Park,
    number: int = 1,
    *,
    points: int | str = 86,
    stage: str = "growth",
    official: bool = True,
    **figures: Any,
) -> Firm:
    """A certified firm with a score of YEAR and verified figures of two years (the worked example)."""
    enterprise = scores.enterprise(number, name=figures.pop("name", f"示例企业{number}"))
    score(enterprise, points=points, stage=stage, official=official, flags=figures.pop("flags", 0))
    for year, amounts in FIGURES.items():
        own = amounts | figures if year == YEAR else amounts
        declare(enterprise, year, own)
    roles = [
        people.actor(role, park, organisation=enterprise.organisation)
        for role in ("enterprise_signatory", "enterprise_agent")
    ]
    return Firm(enterprise, *roles)


def declare(enterprise: Enterprise, year: int, amounts: dict[str, Any]) -> Declaration:
    """A verified declaration with these figures (yuan)."""
    cycle = Cycle.objects.filter(year=year).first() or scores.cycle(year)
    declaration = Declaration.objects.create(cycle=cycle, enterprise=enterprise, state="verified")
    DeclaredValue.objects.bulk_create(
        [
            DeclaredValue(
                declaration=declaration, code=code, state="verified", verified_amount=Decimal(value)
            )
            for code, value in amounts.items()
            if value is not None
        ]
    )
    return declaration


def run(year: int = YEAR, *, official: bool = True) -> ScoreRun:
    """The current run of a year, without the way through the engine."""
    pointer = CurrentRun.objects.filter(cycle__year=year).select_related("run").first()
    if pointer:
        return pointer.run
    cycle = Cycle.objects.filter(year=year).first() or scores.cycle(year)
    snapshot = Snapshot.objects.create(
        cycle=cycle, scheme_version=cycle.scheme_version, columns=[], inputs=[], rows=1, root="1" * 64
    )
    made = ScoreRun.objects.create(
        cycle=cycle, snapshot=snapshot, scheme_version=cycle.scheme_version, state="computed", engine_version="1", snapshot_root="1" * 64,
        scheme_digest=cycle.scheme_version.digest, result_root="2" * 64, run_hash="3" * 64, rows=1, dimensions=list(DIMENSIONS),
        flag_codes=["VETO", "PROVISIONAL"], computed_at=timezone.now(), official_at=timezone.now() if official else None,
    )  # fmt: skip
    CurrentRun.objects.create(cycle=cycle, run=made)
    return made


def score(
    enterprise: Enterprise,
    *,
    points: int | str,
    stage: str,
    official: bool = True,
    flags: int = 0,
    year: int = YEAR,
) -> ScoreResult:
    return ScoreResult.objects.create(
        run=run(year, official=official), enterprise=enterprise, uscc=enterprise.uscc, stage=stage, normalised=[], points=[],
        dimensions=[value * 10**14 for value in DIMENSIONS.values()], total=Decimal(points), completeness=Decimal(1), place=1, stage_place=1,
        flags=flags, board_scores=[], board_places=[], board_positions=[],
    )  # fmt: skip


def consent(
    bank: Bank,
    firm: Firm,
    *,
    days: int = 180,
    starts: dt.timedelta = dt.timedelta(minutes=-1),
    groups: tuple[str, ...] = CREDIT_GROUPS,
    root_id: int | None = None,
    product: Product | None = None,
) -> Consent:
    """A consent row, without the service."""
    begin = timezone.now() + starts
    return Consent.objects.create(
        enterprise=firm.enterprise, organisation=bank.organisation, product=product or bank.product, groups=list(groups),
        period=DateTimeTZRange(begin, begin + dt.timedelta(days=days)), text_version="1", text="授权", digest="4" * 64,
        granted_by_ref=firm.signatory.person_id, granted_by_name=firm.signatory.person_name, root_id=root_id,
    )  # fmt: skip


def revoke(consent: Consent, firm: Firm) -> None:
    """The revocation alone, without its effects."""
    Consent.objects.filter(pk=consent.pk).update(
        revoked_at=timezone.now(),
        revoked_by_ref=firm.signatory.person_id,
        revoked_by_name=firm.signatory.person_name,
    )


def line(
    bank: Bank,
    firm: Firm,
    consent: Consent,
    *,
    amount: int = 9_000_000,
    expires: dt.timedelta = dt.timedelta(days=90),
) -> CreditLine:
    """A live quote and its line, without the formula."""
    quote = Quote.objects.create(
        enterprise=firm.enterprise, organisation=bank.organisation, product=bank.product, product_version=bank.version, consent=consent,
        snapshot=run().snapshot, inputs={}, steps=[], binding="equity_capacity", amount=Decimal(amount), digest="5" * 64,
        expires_at=timezone.now() + expires,
    )  # fmt: skip
    return CreditLine.objects.create(
        enterprise=firm.enterprise, organisation=bank.organisation, product=bank.product, quote=quote,
        quoted_limit=Decimal(amount), hard_limit=Decimal(amount),
    )  # fmt: skip


def draft(
    bank: Bank, firm: Firm, line: CreditLine, consent: Consent, *, amount: int = 1_000_000
) -> Application:
    return Application.objects.create(
        line=line, enterprise=firm.enterprise, organisation=bank.organisation, product_version=bank.version, quote_id=line.quote_id,
        consent=consent, amount=Decimal(amount), term_months=12, purpose="采购原材料", client_ref=str(uuid.uuid4()),
        contact_due_at=timezone.now() + dt.timedelta(days=1), lapses_at=timezone.now() + dt.timedelta(days=9),
        created_by_ref=firm.signatory.person_id, created_by_name=firm.signatory.person_name,
    )  # fmt: skip


def step(
    application: Application,
    event: str,
    role: str,
    to: str,
    *,
    person: Actor | None = None,
    reserve: Any = 0,
    **fields: Any,
) -> ApplicationEvent:
    """One history row as SQL writes it; the trigger moves the application."""
    application.refresh_from_db()
    made = ApplicationEvent.objects.create(
        application=application, machine="application", from_state=fields.pop("from_state", application.status), event=event, role=role,
        to_state=to, reserve=Decimal(reserve), person_ref=person.person_id if person else None,
        person_name=person.person_name if person else "", **fields,
    )  # fmt: skip
    application.refresh_from_db()
    return made


def submitted(
    bank: Bank, firm: Firm, line: CreditLine, consent: Consent, *, amount: int = 1_000_000
) -> Application:
    """An application that reached the bank."""
    application = draft(bank, firm, line, consent, amount=amount)
    step(application, "submit", "enterprise_signatory", "submitted", person=firm.signatory)
    step(application, "screen", "system", "screened")
    return application


def proposal(
    bank: Bank, application: Application, *, amount: int | None = None, by: Actor | None = None, **fields: Any
) -> Decision:
    """The maker's proposal and its step."""
    maker = by or bank.maker
    content = {"amount": str(amount or application.amount), "rate": "0.0450", "term_months": 12}
    decision = Decision.objects.create(
        application=application, amount=Decimal(amount or application.amount), rate=Decimal("0.0450"), term_months=12, content=content,
        content_hash=digest_of(content), maker_person=maker.person_id, maker_name=maker.person_name, **fields,
    )  # fmt: skip
    step(application, "propose", "bank_maker", "proposed", person=maker)
    return decision


def decide(decision: Decision, outcome: str, by: Actor) -> None:
    """The checker's verdict alone, without its step."""
    Decision.objects.filter(pk=decision.pk).update(
        outcome=outcome, checker_person=by.person_id, checker_name=by.person_name
    )


def scalar(sql: str, *parameters: Any) -> Any:
    """One value by SQL as the application's role."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
