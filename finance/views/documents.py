"""A page as a document: printed by the browser, or as PDF where the server can make one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from parks.clock import db_now
from parks.http import ParkRequest
from parks.papers import coloured

STYLE = settings.BASE_DIR / "static" / "css" / "report.css"


def document(request: ParkRequest, template: str, context: dict[str, Any], *, filename: str) -> HttpResponse:
    """The page, or with `?export=pdf` a PDF; where the machine lacks libpango the page says how to print."""
    if request.GET.get("export") != "pdf":
        return render(request, template, context)
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError):
        messages.warning(request, _("本服务器不能生成 PDF，请用浏览器的打印功能另存为 PDF。"))
        return render(request, template, context)
    more = {"body_template": template, "printed_at": db_now()}
    text = render_to_string("finance/pdf.html", context | more, request=request)
    made = HTML(string=coloured(text), url_fetcher=_nothing_from_outside).write_pdf(
        stylesheets=[CSS(filename=str(STYLE))]
    )
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}.pdf"
    return response


def _nothing_from_outside(url: str, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
    raise ValueError(f"documents load nothing: {url}")
