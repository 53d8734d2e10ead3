"""A bank, a product and a firm with a known score and figures, ready to borrow."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from enterprises.models import Cycle, Declaration, DeclaredValue, Enterprise
from finance.models import Application, Consent, CreditLine, ProductVersion
from finance.services import applications, consents, decisions, products
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Park
from scoring.models import CurrentRun, ScoreResult, ScoreRun, Snapshot
from tests.factories import parks as people
from tests.factories import scoring

YEAR = 2025
FIGURES = {
    YEAR: {
        "revenue": 50_000_000,
        "tax_paid_total": 1_600_000,
        "net_assets_end": 18_000_000,
        "rd_expense": 6_000_000,
    },
    YEAR - 1: {"revenue": 40_000_000, "tax_paid_total": 1_200_000, "rd_expense": 5_000_000},
}


@dataclass
class World:
    """Everybody of one lending case."""

    park: Park
    maker: Actor
    checker: Actor
    signatory: Actor
    agent: Actor
    enterprise: Enterprise
    version: ProductVersion

    def consent(self, months: int = 6) -> Consent:
        return consents.grant(by=self.signatory, product_code=self.version.product.code, months=months)

    @property
    def line(self) -> CreditLine:
        return CreditLine.objects.get(enterprise=self.enterprise, product=self.version.product)

    def apply(self, amount: int = 5_000_000, ref: str = "ref-1") -> Application:
        return applications.submit(
            by=self.signatory, product_code=self.version.product.code, amount=Decimal(amount), term_months=12,
            purpose="采购研发设备", client_ref=ref,
        )  # fmt: skip

    def propose(self, application: Application, amount: int = 4_000_000, **kwargs: Any) -> Any:
        return decisions.propose(
            by=self.maker,
            application_id=application.pk,
            amount=Decimal(amount),
            rate=Decimal("0.0345"),
            term_months=12,
            **kwargs,
        )

    def approve(self, application: Application, by: Actor | None = None) -> Any:
        decision = application.decisions.get(live=True)
        return decisions.decide(
            by=by or self.checker,
            application_id=application.pk,
            outcome="approve",
            content_hash=decision.content_hash,
        )


def terms(**changes: Any) -> products.Terms:
    values = {
        "cap": Decimal(15_000_000), "min_score": Decimal(60), "rate_low": Decimal("0.03"), "rate_high": Decimal("0.045"),
        "term_min": 3, "term_max": 36,
    } | changes  # fmt: skip
    return products.Terms(**values)


def product(maker: Actor, checker: Actor, code: str = "points-loan", **changes: Any) -> ProductVersion:
    """An active product version, made by two people."""
    version = products.propose(by=maker, code=code, name="创新积分贷", terms=terms(**changes))
    return products.activate(by=checker, version_id=version.pk)


def score(
    enterprise: Enterprise,
    *,
    total: str = "86",
    stage: str = "growth",
    published: bool = True,
    flags: int = 0,
    year: int = YEAR,
) -> ScoreResult:
    """A current result of the year with verified figures behind it."""
    cycle = Cycle.objects.filter(year=year).first() or scoring.cycle(year)
    pointer = CurrentRun.objects.filter(cycle=cycle).first()
    run = pointer.run if pointer else _run(cycle, published)
    return ScoreResult.objects.create(
        run=run, enterprise=enterprise, uscc=enterprise.uscc, stage=stage, normalised=[0], points=[0], dimensions=[10**15] * 4,
        total=Decimal(total), completeness=Decimal(100), flags=flags, place=1, stage_place=1, stage_percentile=5000,
        board_scores=[], board_places=[], board_positions=[],
    )  # fmt: skip


def _run(cycle: Cycle, published: bool) -> ScoreRun:
    version = cycle.scheme_version
    snapshot = Snapshot.objects.create(
        cycle=cycle, scheme_version=version, columns=[], inputs=[], rows=1, root="0" * 64
    )
    run = ScoreRun.objects.create(
        cycle=cycle, snapshot=snapshot, scheme_version=version, state="computed", engine_version="1", snapshot_root="0" * 64,
        scheme_digest=version.digest, result_root="1" * 64, run_hash="2" * 64, rows=1, stages=["startup", "growth", "mature"],
        indicators=["x"], dimensions=["economy_tax", "rd_input", "talent", "tech_activity"], boards=[],
        flag_codes=["PROVISIONAL", "VETO"], statistics={"ranked": 1, "stages": {}, "flags": {}}, computed_at=db_now(),
        official_at=db_now() if published else None,
    )  # fmt: skip
    CurrentRun.objects.create(cycle=cycle, run=run)
    return run


def figures(enterprise: Enterprise, years: dict[int, dict[str, int]] = FIGURES) -> None:
    """Verified values of two years."""
    for year, amounts in years.items():
        cycle = Cycle.objects.filter(year=year).first() or scoring.cycle(year)
        declaration, _new = Declaration.objects.get_or_create(
            cycle=cycle, enterprise=enterprise, defaults={"state": "frozen"}
        )
        for code, amount in amounts.items():
            DeclaredValue.objects.create(
                declaration=declaration, code=code, state="verified", verified_amount=amount, verified_by_name="赵审",
                verified_at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC),
            )  # fmt: skip


def world(park: Park, number: int = 1, **score_fields: Any) -> World:
    """A firm that may borrow 9,000,000 (the worked example), a bank with two people, a product. Inside the park's scope."""
    maker = people.actor("bank_maker", park)
    bank = people.Organisation.objects.get(pk=maker.organisation_id)
    checker = people.actor("bank_checker", park, organisation=bank)
    signatory = people.actor("enterprise_signatory", park)
    firm = people.Organisation.objects.get(pk=signatory.organisation_id)
    agent = people.actor("enterprise_agent", park, organisation=firm)
    enterprise = scoring.enterprise(number, organisation=firm)
    figures(enterprise)
    score(enterprise, **score_fields)
    version = product(maker, checker, code=f"points-loan-{number}")
    return World(park, maker, checker, signatory, agent, enterprise, version)
