"""Documents: the firm's library, the page of one document with a preview, the bytes, doubles for reviewers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import Problem
from parks.http import ParkRequest, whole
from parks.listing import listing
from parks.models import EvidenceFile
from parks.roles import ENTERPRISE
from parks.services import pages, virus_scan
from parks.services.evidence import open_file

from ..filters import LibraryFilter
from ..forms import NoteForm, UploadForm
from ..queries import cycles, library
from ..queries import enterprises as firms
from ..services import library as services

SHUT = "sandbox; default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Policy of a stored document, should a browser open it all the same: nothing in it runs, loads or sends."""
LAST_PAGE = 10_000


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


def evidence_page(request: ParkRequest, park: str, file_id: int) -> HttpResponse:
    """One document: the page asked for, what it proves, where it is used; reviewers see who else holds it.

    The picture of a page alone for htmx.
    """
    row = library.visible(request.actor, file_id)
    if request.htmx:
        return _viewer(request, row)
    is_firm = request.actor.role in ENTERPRISE
    note, names = library.note_of(row), _input_names()
    initial = {"title": note.title, "proves": note.proves, "valid_until": note.valid_until} if note else {}
    form = NoteForm(request.POST or None, initial=initial, inputs=names)
    if request.method == "POST" and form.is_valid():
        services.describe(by=request.actor, row=row, **form.cleaned_data)
        messages.success(request, _("已保存。"))
        return redirect("enterprises:evidence_page", park=park, file_id=row.pk)
    context = _seen(request, row) | {
        "note": note, "names": names, "form": form, "is_firm": is_firm,
        "usages": library.usages([row.pk]).get(row.pk, []), "doubles": [] if is_firm else library.same_content(row),
    }  # fmt: skip
    return render(request, "enterprises/evidence.html", context, status=422 if form.errors else 200)


def preview(request: ParkRequest, park: str) -> HttpResponse:
    """The document that a form has chosen, at the page typed there; nothing while none is chosen."""
    file_id = whole(request.GET.get("evidence", ""))
    if not file_id:
        return HttpResponse()
    return _viewer(request, library.visible(request.actor, file_id))


def _viewer(request: ParkRequest, row: EvidenceFile) -> HttpResponse:
    response = render(request, "enterprises/_evidence_view.html", _seen(request, row))
    response["Cache-Control"] = "private, no-store"
    return response


def _seen(request: ParkRequest, row: EvidenceFile) -> dict[str, Any]:
    """A drawn page of a document, or why there is none."""
    words, large = request.GET.get("words", "").strip(), "large" in request.GET
    asked = whole(request.GET.get("page", ""), at_most=LAST_PAGE) or 1
    seen: dict[str, Any] = {
        "file": row,
        "asked": asked,
        "words": words,
        "large": large,
        "scanner": virus_scan.is_set_up(),
    }
    try:
        drawn = pages.draw(row, asked, large=large, words=words)
    except Problem as problem:
        return seen | {"undrawn": problem.message}
    return seen | {"drawn": drawn}


def evidence(request: ParkRequest, park: str, file_id: int) -> HttpResponse | FileResponse:
    """The bytes of a document to take along, never opened in place: for reviewers, and for the firm that owns it."""
    row: EvidenceFile = library.visible(request.actor, file_id)
    response = FileResponse(open_file(row), content_type=row.content_type)
    response["Content-Disposition"] = content_disposition_header(True, row.filename) or "attachment"
    response["Content-Security-Policy"] = SHUT
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
