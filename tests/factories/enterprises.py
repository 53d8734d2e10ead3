"""Firms, cycles and declarations of a park that was entered."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import (
    AgentLetter,
    Certification,
    Cycle,
    Declaration,
    DeclaredValue,
    DepartmentBatch,
    Enterprise,
)
from enterprises.queries import declarations as queries
from enterprises.services import authority, cycles, declarations, departments, registration, signing
from indicators.models import SchemeVersion
from indicators.services import schemes
from innovscore.core import uscc as codes
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Membership, Organisation, Park
from tests.factories import files
from tests.factories import parks as people

YEAR = 2025
FOUNDED = dt.date(2015, 3, 1)
SOUND = {
    "revenue": 86_000_000, "revenue_prev": 70_000_000, "hightech_revenue": 50_000_000, "total_cost_expense": 80_000_000,
    "net_profit": 5_000_000, "net_assets_begin": 30_000_000, "net_assets_end": 35_000_000, "total_assets_end": 60_000_000,
    "total_liabilities_end": 25_000_000, "tax_paid_total": 3_000_000, "rd_expense": 6_880_000, "rd_expense_prev": 5_400_000,
    "staff_total": 160, "rd_staff": 40,
}  # fmt: skip


def scheme(by: Actor, name: str = "cq_htz_30") -> SchemeVersion:
    """A scheme of the library in force."""
    platform = Actor.system(Park.objects.get(pk=by.park_id))
    return SchemeVersion.objects.filter(code=name).first() or schemes.adopt(by=platform, name=name)


def cycle(by: Actor, year: int = YEAR, *, scheme_name: str = "cq_htz_30", days: int = 30) -> Cycle:
    """The open cycle of a year."""
    found = Cycle.objects.filter(year=year).first()
    version = scheme(by, scheme_name)
    return found or cycles.open_cycle(
        by=by, year=year, scheme_version=version, deadline=db_now() + dt.timedelta(days=days)
    )


def enterprise(
    number: int, *, state: str = "certified", organisation: Organisation | None = None, **fields: Any
) -> Enterprise:
    code = codes.synthetic(number)
    organisation = organisation or people.organisation("enterprise", f"企业{number}", code)
    return Enterprise.objects.create(
        organisation=organisation, uscc=code, name=f"示例企业{number}", certification_state=state, member_from="2020-01-01",
        founded_on=FOUNDED, **fields,
    )  # fmt: skip


def particulars(number: int = 1, **changes: Any) -> registration.Particulars:
    fields: dict[str, Any] = {
        "uscc": codes.synthetic(number), "name": f"示例企业{number}", "legal_representative": "李法人", "registered_address": "创新大道1号",
        "founded_on": FOUNDED, "industry": "电子", "sub_park": None,
    }  # fmt: skip
    return registration.Particulars(**(fields | changes))


def table(heads: Sequence[str], *rows: Sequence[object]) -> bytes:
    """A CSV file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([heads, *rows])
    return buffer.getvalue().encode()


def batch(by: Actor, of: Cycle, data: bytes, **changes: Any) -> DepartmentBatch:
    """An uploaded and checked file of the tax office."""
    fields: dict[str, Any] = {
        "source": "tax",
        "as_of": dt.date(2026, 6, 12),
        "filename": "tax.csv",
        "data": data,
    }
    return departments.upload(by=by, cycle=of, **(fields | changes))


def apply(by: Actor, row: DepartmentBatch) -> dict[str, Any]:
    return departments.apply(by=by, batch=row, report=lambda *_progress: None)


def declaration(by: Actor, firm: Enterprise, of: Cycle, **amounts: int | str) -> Declaration:
    """The firm's declaration, pre-filled by the tax office with amounts in yuan (or units)."""
    if amounts:
        source = DepartmentBatch.objects.create(
            year=of.year,
            source="tax",
            as_of=dt.date(2026, 6, 12),
            filename="t",
            sha256="0" * 64,
            state="applied",
        )
        for code, amount in amounts.items():
            source.values.create(
                uscc=firm.uscc,
                year=of.year,
                code=code,
                amount=Decimal(str(amount)),
                source="tax",
                as_of=source.as_of,
            )
    cycles.prepare_declarations(by=by, cycle=of, enterprises=[firm])
    return Declaration.objects.select_related("cycle__scheme_version", "enterprise").get(
        cycle=of, enterprise=firm
    )


def value(of: Declaration, code: str) -> DeclaredValue:
    return DeclaredValue.objects.get(declaration=of, code=code)


def case_of(firm: Enterprise) -> Certification:
    return Certification.objects.filter(enterprise=firm).latest("pk")


def paper(name: str = "授权委托书.pdf") -> SimpleUploadedFile:
    """A signed letter of authority."""
    return SimpleUploadedFile(name, files.pdf(), content_type="application/pdf")


def letter(by: Actor, firm: Enterprise, agent: Actor, **powers: Any) -> AgentLetter:
    """The legal representative `by` gives an agent a letter."""
    membership = Membership.objects.select_related("account__person").get(pk=agent.membership_id or 0)
    return authority.change_letter(
        by=by, enterprise=firm, membership=membership, powers=authority.Powers(**powers),
        upload=paper() if powers.get("may_sign") else None,
    )  # fmt: skip


def finish(of: Declaration, agent: Actor) -> None:
    """Confirm what is pre-filled and explain every warning."""
    declarations.confirm(by=agent, declaration=of, codes=list(SOUND))
    values = {row.code: row for row in DeclaredValue.objects.filter(declaration=of)}
    for finding in queries.findings(of, values):
        row = value(of, finding.code)
        declarations.explain(
            by=agent, declaration=of, code=row.code, version=row.version, text="已与审计报告核对一致"
        )


def sign(of: Declaration, signatory: Actor) -> Declaration:
    values = {row.code: row for row in DeclaredValue.objects.filter(declaration=of)}
    return signing.submit(by=signatory, declaration=of, seen_hash=signing.content_hash(values))
