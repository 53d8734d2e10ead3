"""From a place down to the evidence, for the office; exported as JSON or PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from parks import papers
from parks.clock import db_now
from parks.http import ParkRequest

from ..queries import editions
from ..queries import trace as queries
from ..queries.wording import moment

DOCUMENT = "rankings/documents/proof.html"


def trace(request: ParkRequest, park: str, edition_id: int, position: int) -> HttpResponse:
    """Nine nodes, each a heading; `?indicator=` picks the indicator."""
    return render(request, "rankings/office_trace.html", {"trace": _found(request, edition_id, position)})


def trace_json(request: ParkRequest, park: str, edition_id: int, position: int) -> HttpResponse:
    found = _found(request, edition_id, position)
    response = JsonResponse(queries.as_json(found), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="trace-{edition_id}-{position}.json"'
    return response


def trace_print(request: ParkRequest, park: str, edition_id: int, position: int) -> HttpResponse:
    urls = {name: _url(request, name, park, edition_id, position) for name in ("trace", "trace_pdf")}
    context = _context(request, edition_id, position) | {"back_url": urls["trace"]}
    return papers.page(request, DOCUMENT, context, pdf_url=urls["trace_pdf"])


def trace_pdf(request: ParkRequest, park: str, edition_id: int, position: int) -> HttpResponse:
    page_url = _url(request, "trace_print", park, edition_id, position)
    context = _context(request, edition_id, position)
    return papers.file(
        request, DOCUMENT, context, filename=f"trace-{edition_id}-{position}", page_url=page_url
    )


def _found(request: ParkRequest, edition_id: int, position: int) -> queries.Trace:
    edition = editions.get_edition(edition_id)
    return queries.trace(edition, position, request.GET.get("indicator", ""))


def _context(request: ParkRequest, edition_id: int, position: int) -> dict[str, Any]:
    return {"trace": _found(request, edition_id, position), "made": moment(db_now())}


def _url(request: ParkRequest, name: str, park: str, edition_id: int, position: int) -> str:
    chosen = request.GET.urlencode()
    return reverse(f"rankings:{name}", args=[park, edition_id, position]) + (f"?{chosen}" if chosen else "")
