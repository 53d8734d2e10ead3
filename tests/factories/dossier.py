"""A firm of a real run, with verified papers behind its figures, a bank, and an application that the bank works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import Cycle, Declaration, DeclaredValue, Enterprise
from finance.models import Application, Consent
from finance.services import consents
from parks import jobs
from parks.models import EvidenceFile, Park
from parks.scope import park_scope
from parks.services import evidence
from scoring.services import runs, snapshots
from tests.factories import files, scoring
from tests.factories import finance as make
from tests.factories import parks as people

PAPERS = {"revenue": "年度审计报告.pdf", "rd_expense": "研发费用专项审计.pdf"}
ROLL = "科技人员花名册.pdf"


@dataclass
class Case:
    """`papers` by the input that they prove; the one of `rd_staff` lists people."""

    park: Park
    bank: make.Bank
    firm: make.Firm
    papers: dict[str, EvidenceFile] = field(default_factory=dict)

    def grant(self, *more: str) -> Consent:
        groups = (*make.CREDIT_GROUPS, *more)
        return consents.grant(
            by=self.firm.signatory, product_code=self.bank.product.code, months=6, groups=groups
        )

    def apply(self, consent: Consent) -> Application:
        line = make.line(self.bank, self.firm, consent)
        return make.submitted(self.bank, self.firm, line, consent)


def case(park: Park) -> Case:
    """The first golden firm in an official run of 2025. The park must not be entered."""
    with park_scope(park.pk):
        officer = people.actor("score_officer", park)
        cycle = scoring.cycle()
        snapshots.store(by=officer, cycle=cycle, cases=scoring.golden_cases())
        run = runs.request_run(by=officer, cycle=cycle)
    with park_scope(park.pk):
        jobs.run(run.job_id)
    with park_scope(park.pk):
        run.refresh_from_db()
        runs.make_official(by=people.actor("park_admin", park), run=run)
        enterprise = Enterprise.objects.order_by("pk")[1]
        roles = ("enterprise_signatory", "enterprise_agent")
        firm = make.Firm(
            enterprise, *(people.actor(role, park, organisation=enterprise.organisation) for role in roles)
        )
        made = Case(park, make.bank(park), firm)
        for year, amounts in make.FIGURES.items():
            make.declare(enterprise, year, amounts)
        made.papers = attach(firm, cycle, PAPERS | {"rd_staff": ROLL})
    return made


def attach(firm: make.Firm, cycle: Cycle, named: dict[str, str]) -> dict[str, EvidenceFile]:
    """Papers behind verified figures of a year, by input code."""
    declaration = Declaration.objects.get(enterprise=firm.enterprise, cycle=cycle)
    return {code: _attach(firm, declaration, code, name) for code, name in named.items()}


def _attach(firm: make.Firm, declaration: Declaration, code: str, name: str) -> EvidenceFile:
    upload = SimpleUploadedFile(name, files.pdf(f"{code} {declaration.cycle.year}"))
    row = evidence.store(by=firm.agent, organisation_id=firm.enterprise.organisation_id, upload=upload)
    DeclaredValue.objects.update_or_create(
        declaration=declaration, code=code,
        defaults={"state": "verified", "verified_amount": 10, "evidence": row},
    )  # fmt: skip
    return row


def names(documents: Iterable[Any]) -> list[str]:
    return [document.title for document in documents]
