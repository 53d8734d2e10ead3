"""The office's editor of scheme versions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import access
from parks.http import ParkRequest

from .. import rules
from ..differences import differences
from ..formulas import formula_in
from ..models import SchemeVersion
from ..queries import curves
from ..queries.schemes import in_words, name_of, names_of, unit_of, versions
from ..services import drafts
from ..states import SchemeState


def _version(version_id: int) -> SchemeVersion:
    return get_object_or_404(SchemeVersion.objects.select_related("based_on"), pk=version_id)


def begin(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Copy a version into a draft."""
    source = _version(version_id)
    try:
        draft = drafts.begin(by=request.actor, source=source, version=request.POST.get("version", ""))
    except Problem as problem:
        messages.error(request, str(problem.message))
        return redirect("indicators:scheme", park=park, version_id=source.pk)
    return redirect("indicators:draft", park=park, version_id=draft.pk)


def draft(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Weights of all indicators and boards in one table, with what is wrong beside the cell; POST saves them.

    htmx asks for the sums and findings of what is typed, which keeps nothing.
    """
    row = _version(version_id)
    if row.state != SchemeState.DRAFT:
        return redirect("indicators:scheme", park=park, version_id=row.pk)
    problem = None
    if request.method == "POST":
        weights, boards = _typed(request, row.body, "w"), _typed(request, row.body, "b")
        try:
            if request.htmx:
                return render(
                    request, "indicators/_sums.html", _sums(drafts.weighed(row.body, weights, boards))
                )
            drafts.set_weights(by=request.actor, draft=row, weights=weights, boards=boards)
        except Problem as refused:
            if request.htmx:
                return render(request, "indicators/_sums.html", _sums(row.body) | {"problem": refused})
            problem = refused
        else:
            messages.success(request, _("已保存。"))
            return redirect("indicators:draft", park=park, version_id=row.pk)
    is_own = request.actor.person_id in (row.edited_by_ref, row.proposed_by_ref)
    context = _page(row, request.POST if problem else {}) | {"problem": problem, "is_own": is_own}
    context["may_edit"] = access.may(request.actor.role, "indicators:draft", "POST")
    return render(request, "indicators/draft.html", context, status=problem.status if problem else 200)


def _typed(request: ParkRequest, body: Any, kind: str) -> dict[tuple[str, str], str]:
    """Cells of the table: (indicator, group) or (board, indicator) -> text."""
    codes = [item["code"] for item in body["indicators"]]
    if kind == "w":
        keys = [(code, group) for code in codes for group in rules.groups_of(body)]
    else:
        keys = [(board["code"], code) for board in body.get("boards", []) for code in codes]
    return {key: request.POST.get(f"{kind}-{key[0]}-{key[1]}", "") for key in keys}


def _page(row: SchemeVersion, typed: Any) -> dict[str, Any]:
    body = row.body
    groups = body.get("groups", {}).get("items", []) or [{"code": code} for code in rules.groups_of(body)]
    boards = body.get("boards", [])
    findings = rules.findings(body)
    by_cell: dict[str, list[str]] = {}
    for item in findings:
        by_cell.setdefault(item.indicator, []).append(item.text)
    lines = []
    for item in body["indicators"]:
        code = item["code"]
        weights = [
            (
                f"w-{code}-{group['code']}",
                name_of(group),
                rules.plain(rules.value_for(item["weight"], group["code"])),
            )
            for group in groups
        ]
        shares = [
            (
                f"b-{board['code']}-{code}",
                name_of(board),
                rules.plain(board["weights"][code]) if code in board["weights"] else "",
            )
            for board in boards
        ]
        cells = [(name, label, typed.get(name, value)) for name, label, value in (*weights, *shares)]
        lines.append({"item": item, "cells": cells, "findings": by_cell.get(code, [])})
    return _sums(body) | {
        "version": row,
        "heads": [name_of(item) for item in (*groups, *boards)],
        "lines": lines,
        "inputs": names_of(body["inputs"]).values(),
        "changes": differences(row.based_on.body, body) if row.based_on else [],
    }


def _sums(body: Any) -> dict[str, Any]:
    """Sums of the weights of stages and boards, and everything that is wrong."""
    sums, boards, full = rules.weight_sums(body), rules.board_sums(body), rules.full_points(body)
    return {
        "sums": [(_group_name(body, code), *_sum(total, full)) for code, total in sums.items()]
        + [(name_of(item), *_sum(boards[item["code"]], rules.FULL)) for item in body.get("boards", [])],
        "findings": [_told(body, item) for item in rules.findings(body)],
    }


def _told(body: Any, item: rules.Finding) -> tuple[str, str, str]:
    """(indicator to go to, what it is about, what is wrong) in the reader's language."""
    named = {one["code"]: name_of(one) for one in (*body["indicators"], *body.get("boards", []))}
    about = [named.get(code, code) for code in (item.indicator, item.board) if code]
    about += [_group_name(body, item.group)] if item.group else []
    return item.indicator, " · ".join(about), item.text


def _sum(total: Decimal, full: Decimal) -> tuple[str, str]:
    """A sum of weights, and what it should be when it is not."""
    return rules.plain(total), "" if total == full else rules.plain(full)


def indicator(request: ParkRequest, park: str, version_id: int, code: str) -> HttpResponse:
    """Name, function and parameters of one indicator, with its curves; htmx asks for the curves of what is typed."""
    row = _version(version_id)
    item = next((one for one in row.body["indicators"] if one["code"] == code), None)
    if item is None or row.state != SchemeState.DRAFT:
        return redirect("indicators:scheme", park=park, version_id=row.pk)
    groups = rules.groups_of(row.body)
    scoring = item["scoring"]
    problem = None
    function = request.POST.get("function", scoring["function"])
    names = names_of(row.body["inputs"])
    what = {"formula": in_words(item["formula"], names)} | {
        key: item.get(key, "") for key in ("unit", "direction", "dimension")
    }
    what = {key: request.POST.get(key, value) for key, value in what.items()}
    texts = {group: request.POST.get(f"p-{group}", rules.parameters_text(scoring, group)) for group in groups}
    levels = request.POST.get("levels", rules.levels_text(scoring))
    if request.method == "POST":
        try:
            if request.htmx:
                scoring = rules.read_parameters(function, texts, levels)
            else:
                called = {key: request.POST.get(key, "") for key in ("zh", "en", "evidence")}
                drafts.set_indicator(
                    by=request.actor,
                    draft=row,
                    code=code,
                    names=called,
                    function=function,
                    texts=texts,
                    levels=levels,
                    what=what,
                )
                messages.success(request, _("已保存。"))
                return redirect("indicators:draft_indicator", park=park, version_id=row.pk, code=code)
        except (Problem, rules.BadParameters) as refused:
            problem = refused
    body = row.body | {"indicators": [item | {"scoring": scoring}], "boards": []}
    context = {
        "version": row,
        "item": item,
        "may_edit": access.may(request.actor.role, "indicators:draft", "POST"),
        "unit": unit_of(what["unit"]),
        "what": what,
        "formula": formula_in(row.body, item),
        "is_local": item.get("scope") != rules.CORE,
        "dimensions": names_of(row.body["dimensions"]).items(),
        "inputs": [(name_of(one), unit_of(one.get("unit", ""))) for one in row.body["inputs"]],
        "function": function,
        "functions": rules.FUNCTION_LABELS.items(),
        "fields": [(group, _group_name(row.body, group), texts[group]) for group in groups],
        "levels": levels,
        "problem": problem if isinstance(problem, Problem) else None,
        "message": str(problem) if isinstance(problem, rules.BadParameters) else "",
        "curves": [
            (_group_name(row.body, group), curves.of_scoring(scoring, group), _before(row, code, group))
            for group in groups
        ],
        "heads_curve": [_("数值"), _("赋分")],
        "findings": [
            (_group_name(row.body, found.group), found.text)
            for found in rules.findings(body)
            if found.indicator == code
        ],
    }
    if request.htmx:
        return render(request, "indicators/_curves.html", context)
    status = problem.status if isinstance(problem, Problem) else 200
    return render(request, "indicators/draft_indicator.html", context, status=status)


def _before(row: SchemeVersion, code: str, group: str) -> curves.Curve | None:
    """The curve of the version that the draft was copied from."""
    items = row.based_on.body["indicators"] if row.based_on else []
    found = next((item for item in items if item["code"] == code), None)
    return curves.of_scoring(found["scoring"], group) if found else None


def _group_name(body: Any, group: str) -> str:
    found = next(
        (item for item in body.get("groups", {}).get("items", []) if item["code"] == group), {"code": group}
    )
    return name_of(found)


def _act(request: ParkRequest, park: str, version_id: int, act: Any, done: str) -> HttpResponse:
    """Do something to a draft and go back to it; what is refused is said there."""
    row = _version(version_id)
    try:
        act(row)
    except Problem as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, done)
    exists = SchemeVersion.objects.filter(pk=row.pk).exists()
    if not exists:
        return redirect("indicators:schemes", park=park)
    return redirect("indicators:draft", park=park, version_id=row.pk)


