"""A guaranteed product with its bank, guarantor and pool, and loans brought to any state through the services."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from finance.models import Application, Consent, CreditLine, ProductVersion, Repayment, RiskTerms
from finance.services import applications, consents, decisions, defaults, guarantees, loans, products, risk
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Organisation, Park, Partnership
from tests.factories import finance as make
from tests.factories import parks as people

MILLION = Decimal(1_000_000)
_refs = itertools.count(1)


def ref() -> str:
    return f"REF{next(_refs):06d}"


@dataclass
class Scene:
    """Everybody of guaranteed lending: 80 % guarantor, 10 % pool, 10 % bank unless said otherwise."""

    park: Park
    bank: Organisation
    guarantor: Organisation
    fund: Organisation
    maker: Actor
    checker: Actor
    ops: Actor
    ops2: Actor
    g_maker: Actor
    g_checker: Actor
    fund1: Actor
    fund2: Actor
    firm: make.Firm
    version: ProductVersion

    def consent(self, firm: make.Firm | None = None) -> Any:
        return consents.grant(
            by=(firm or self.firm).signatory, product_code=self.version.product.code, months=12
        )

    def apply(self, amount: Any = 3 * MILLION, firm: make.Firm | None = None, **fields: Any) -> Application:
        terms = {"term_months": 12, "purpose": "采购研发设备", "client_ref": ref()} | fields
        return applications.submit(
            by=(firm or self.firm).signatory,
            product_code=self.version.product.code,
            amount=Decimal(amount),
            **terms,
        )

    def pledge(self, application: Application, cover: str = "0.8", **fields: Any) -> None:
        made = guarantees.propose(
            by=self.g_maker,
            application_id=application.pk,
            cover_ratio=Decimal(cover),
            fee_rate=Decimal("0.01"),
            **fields,
        )
        guarantees.decide(
            by=self.g_checker, application_id=application.pk, outcome="grant", content_hash=made.content_hash
        )

    def approve(self, application: Application, amount: Any = None, rate: str = "0.036") -> None:
        made = decisions.propose(
            by=self.maker, application_id=application.pk, amount=Decimal(amount or application.amount),
            rate=Decimal(rate), term_months=12,
        )  # fmt: skip
        decisions.decide(
            by=self.checker, application_id=application.pk, outcome="approve", content_hash=made.content_hash
        )

    def contract(
        self, application: Application, amount: Any = None, days_ago: int = 0, **fields: Any
    ) -> None:
        decision = application.decisions.get(live=True)
        start = db_today() - dt.timedelta(days=days_ago)
        contract = loans.record_contract(
            by=self.ops, application_id=application.pk, number=ref(), amount=Decimal(amount or decision.amount),
            rate=decision.rate, starts_on=start, ends_on=start + dt.timedelta(days=365), **fields,
        )  # fmt: skip
        loans.sign_contract(by=self.firm.signatory, application_id=application.pk, contract_id=contract.pk)

    def disburse(self, application: Application, amount: Any = None, days_ago: int = 0) -> None:
        application.refresh_from_db()
        day = db_today() - dt.timedelta(days=days_ago)
        made = loans.record_disbursement(
            by=self.ops, application_id=application.pk, amount=Decimal(amount or application.reserved), value_date=day,
            bank_ref=ref(),
        )  # fmt: skip
        loans.confirm_disbursement(by=self.ops2, disbursement_id=made.pk)

    def repay(
        self, application: Application, principal: Any = 0, interest: Any = 0, days_ago: int = 0, **parts: Any
    ) -> Repayment:
        return loans.record_repayment(
            by=self.ops, application_id=application.pk, principal=Decimal(principal), interest=Decimal(interest),
            value_date=db_today() - dt.timedelta(days=days_ago), bank_ref=ref(), **parts,
        )  # fmt: skip

    def reverse(self, repayment: Repayment) -> None:
        made = loans.request_reversal(
            by=self.ops, repayment_id=repayment.pk, bank_ref=ref(), reason="记错账户"
        )
        loans.confirm_reversal(by=self.ops2, repayment_id=made.pk)

    def default(self, application: Application, kind: str = "default") -> None:
        defaults.propose(by=self.maker, application_id=application.pk, reason="逾期 90 天", kind=kind)
        defaults.confirm(by=self.checker, application_id=application.pk, kind=kind)

    def claim(self, application: Application, opinion: str = "accept") -> Any:
        defaults.file_claim(by=self.maker, application_id=application.pk)
        return self.settle(application, opinion)

    def settle(self, application: Application, opinion: str = "accept") -> Any:
        claim = application.claims.get(state="filed")
        defaults.review_claim(by=self.g_maker, claim_id=claim.pk, opinion=opinion, reason="材料齐全")
        return defaults.decide_claim(by=self.g_checker, claim_id=claim.pk)

    def pay(self, claim: Any) -> None:
        for share in claim.shares.exclude(party="bank").filter(amount__gt=0).order_by("party"):
            one, two = (
                (self.g_maker, self.g_checker) if share.party == "guarantor" else (self.fund1, self.fund2)
            )
            defaults.record_payment(by=one, share_id=share.pk, bank_ref=ref())
            defaults.confirm_payment(by=two, share_id=share.pk)

    def recover(self, application: Application, amount: Any) -> None:
        made = defaults.record_recovery(
            by=self.ops,
            application_id=application.pk,
            amount=Decimal(amount),
            value_date=db_today(),
            bank_ref=ref(),
        )
        defaults.confirm_recovery(by=self.ops2, recovery_id=made.pk)

    def loan(self, amount: Any = 3 * MILLION, days_ago: int = 0, **contract: Any) -> Application:
        """An active loan, wholly paid out."""
        application = self.approved(amount)
        self.contract(application, days_ago=days_ago, **contract)
        self.disburse(application, days_ago=days_ago)
        application.refresh_from_db()
        return application

    def approved(self, amount: Any = 3 * MILLION) -> Application:
        application = self.apply(amount)
        self.pledge(application)
        self.approve(application)
        return application


def terms(one: Actor, two: Actor, **amounts: Any) -> RiskTerms:
    values = {
        "capital": 10 * MILLION,
        "leverage": Decimal(1),
        "client_cap": 8 * MILLION,
        "group_cap": 8 * MILLION,
    }
    made = risk.propose(by=one, **(values | {key: Decimal(value) for key, value in amounts.items()}))
    return risk.activate(by=two, terms_id=made.pk)


def scene(
    park: Park, *, guarantor: dict[str, Any] | None = None, pool: dict[str, Any] | None = None, **fields: Any
) -> Scene:
    """The park must be entered. `guarantor` and `pool` are terms, `fields` those of the product."""
    houses = {
        kind: people.organisation(kind, name)
        for kind, name in (("bank", "江城银行"), ("guarantor", "科技担保"), ("fund", "风险补偿中心"))
    }
    for house in houses.values():
        Partnership.objects.create(organisation=house, starts_on=dt.date(2020, 1, 1))
    roles = {
        "maker": "bank_maker", "checker": "bank_checker", "ops": "bank_ops", "ops2": "bank_ops", "g_maker": "guarantor_maker",
        "g_checker": "guarantor_checker", "fund1": "fund_manager", "fund2": "fund_manager",
    }  # fmt: skip
    actors = {
        name: people.actor(role, park, organisation=houses[people.organisation_kind(role)])
        for name, role in roles.items()
    }
    terms(actors["g_maker"], actors["g_checker"], **(guarantor or {}))
    terms(actors["fund1"], actors["fund2"], **(pool or {}))
    product = {
        "cap": 15 * MILLION, "min_score": Decimal(60), "rate_low": Decimal("0.03"), "rate_high": Decimal("0.06"), "term_min": 3,
        "term_max": 36, "guarantor_id": houses["guarantor"].pk, "cover_low": Decimal("0.6"), "cover_high": Decimal("0.8"),
        "pool_id": houses["fund"].pk, "pool_share": Decimal("0.1"), "pool_project_cap": 3 * MILLION,
    } | fields  # fmt: skip
    made = products.propose(
        by=actors["maker"], code="guaranteed", name="创新积分担保贷", terms=products.Terms(**product)
    )
    version = products.activate(by=actors["checker"], version_id=made.pk)
    made_scene = Scene(
        park,
        houses["bank"],
        houses["guarantor"],
        houses["fund"],
        **actors,
        firm=make.firm(park),
        version=version,
    )
    made_scene.consent()
    return made_scene


def bring(scene: Scene, state: str) -> Application:
    """An application in a state, brought there along the services."""
    if state in ("draft", "submitted", "screened", "declined_auto"):
        return _early(scene, state)
    application = scene.apply()
    if state == "guarantee_review":
        return application
    if state in ("g_proposed", "g_declined"):
        made = guarantees.propose(
            by=scene.g_maker,
            application_id=application.pk,
            cover_ratio=Decimal("0.8"),
            fee_rate=Decimal("0.01"),
        )
        if state == "g_declined":
            guarantees.decide(
                by=scene.g_checker,
                application_id=application.pk,
                outcome="decline",
                reason="capacity",
                content_hash=made.content_hash,
            )
        return application
    if state in ("on_hold", "withdrawn", "lapsed"):
        event = {"on_hold": "hold", "withdrawn": "withdraw", "lapsed": "lapse"}[state]
        applications.step(application, event, by=scene.firm.signatory if state == "withdrawn" else None)
        return application
    scene.pledge(application)
    if state == "guaranteed":
        return application
    if state in ("proposed", "rejected"):
        made = decisions.propose(
            by=scene.maker,
            application_id=application.pk,
            amount=MILLION,
            rate=Decimal("0.036"),
            term_months=12,
        )
        if state == "rejected":
            decisions.decide(
                by=scene.checker,
                application_id=application.pk,
                outcome="reject",
                reason="capacity",
                content_hash=made.content_hash,
            )
        return application
    scene.approve(application)
    return _late(scene, application, state)


def _early(scene: Scene, state: str) -> Application:
    line = CreditLine.objects.get(enterprise=scene.firm.enterprise)
    consent = Consent.objects.get(enterprise=scene.firm.enterprise, organisation=scene.bank)
    bank = make.Bank(scene.bank, scene.maker, scene.checker, scene.version)
    application = make.draft(bank, scene.firm, line, consent)
    steps = {
        "draft": [],
        "submitted": ["submit"],
        "screened": ["submit", "screen"],
        "declined_auto": ["submit", "decline"],
    }
    for event in steps[state]:
        applications.step(application, event, by=scene.firm.signatory if event == "submit" else None)
    return application


def _late(scene: Scene, application: Application, state: str) -> Application:
    """Along the one road of a loan, or off it by a side road."""
    pk = application.pk
    side: dict[str, tuple[str, Callable[[], Any]]] = {
        "cancelled": (
            "contracted",
            lambda: loans.cancel_contract(by=scene.checker, application_id=pk, note="企业放弃"),
        ),
        "overdue": ("active", lambda: loans.mark_overdue(by=Actor.system(scene.park), application_id=pk)),
        "closed": ("active", lambda: scene.repay(application, application.amount)),
        "written_off": ("defaulted", lambda: scene.default(application, "write_off")),
    }
    road: dict[str, Callable[[], Any]] = {
        "approved": lambda: None,
        "contracted": lambda: scene.contract(application, days_ago=70),
        "active": lambda: scene.disburse(application, days_ago=70),
        "defaulted": lambda: scene.default(application),
        "claim_filed": lambda: defaults.file_claim(by=scene.maker, application_id=pk),
        "claim_accepted": lambda: scene.settle(application),
        "indemnified": lambda: scene.pay(application.claims.get()),
        "recovered": lambda: scene.recover(application, application.amount),
    }
    until, last = side.get(state, (state, lambda: None))
    for name, go in road.items():
        go()
        if name == until:
            break
    last()
    return application
