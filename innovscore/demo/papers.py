"""Evidence of the demo zone: small documents behind the first places of a board and behind corrections under review."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from enterprises.models import Cycle, DeclaredValue, Enterprise
from parks.actors import Actor
from parks.scope import park_scope
from parks.services import evidence
from rankings.models import BoardEdition, BoardEntry

FIRST = 3
CORRECTED = 40
"""So many corrections that wait for a reviewer carry a document."""


def attach(by: Actor, edition: BoardEdition, code: str) -> None:
    """The figure `code` of the first three firms rests on a file, so that the trace leads to its bytes."""
    with park_scope(by.park_id):
        first = BoardEntry.objects.filter(edition=edition, position__lte=FIRST).select_related("enterprise")
        for entry in first:
            audited(by, entry.enterprise, edition.cycle_id, code)


def audited(by: Actor, firm: Enterprise, cycle_id: int, code: str) -> None:
    """The verified figure `code` of a firm rests on an audit report."""
    upload = SimpleUploadedFile(
        "研发费用专项审计报告.pdf", pdf(f"R&D expense audit report (demo) {firm.uscc}")
    )
    row = evidence.store(by=by, organisation_id=firm.organisation_id, upload=upload)
    values = DeclaredValue.objects.filter(
        declaration__cycle_id=cycle_id, declaration__enterprise=firm, code=code
    )
    values.update(evidence=row, evidence_page=1)


def attach_corrections(by: Actor, cycle: Cycle) -> None:
    """Figures that firms corrected and that wait for a reviewer: a report with its page, each third a photograph."""
    values = (
        DeclaredValue.objects.filter(
            declaration__cycle=cycle, declaration__state="submitted", state="disputed", declared_amount__isnull=False
        )
        .select_related("declaration__enterprise")
        .order_by("pk")[:CORRECTED]
    )  # fmt: skip
    for number, value in enumerate(values, start=1):
        firm = value.declaration.enterprise
        lines = [
            f"Unified social credit code  {firm.uscc}",
            f"Year  {cycle.year}",
            f"{value.code}  {value.declared_amount:,.2f}",
        ]
        if number % 3:
            upload, page = SimpleUploadedFile("专项审计报告.pdf", pdf("Audit report (demo)", lines)), 2
        else:
            upload, page = SimpleUploadedFile("账簿照片.png", picture(["Ledger (demo)", *lines])), 1
        agent = dataclasses.replace(by, person_name=value.declaration.submitted_by_name)
        row = evidence.store(by=agent, organisation_id=firm.organisation_id, upload=upload)
        DeclaredValue.objects.filter(pk=value.pk).update(evidence=row, evidence_page=page)


def pdf(title: str, *further: Sequence[str]) -> bytes:
    """A page that says the title, and one for each further list of lines (Latin letters), with a sound table of references."""
    pages = [[title], *further]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, lines in enumerate(pages):
        content = "BT /F1 16 Tf 24 TL 40 760 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * n} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    out, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        starts.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    return (
        out
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
        ).encode()
    )


def picture(lines: Sequence[str]) -> bytes:
    """A sheet of paper with the lines (Latin letters), as PNG."""
    sheet = Image.new("RGB", (900, 420), "#f6f2e6")
    draw = ImageDraw.Draw(sheet)
    for n, line in enumerate(lines):
        draw.text((50, 50 + 60 * n), line, fill="#222222", font_size=26)
        draw.line((40, 95 + 60 * n, 860, 95 + 60 * n), fill="#b9b3a0")
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
