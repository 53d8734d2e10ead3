"""Documents on paper: one HTML template for the printed page of the browser and for the PDF (WeasyPrint, loaded when needed)."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

STYLE = settings.BASE_DIR / "static" / "css" / "documents.css"
CHARTS = settings.BASE_DIR / "static" / "css" / "charts_on_paper.css"
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"
KEPT = 32
_made: OrderedDict[str, bytes] = OrderedDict()
_lock = threading.Lock()


class NoPrinter(RuntimeError):
    """The libraries that make PDF files are missing on this machine."""


def qr(text: str) -> SafeString:
    """A QR code as SVG without inline style."""
    import segno

    svg = segno.make(text, error="m").svg_inline(border=0, svgclass="qr", lineclass=None, omitsize=True)
    return mark_safe(svg)  # noqa: S308  # made of numbers by the library


def pdf(html: str, style: Path = STYLE) -> bytes:
    """A PDF of a document. The last few are kept, so that a popular notice is typeset once. Raises NoPrinter."""
    key = f"{style.name}:{hashlib.sha256(html.encode()).hexdigest()}"
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            return _made[key]
    try:
        import weasyprint
    except OSError as error:
        raise NoPrinter(str(error)) from error
    data: bytes = weasyprint.HTML(string=_coloured(html), url_fetcher=_nothing).write_pdf(
        stylesheets=[weasyprint.CSS(filename=str(style))]
    )
    with _lock:
        _made[key] = data
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return data


def _coloured(html: str) -> str:
    """Each picture carries the colours of charts itself."""
    return html.replace("</svg>", f"<style>{CHARTS.read_text(encoding='utf-8')}</style></svg>")


def _nothing(url: str, **_: Any) -> dict[str, Any]:
    raise ValueError(f"documents load nothing: {url}")


def page(request: HttpRequest, template: str, context: dict[str, Any], *, pdf_url: str) -> HttpResponse:
    """The document as a page that the browser prints, with a link to the PDF."""
    return render(request, template, context | {"on_screen": True, "pdf_url": pdf_url})


def file(
    request: HttpRequest, template: str, context: dict[str, Any], *, filename: str, page_url: str
) -> HttpResponse:
    """The document as a PDF; a page that says what is missing when this machine cannot make one."""
    html = render_to_string(template, context | {"on_screen": False})
    return answer(request, html, filename=filename, page_url=page_url)


def answer(
    request: HttpRequest, html: str, *, filename: str, page_url: str, style: Path = STYLE
) -> HttpResponse:
    """What is typeset already as a PDF, or the page that says what is missing."""
    try:
        data = pdf(html, style)
    except NoPrinter:
        return render(
            request, "documents/no_pdf.html", {"packages": PACKAGES, "page_url": page_url}, status=503
        )
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{filename}.pdf"'
    return response
