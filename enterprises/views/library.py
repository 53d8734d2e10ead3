"""Documents: the firm's library, the page of one document with a preview, the bytes, doubles for reviewers."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import Problem
from parks.http import ParkRequest, whole
from parks.listing import listing
from parks.models import EvidenceFile
from parks.roles import ENTERPRISE
from parks.services.evidence import open_file

from ..filters import LibraryFilter
from ..forms import NoteForm, UploadForm
from ..queries import cycles, library
from ..queries import enterprises as firms
from ..services import library as services

SHUT = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
"""Policy of a document: nothing in it runs, loads or sends; our own page may frame it. Pictures are sandboxed too."""


def _input_names() -> dict[str, str]:
    cycle = cycles.all_cycles().first()
    return {item.code: name_of(item) for item in scheme_of(cycle.scheme_version).inputs} if cycle else {}


def own_files(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's documents, and adding one."""
    enterprise = firms.own_or_404(request.actor)
    names = _input_names()
    form = UploadForm(request.POST or None, request.FILES or None, inputs=names)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row, is_new = services.add(
                by=request.actor, organisation_id=enterprise.organisation_id, upload=data["file"],
                title=data["title"], proves=data["proves"],
            )  # fmt: skip
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            messages.success(
                request, _("已存入材料库。") if is_new else _("该文件已在材料库，无需重复上传。")
            )
            return redirect("enterprises:evidence_page", park=park, file_id=row.pk)
    page = listing(
        request, library.files_of(enterprise.organisation_id), filterset=LibraryFilter, filename="evidence",
        columns=("filename", "content_type", "size", "sha256", "scan", "uploaded_by", "uploaded_at"),
        sortable=("filename", "uploaded_at", "size"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    used = library.usages(row.pk for row in page)
    rows = [(row, next(iter(row.notes.all()), None), used.get(row.pk, [])) for row in page]
    context = {"page": page, "rows": rows, "form": form, "names": names}
    return render(request, "enterprises/library.html", context, status=422 if form.errors else 200)


@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def evidence_page(request: ParkRequest, park: str, file_id: int) -> HttpResponse:
    """One document: the page asked for, what it proves, where it is used; reviewers see who else holds it."""
    row = library.visible(request.actor, file_id)
    is_firm = request.actor.role in ENTERPRISE
    note, names = library.note_of(row), _input_names()
    initial = {"title": note.title, "proves": note.proves, "valid_until": note.valid_until} if note else {}
    form = NoteForm(request.POST or None, initial=initial, inputs=names)
    if request.method == "POST" and form.is_valid():
        services.describe(by=request.actor, row=row, **form.cleaned_data)
        messages.success(request, _("已保存。"))
        return redirect("enterprises:evidence_page", park=park, file_id=row.pk)
    context = {
        "file": row, "note": note, "names": names, "form": form, "is_firm": is_firm, "page_number": _page(request),
        "usages": library.usages([row.pk]).get(row.pk, []), "doubles": [] if is_firm else library.same_content(row),
    }  # fmt: skip
    return render(request, "enterprises/evidence.html", context, status=422 if form.errors else 200)


def _page(request: ParkRequest) -> int | None:
    return whole(request.GET.get("page", ""), at_most=10_000) or None


@xframe_options_sameorigin
def evidence(request: ParkRequest, park: str, file_id: int) -> HttpResponse | FileResponse:
    """The bytes of a document, never executable: for reviewers, and for the firm that owns it."""
    row: EvidenceFile = library.visible(request.actor, file_id)
    response = FileResponse(open_file(row), content_type=row.content_type)
    is_download = "download" in request.GET
    response["Content-Disposition"] = content_disposition_header(is_download, row.filename) or "inline"
    is_picture = row.content_type.startswith("image/")
    response["Content-Security-Policy"] = f"sandbox; {SHUT}" if is_picture else SHUT
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def doubles(request: ParkRequest, park: str) -> HttpResponse:
    """Documents that two or more firms of the park hold."""
    page: Any = listing(request, library.doubled_digests(), filename="doubles")
    rows = library.doubles(str(entry["sha256"]) for entry in page)
    used = library.usages(file.pk for row in rows for file in row.files)
    return render(
        request,
        "enterprises/doubles.html",
        {"page": page, "rows": rows, "used": used, "names": _input_names()},
    )
