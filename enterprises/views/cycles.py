"""The office's view of the year: cycles and department data."""

from __future__ import annotations

import yaml
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest
from parks.listing import listing

from ..filters import BatchFilter
from ..forms import BatchForm, CycleForm
from ..models import Cycle, DepartmentBatch
from ..queries import batches, cycles
from ..services import cycles as cycle_services
from ..services import departments, spreadsheets


def cycle_list(request: ParkRequest, park: str) -> HttpResponse:
    """All years, and opening another."""
    form = CycleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cycle = cycle_services.open_cycle(by=request.actor, **form.cleaned_data)
        except Problem as problem:
            form.add_error(problem.field, str(problem.message))
        else:
            messages.success(request, _("%(year)s 年度已开启。") % {"year": cycle.year})
            return redirect("enterprises:cycle", park=park, year=cycle.year)
    context = {"cycles": cycles.all_cycles(), "form": form}
    return render(request, "enterprises/cycles.html", context, status=422 if form.errors else 200)


def cycle(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """How far a year is, and the job that gives every certified firm its declaration."""
    found = cycles.of_year(year)
    if request.method == "POST":
        job = cycle_services.request_declarations(by=request.actor, cycle=found)
        return redirect("parks:job", park=park, job_id=job.pk)
    counts = cycles.counts(found)
    context = {
        "cycle": found,
        "counts": counts,
        "total": sum(counts.values()),
        "waiting": len(cycles.without_declaration(found)),
    }
    return render(request, "enterprises/cycle.html", context)


def _sources(cycle: Cycle | None) -> list[tuple[str, str]]:
    if cycle is None:
        return []
    body = scheme_of(cycle.scheme_version).body
    return [(code, name_of(names)) for code, names in body.get("sources", {}).items()]


def batch_list(request: ParkRequest, park: str) -> HttpResponse:
    """Batches of department data, and uploading another for the open year."""
    cycle = cycles.open_cycle()
    form = BatchForm(request.POST or None, request.FILES or None, sources=_sources(cycle))
    if request.method == "POST" and form.is_valid():
        try:
            batch = _upload(request, cycle, form)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            return redirect("enterprises:batch", park=park, batch_id=batch.pk)
    page = listing(
        request, batches.all_batches(), filterset=BatchFilter, filename="batches",
        columns=("year", "source", "as_of", "filename", "state", "rows_read", "rows_applied", "rows_refused"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "form": form, "cycle": cycle}
    return render(request, "enterprises/batches.html", context, status=422 if form.errors else 200)


def _upload(request: ParkRequest, cycle: Cycle | None, form: BatchForm) -> DepartmentBatch:
    if cycle is None:
        raise Refused(code="no_open_cycle", message=_("没有处于填报期的年度，请先开启年度。"))
    file = form.cleaned_data["file"]
    data = file.read(spreadsheets.LARGEST_FILE + 1)
    return departments.upload(
        by=request.actor,
        cycle=cycle,
        source=form.cleaned_data["source"],
        as_of=form.cleaned_data["as_of"],
        data=data,
        filename=file.name,
    )


def template(request: ParkRequest, park: str) -> HttpResponse:
    """An empty workbook with the open year's inputs (of one source with ?source=)."""
    cycle = cycles.open_cycle()
    if cycle is None:
        raise Refused(code="no_open_cycle", message=_("没有处于填报期的年度，请先开启年度。"))
    source = request.GET.get("source", "")
    inputs = [item for item in scheme_of(cycle.scheme_version).inputs if not source or source in item.sources]
    heads = [("uscc", _("统一社会信用代码"), "")]
    heads += [(item.code, item.zh, _("万元") if item.type == "money" else "") for item in inputs]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(spreadsheets.template(heads), content_type=kind)
    response["Content-Disposition"] = (
        f'attachment; filename="department-{cycle.year}{"-" + source if source.isalnum() else ""}.xlsx"'
    )
    return response


def batch(request: ParkRequest, park: str, batch_id: int) -> HttpResponse:
    """The dry run of a file; writing it, all or only what is right."""
    found = batches.get(batch_id)
    problem = None
    if request.method == "POST":
        try:
            applied = departments.request_apply(
                by=request.actor, batch=found, only_good=request.POST.get("only_good") == "1"
            )
        except Problem as refused:
            problem = refused
        else:
            return redirect("parks:job", park=park, job_id=applied.job_id)
    context = {
        "batch": found,
        "problem": problem,
        "mapping": yaml.safe_dump(found.mapping, allow_unicode=True, sort_keys=False),
    }
    return render(request, "enterprises/batch.html", context, status=problem.status if problem else 200)


def mapping(request: ParkRequest, park: str, batch_id: int) -> HttpResponse:
    """Choose which column holds what, or give a mapping file; the kept file is checked again."""
    found = batches.get(batch_id)
    year = cycles.of_year(found.year)
    scheme = scheme_of(year.scheme_version)
    problem = None
    if request.method == "POST":
        try:
            departments.remap(by=request.actor, batch=found, cycle=year, mapping=_chosen(request))
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:batch", park=park, batch_id=found.pk)
    heads = departments.heads_of(found)
    columns = found.mapping.get("columns", {})
    rows = [
        (head, columns.get(head, {}).get("input", ""), columns.get(head, {}).get("unit", ""))
        for head in heads
    ]
    context = {
        "batch": found,
        "rows": rows,
        "key": found.mapping.get("key"),
        "inputs": [(i.code, name_of(i)) for i in scheme.inputs],
        "problem": problem,
    }
    return render(request, "enterprises/mapping.html", context, status=problem.status if problem else 200)


def _chosen(request: ParkRequest) -> departments.ColumnMapping:
    upload = request.FILES.get("mapping")
    if upload is not None:
        try:
            data = yaml.safe_load(upload.read(200_000).decode("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(
                code="mapping_wrong", field="mapping", message=_("映射文件无法读取，应为 UTF-8 的 YAML。")
            ) from error
        return departments.ColumnMapping.from_data(data if isinstance(data, dict) else {})
    columns = {}
    for number, head in enumerate(request.POST.getlist("head")):
        code = request.POST.get(f"input_{number}", "")
        if code:
            columns[head] = (code, request.POST.get(f"unit_{number}", ""))
    return departments.ColumnMapping(request.POST.get("key", ""), columns)