def add(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Add a local indicator and go on to its page, where the rest is set."""
    wanted = {key: request.POST.get(key, "") for key in ("code", "like", "zh", "en", "formula")}
    row = _version(version_id)
    try:
        drafts.add_local(by=request.actor, draft=row, **wanted)
    except Problem as problem:
        messages.error(request, str(problem.message))
        return redirect("indicators:draft", park=park, version_id=row.pk)
    messages.success(request, _("已新增本地指标，权重为 0。请核对函数和参数，再回到草案填写权重。"))
    return redirect("indicators:draft_indicator", park=park, version_id=row.pk, code=wanted["code"])


def remove(request: ParkRequest, park: str, version_id: int, code: str) -> HttpResponse:
    return _act(
        request,
        park,
        version_id,
        lambda row: drafts.remove_local(by=request.actor, draft=row, code=code),
        _("已删除指标。"),
    )


def propose(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    notes = request.POST.get("notes", "")
    return _act(
        request, park, version_id, lambda row: drafts.propose(by=request.actor, draft=row, notes=notes),
        _("已提请启用，请另一位同事核对后启用。"),
    )  # fmt: skip


def activate(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    seen = request.POST.get("digest", "")
    return _act(
        request, park, version_id, lambda row: drafts.activate(by=request.actor, draft=row, seen_digest=seen),
        _("已启用。此版本从现在起不能修改。"),
    )  # fmt: skip


def discard(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return _act(
        request, park, version_id, lambda row: drafts.discard(by=request.actor, draft=row), _("草案已删除。")
    )


def diff(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Two versions in words."""
    new = _version(version_id)
    others = list(versions().exclude(pk=new.pk))
    chosen = request.GET.get("with", "")
    picked = next(
        (item.pk for item in others if str(item.pk) == chosen),
        new.based_on_id or (others[0].pk if others else None),
    )
    old = _version(picked) if picked else None
    context = {
        "version": new,
        "old": old,
        "others": others,
        "changes": differences(old.body, new.body) if old else [],
    }
    return render(request, "indicators/diff.html", context)


def file(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """The scheme as a file: YAML, or `?format=json`."""
    row = _version(version_id)
    name = f"{row.code}-{row.version}"
    if request.GET.get("format") == "json":
        response: HttpResponse = JsonResponse(
            row.body, json_dumps_params={"ensure_ascii": False, "indent": 1}
        )
        response["Content-Disposition"] = f'attachment; filename="{name}.json"'
        return response
    text = yaml.safe_dump(row.body, allow_unicode=True, sort_keys=False, width=120)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response
