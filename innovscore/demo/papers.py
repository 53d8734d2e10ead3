"""Evidence of the demo zone: a small PDF for the figures behind the first places of a board."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import DeclaredValue
from parks.actors import Actor
from parks.scope import park_scope
from parks.services import evidence
from rankings.models import BoardEdition, BoardEntry

FIRST = 3


def attach(by: Actor, edition: BoardEdition, code: str) -> None:
    """The figure `code` of the first three firms rests on a file, so that the trace leads to its bytes."""
    with park_scope(by.park_id):
        for entry in BoardEntry.objects.filter(edition=edition, position__lte=FIRST).select_related(
            "enterprise"
        ):
            upload = SimpleUploadedFile(
                "研发费用专项审计报告.pdf", pdf(f"R&D expense audit report (demo) {entry.uscc}")
            )
            row = evidence.store(by=by, organisation_id=entry.enterprise.organisation_id, upload=upload)
            values = DeclaredValue.objects.filter(
                declaration__cycle_id=edition.cycle_id,
                declaration__enterprise_id=entry.enterprise_id,
                code=code,
            )
            values.update(evidence=row, evidence_page=1)


def pdf(text: str) -> bytes:
    """One page that says the text (Latin letters), with a sound cross-reference table."""
    content = f"BT /F1 16 Tf 40 760 Td ({text}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
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
