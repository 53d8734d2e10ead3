"""A page of lending as a document: as the browser prints it, or as PDF with who printed it on each sheet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from parks import papers
from parks.clock import db_now
from parks.http import ParkRequest

STYLE = settings.BASE_DIR / "static" / "css" / "report.css"


def document(request: ParkRequest, template: str, context: dict[str, Any], *, filename: str) -> HttpResponse:
    """The page, or with `?export=pdf` the same on paper."""
    if request.GET.get("export") != "pdf":
        return render(request, template, context)
    more = {"body_template": template, "printed_at": db_now()}
    html = render_to_string("finance/pdf.html", context | more, request=request)
    return papers.answer(request, html, filename=filename, page_url=request.path, style=STYLE)
