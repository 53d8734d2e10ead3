"""Pages of the year report: ask for one, read it with the way to each source, take it out as PDF or XLSX."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from parks import access, papers
from parks.actors import Actor
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import download, listing, safe_text
from parks.models import Job

from . import yearbook

PAPER = "innovscore/documents/year_report.html"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class YearForm(forms.Form):
    """Which year is reported."""

    year = forms.TypedChoiceField(label=gettext_lazy("年份"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(one, one) for one in yearbook.years(db_today())]  # type: ignore[attr-defined]


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """The reports made so far; POST asks for one of a year."""
    form = YearForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        job = yearbook.request(
            by=request.actor, year=form.cleaned_data["year"], language=get_language() or "zh-hans"
        )
        messages.success(request, _("正在汇总，完成后本页显示报告。"))
        return redirect("year_report", park=park, job_id=job.pk)
    page = listing(
        request, yearbook.made(), columns=("args__year", "actor__person_name", "finished_at"), filename="year-reports",
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "form": form, "can_make": access.may(request.actor.role, "year_reports", "POST")}
    return render(request, "innovscore/year_reports.html", context, status=422 if form.is_bound else 200)


def report(request: ParkRequest, park: str, job_id: int) -> HttpResponse:
    """One report with the page behind each part; `?export=pdf|xlsx` is what may leave the office."""
    job = yearbook.get(job_id)
    found = _readable(request.actor, yearbook.loaded(job.result.get("sections", [])))
    year = job.args["year"]
    context = {
        "job": job, "year": year, "zone": request.park, "maker": job.actor.get("person_name", ""),
        "sections": [(one, _source(request.actor, one)) for one in found], "fewest": yearbook.FEWEST, "small": yearbook.FEWEST_IN_GROUP,
    }  # fmt: skip
    filename = f"year-report-{park}-{year}"
    export = request.GET.get("export") if job.state == Job.State.SUCCEEDED else None
    if export == "xlsx":
        return download(_workbook(yearbook.for_outside(found)), XLSX, f"{filename}.xlsx")
    if export == "pdf":
        told = context | {"sections": yearbook.for_outside(found)}
        return papers.file(request, PAPER, told, filename=filename, page_url=request.path)
    return render(request, "innovscore/year_report.html", context)


def _readable(actor: Actor, found: list[yearbook.Section]) -> list[yearbook.Section]:
    """The parts whose source the role may read."""
    return [one for one in found if access.may(actor.role, one.route)]


def _source(actor: Actor, section: yearbook.Section) -> str:
    return reverse(section.route, kwargs={"park": actor.park_code, **section.named}) + section.query


def _workbook(found: list[yearbook.Section]) -> bytes:
    """One sheet: part, name, figure, unit; then each table with its own heads."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.set_column(0, 1, 26)
        sheet.set_column(2, 8, 14)
        for number, (cells, is_head) in enumerate(_lines(found)):
            for column, cell in enumerate(cells):
                _write(sheet, number, column, cell, bold if is_head else None)
    return buffer.getvalue()


def _lines(found: list[yearbook.Section]) -> list[tuple[list[Any], bool]]:
    lines: list[tuple[list[Any], bool]] = [([_("类别"), _("项目"), _("数值"), _("单位")], True)]
    for section in found:
        lines += [([section.title, one.label, one.value, one.unit], False) for one in section.figures]
        for table in section.tables:
            lines += [([], False), ([section.title, table.title], True), (["", *table.heads], True)]
            lines += [(["", row.label, *row.cells], False) for row in table.rows]
        lines.append(([], False))
    return lines


def _write(sheet: Any, row: int, column: int, cell: Any, style: Any) -> None:
    if column > 1 and cell is not None and str(cell).replace(".", "", 1).isdigit():
        sheet.write_number(row, column, float(cell), style)
    else:
        sheet.write_string(row, column, "—" if cell is None else safe_text(cell), style)
