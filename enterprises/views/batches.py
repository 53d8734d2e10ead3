"""Department data at the office: files, their dry run, columns, writing, taking back, the history of a value."""

from __future__ import annotations

from urllib.parse import quote

import yaml
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core import uscc as codes
from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest, whole
from parks.listing import listing

from ..filters import BatchFilter
from ..forms import BatchForm, WithdrawForm
from ..models import Cycle, DepartmentBatch
from ..queries import batches, cycles, enterprises
from ..services import departments, spreadsheets, workbooks
from ..services.mappings import REGISTER, REGISTER_FIELDS


def _sources(cycle: Cycle) -> dict[str, str]:
    """Departments that hold an input of the year's scheme, by code."""
    scheme = scheme_of(cycle.scheme_version)
    used = {source for item in scheme.inputs for source in item.sources}
    names = scheme.body.get("sources", {})
    return {code: name_of(entry) for code, entry in names.items() if code in used and code != "enterprise"}


def _all_source_names(cycle: Cycle | None) -> dict[str, str]:
    body = scheme_of(cycle.scheme_version).body if cycle else {}
    return {code: name_of(entry) for code, entry in body.get("sources", {}).items()}


def _open_cycle() -> Cycle:
    cycle = cycles.open_cycle()
    if cycle is None:
        raise Refused(code="no_open_cycle", message=_("没有处于填报期的年度，请先开启年度。"))
    return cycle


def batch_list(request: ParkRequest, park: str) -> HttpResponse:
    """Batches of department data, and uploading another for the open year."""
    cycle = cycles.open_cycle()
    sources = _sources(cycle) if cycle else {}
    form = BatchForm(request.POST or None, request.FILES or None, sources=list(sources.items()))
    if request.method == "POST" and form.is_valid():
        try:
            batch = _upload(request, form)
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
    context = {
        "page": page,
        "form": form,
        "cycle": cycle,
        "sources": sources,
        "names": _all_source_names(cycle),
    }
    return render(request, "enterprises/batches.html", context, status=422 if form.errors else 200)


def _upload(request: ParkRequest, form: BatchForm) -> DepartmentBatch:
    cycle, file = _open_cycle(), form.cleaned_data["file"]
    return departments.upload(
        by=request.actor,
        cycle=cycle,
        source=form.cleaned_data["source"],
        as_of=form.cleaned_data["as_of"],
        data=file.read(spreadsheets.LARGEST_FILE + 1),
        filename=file.name,
        in_background=True,
    )


def template(request: ParkRequest, park: str) -> HttpResponse:
    """An empty workbook with the open year's inputs (of one department with ?source=)."""
    cycle = _open_cycle()
    sources, source = _sources(cycle), request.GET.get("source", "")
    if source and source not in sources:
        raise Refused(code="source_unknown", field="source", message=_("没有这个数据来源。"))
    names = scheme_of(cycle.scheme_version).body.get("sources", {})
    data = workbooks.template(
        scheme_of(cycle.scheme_version),
        source=source,
        source_name=names.get(source, {}).get("zh", ""),
        year=cycle.year,
    )
    return _workbook(data, f"department-{cycle.year}{'-' + source if source else ''}.xlsx")


