"""The Excel round trip of one's own declaration."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest

from ..models import Declaration, WorkbookUpload
from ..services import own_workbook as services
from .declarations import clock, is_editable, own_declaration

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Download the workbook, upload it filled, see earlier ones."""
    found = own_declaration(request, year)
    problem = None
    if request.method == "POST":
        try:
            row = _upload(request, found)
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:workbook_upload", park=park, year=year, upload_id=row.pk)
    context = {
        "declaration": found, "problem": problem, "largest": services.LARGEST, "too_large": services.TOO_LARGE, "editable": is_editable(found),
        "uploads": found.workbooks.defer("content").order_by("-pk")[:10], **clock(found),
    }  # fmt: skip
    return render(request, "enterprises/workbook.html", context, status=problem.status if problem else 200)


def _upload(request: ParkRequest, found: Declaration) -> WorkbookUpload:
    file = request.FILES.get("file")
    if file is None:
        raise Refused(code="file_missing", field="file", message=_("请选择填好的工作簿。"))
    data = file.read(services.LARGEST + 1)
    return services.upload(by=request.actor, declaration=found, data=data, filename=file.name or "")


def download(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The workbook of this year with the firm's values."""
    found = own_declaration(request, year)
    return _file(services.download(found), f"{found.enterprise.name}-{year}.xlsx")


def upload(request: ParkRequest, park: str, year: int, upload_id: int) -> HttpResponse:
    """The differences of a filled workbook; writing them, undoing it, the marked workbook."""
    found = own_declaration(request, year)
    row = WorkbookUpload.objects.filter(declaration=found, pk=upload_id).first()
    if row is None:
        raise Http404
    if request.method == "GET" and "file" in request.GET:
        return _file(services.marked(row), f"{found.enterprise.name}-{year}-错误.xlsx")
    problem = None
    if request.method == "POST":
        try:
            _act(request, row)
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:workbook_upload", park=park, year=year, upload_id=row.pk)
    context = {"declaration": found, "upload": row, "problem": problem, "editable": is_editable(found)}
    return render(
        request, "enterprises/workbook_upload.html", context, status=problem.status if problem else 200
    )


def _act(request: ParkRequest, row: WorkbookUpload) -> None:
    if request.POST.get("act") == "undo":
        count = services.undo(by=request.actor, upload=row)
        messages.success(request, _("已撤销 %(n)s 项；之后被修改过的项目保持不变。") % {"n": count})
        return
    written, conflicts = services.apply(
        by=request.actor, upload=row, only_good=request.POST.get("act") == "only_good"
    )
    messages.success(request, _("已写入 %(n)s 项。") % {"n": written})
    if conflicts:
        messages.warning(
            request, _("下载工作簿后已被他人修改、未写入：%(names)s。") % {"names": "、".join(conflicts)}
        )


def _file(content: bytes, filename: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return response
