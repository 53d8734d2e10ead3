"""The receipt 回执 and the return notice 补正通知 on paper: a page that prints, `?export=pdf` the file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from parks import papers
from parks.http import ParkRequest
from parks.roles import ENTERPRISE

from ..models import Declaration
from ..queries import declarations
from ..queries import papers as queries
from ..services import verification


def receipt(request: ParkRequest, park: str, declaration_id: int, seq: int) -> HttpResponse:
    """What was signed, with all answers, as it was signed."""
    found = queries.visible(request.actor, declaration_id)
    row = queries.receipt_of(found, seq)
    context = {"receipt": row, "parts": queries.lines_of(found, row)}
    return _paper(request, found, "receipt", context, row.number)


def notice(request: ParkRequest, park: str, declaration_id: int, number: int) -> HttpResponse:
    """All that is to be put right, as it was sent."""
    found = queries.visible(request.actor, declaration_id)
    row = queries.notice_of(found, number)
    names = {one.value.pk: one.name for part in declarations.sections(found) for one in part.items}
    context = {
        "notice": row, "rows": [(names.get(item.value_id, item.value.code), item) for item in row.items.all()],
        "receipt": found.receipts.filter(issued_at__lte=row.sent_at).order_by("-pk").first(),
        "is_last": row.number == verification.MOST_RETURNS, "days": verification.RETURN_WORKING_DAYS,
    }  # fmt: skip
    return _paper(request, found, "return_notice", context, f"return-{found.pk}-{row.number}")


def _paper(
    request: ParkRequest, found: Declaration, name: str, context: dict[str, Any], filename: str
) -> HttpResponse:
    template = f"enterprises/documents/{name}.html"
    shown = context | {"declaration": found, "zone": request.park, "back_url": _back(request, found, name)}
    if request.GET.get("export") == "pdf":
        return papers.file(request, template, shown, filename=filename, page_url=request.path)
    return papers.page(request, template, shown, pdf_url=f"{request.path}?export=pdf")


def _back(request: ParkRequest, found: Declaration, name: str) -> str:
    if request.actor.role not in ENTERPRISE:
        return reverse("enterprises:review", args=[request.park.code, found.pk])
    page = "returns" if name == "return_notice" else "receipt"
    return reverse(f"enterprises:{page}", args=[request.park.code, found.cycle.year])