def _workbook(data: bytes, filename: str) -> HttpResponse:
    response = HttpResponse(data, content_type=workbooks.XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    return response


def batch(request: ParkRequest, park: str, batch_id: int) -> HttpResponse:
    """The dry run of a file; writing all of it or what is right, taking a written one back."""
    found = batches.get(batch_id)
    problem = None
    if request.method == "POST":
        try:
            return _act(request, park, found)
        except Problem as refused:
            problem = refused
    cycle = cycles.of_year(found.year)
    context = {
        "batch": found,
        "problem": problem,
        "withdraw_form": WithdrawForm(),
        "names": _all_source_names(cycle),
        "inputs": {item.code: name_of(item) for item in scheme_of(cycle.scheme_version).inputs},
        "saved": batches.saved_mapping(found.source) if found.saved_mapping else None,
        "mapping": yaml.safe_dump(found.mapping, allow_unicode=True, sort_keys=False),
    }
    return render(request, "enterprises/batch.html", context, status=problem.status if problem else 200)


def _act(request: ParkRequest, park: str, found: DepartmentBatch) -> HttpResponse:
    if request.POST.get("act") == "withdraw":
        count = departments.withdraw(
            by=request.actor, batch=found, reason=request.POST.get("reason", "")[:500]
        )
        messages.success(request, _("批次已撤回，%(n)s 个预填值恢复为之前的数据。") % {"n": count})
        return redirect("enterprises:batch", park=park, batch_id=found.pk)
    if request.POST.get("act") == "units":
        units = {
            head: request.POST.get(f"unit_{n}", "") for n, head in enumerate(request.POST.getlist("head"))
        }
        departments.settle_units(by=request.actor, batch=found, cycle=cycles.of_year(found.year), units=units)
        return redirect("enterprises:batch", park=park, batch_id=found.pk)
    applied = departments.request_apply(
        by=request.actor, batch=found, mode=request.POST.get("mode") or "file"
    )
    return redirect("parks:job", park=park, job_id=applied.job_id)


def result(request: ParkRequest, park: str, batch_id: int) -> HttpResponse:
    """The file given back with each wrong cell marked and explained."""
    found = batches.get(batch_id)
    data = departments.result(found, cycles.of_year(found.year))
    stem = found.filename.rsplit(".", 1)[0]
    return _workbook(data, f"{stem}-{_('检查结果')}.xlsx")


def mapping(request: ParkRequest, park: str, batch_id: int) -> HttpResponse:
    """Choose which column holds what, or give a mapping file; the kept file is checked again."""
    found = batches.get(batch_id)
    year = cycles.of_year(found.year)
    problem = None
    if request.method == "POST":
        try:
            departments.remap(
                by=request.actor,
                batch=found,
                cycle=year,
                mapping=_chosen(request),
                remember=request.POST.get("remember") == "1",
            )
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:batch", park=park, batch_id=found.pk)
    columns = found.mapping.get("columns", {})
    rows = [
        (head, columns.get(head, {}).get("input", ""), columns.get(head, {}).get("unit", ""))
        for head in departments.heads_of(found)
    ]
    particulars = [(REGISTER + name, heads[0]) for name, heads in REGISTER_FIELDS.items()]
    context = {
        "batch": found,
        "rows": rows,
        "key": found.mapping.get("key"),
        "inputs": [(i.code, name_of(i)) for i in scheme_of(year.scheme_version).inputs],
        "particulars": particulars,
        "problem": problem,
    }
    return render(request, "enterprises/mapping.html", context, status=problem.status if problem else 200)


def _chosen(request: ParkRequest) -> departments.ColumnMapping:
    upload = request.FILES.get("mapping")
    if upload is not None:
        try:
            data = yaml.safe_load(upload.read(200_000).decode("utf-8"))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise Refused(
                code="mapping_wrong", field="mapping", message=_("映射文件无法读取，应为 UTF-8 的 YAML。")
            ) from error
        return departments.ColumnMapping.from_data(data if isinstance(data, dict) else {})
    columns = {
        head: {"input": code, "unit": request.POST.get(f"unit_{number}", "")}
        for number, head in enumerate(request.POST.getlist("head"))
        if (code := request.POST.get(f"input_{number}", ""))
    }
    return departments.ColumnMapping.from_data({"key": request.POST.get("key", ""), "columns": columns})


def values(request: ParkRequest, park: str) -> HttpResponse:
    """What departments said of one firm in one year: every value with its batch, the one in force first."""
    cycle = cycles.open_cycle() or cycles.all_cycles().first()
    year = whole(request.GET.get("year", ""), at_most=9999)
    cycle = cycles.of_year(year) if year else cycle
    code = codes.normalise(request.GET.get("uscc", ""))[:18]
    rows = list(batches.history(uscc=code, year=cycle.year)) if cycle and code else []
    scheme = scheme_of(cycle.scheme_version) if cycle else None
    context = {
        "rows": rows,
        "uscc": code,
        "cycle": cycle,
        "years": cycles.all_cycles(),
        "names": _all_source_names(cycle),
        "inputs": {item.code: name_of(item) for item in scheme.inputs} if scheme else {},
        "money": {item.code for item in scheme.inputs if item.type == "money"} if scheme else set(),
        "firm": enterprises.members().filter(uscc=code).first() if code else None,
        "record": batches.register_record(code) if code else None,
    }
    return render(request, "enterprises/values.html", context)
