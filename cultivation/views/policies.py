"""Policies: the library for everybody, the firm's matches and what-if, the office's editor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.models import Park
from parks.showing import status_of

from .. import wording
from ..filters import ForecastFilter, LibraryFilter, VersionFilter
from ..forms.policies import PolicyForm, ReasonForm, SubscriptionForm, WhatIfForm
from ..formula import BLANKS, Rule, run_tests, untried
from ..models import PolicyVersion
from ..queries import forecast as forecasts
from ..queries import matching, matching_facts
from ..queries import policies as queries
from ..services import policies, subscriptions
from ..states import PolicyState, RuleKind
from ..wording import language

COLUMNS = ("policy__code", "number", "title", "tags", "starts_on", "ends_on", "get_state_display")

FIRMS = ("name", "uscc", "stage", "is_eligible", "amount", "gap__text", "gap__gap")


def _with_cards(rows: Any) -> list[tuple[PolicyVersion, dict[str, Any]]]:
    return [(row, queries.card(queries.rule_of(row), language())) for row in rows]


def public_library(request: ParkRequest, park: str) -> HttpResponse:
    """Released policies of a zone for anybody."""
    zone = get_object_or_404(Park, code=park)
    rows = queries.public_versions(zone)
    page = listing(
        request,
        rows,
        filterset=LibraryFilter,
        filename="policies",
        columns=("number", "title", "tags", "starts_on", "ends_on"),
    )
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/policies/library.html",
        {
            "zone": zone,
            "park": zone,
            "page": page,
            "cards": _with_cards(page),
            "tags": queries.tags(rows),
            "today": db_today(),
        },
    )


def public_policy(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """One released policy in plain words."""
    zone = get_object_or_404(Park, code=park)
    version = queries.public_version(zone, version_id)
    return render(
        request,
        "cultivation/policies/public.html",
        {
            "zone": zone,
            "park": zone,
            "version": version,
            "card": queries.card(queries.rule_of(version), language()),
        },
    )


def own(request: ParkRequest, park: str) -> HttpResponse:
    """What the firm may claim, what it nearly may, what is not known yet; POST chooses of which tags it hears."""
    enterprise = enterprises.own(request.actor)
    if enterprise is None:
        return render(request, "cultivation/policies/own.html", {"overview": None})
    tags = queries.subscribed(enterprise.pk)
    known = sorted({*queries.tags(queries.released()), *tags})
    form = SubscriptionForm(
        request.POST if request.method == "POST" else None, tags=known, initial={"tags": tags}
    )
    if form.is_valid():
        subscriptions.choose(by=request.actor, tags=form.cleaned_data["tags"])
        messages.success(request, _("已保存提醒。"))
        return redirect("cultivation:policies", park=park)
    firm = matching_facts.firm(enterprise.pk)
    context = {"overview": matching.overview(enterprise.pk, firm), "firm": firm, "form": form}
    return render(request, "cultivation/policies/own.html", context, status=status_of(form))


def policy(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """One policy for the firm: its card, the answer with figures, and what-if by the query string."""
    version = queries.get_released(version_id)
    rule = queries.rule_of(version)
    enterprise = enterprises.own(request.actor)
    known = matching_facts.firm(enterprise.pk).known if enterprise else {}
    form = WhatIfForm(request.GET if request.GET else None, rule=rule, language=language())
    changed = form.changed if form.is_bound and form.is_valid() else {}
    claim = matching.standing_claims(enterprise.pk).get(rule.subject) if enterprise else None
    context = {
        "version": version, "card": queries.card(rule, language()), "offer": matching.offer(version, known, claim), "form": form,
        "supposed": matching.offer(version, matching_facts.supposing(known, changed)) if changed else None, "rule": rule,
    }  # fmt: skip
    return render(request, "cultivation/policies/policy.html", context)


def office(request: ParkRequest, park: str) -> HttpResponse:
    """All versions of all policies, with the rules that come with the platform."""
    page = listing(
        request, queries.versions(), filterset=VersionFilter, filename="policy-rules", columns=COLUMNS,
        sortable=("title", "starts_on", "ends_on"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/policies/office.html",
        {
            "page": page,
            "can_edit": access.may(request.actor.role, "cultivation:policy_new", "POST"),
        },
    )


def new(request: ParkRequest, park: str) -> HttpResponse:
    """A new draft: from a shipped rule, a version of the park, a file, or an empty page."""
    source = queries.library().get(request.GET.get("example", ""), BLANKS[language()])
    if (number := request.GET.get("of", "")).isdigit() and len(number) < 19:
        source = queries.get_version(int(number)).text
    form = PolicyForm(request.POST or None, request.FILES or None, initial={"text": source})
    return _edit(request, form, None)


def edit(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """A version with its card, test cases and cost; a draft can be changed."""
    version = queries.get_version(version_id)
    form = PolicyForm(request.POST or None, request.FILES or None, initial={"text": version.text})
    return _edit(request, form, version)


def _edit(request: ParkRequest, form: PolicyForm, version: PolicyVersion | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                row = policies.save(
                    by=request.actor,
                    text=form.cleaned_data["text"],
                    version_id=version.pk if version else None,
                )
            except Problem as problem:
                if problem.status == 404:
                    raise
                for line in str(problem.message).splitlines():
                    form.add_error("text", line)
                status = problem.status
            else:
                messages.success(request, _("已保存，并运行了测试用例。"))
                return redirect("cultivation:policy_edit", park=request.park.code, version_id=row.pk)
    rule = queries.rule_of(version) if version else _maybe(str(form["text"].value() or ""))
    context = {
        "form": form,
        "version": version,
        "names": queries.names(language()),
        "examples": []
        if version
        else [(RuleKind(kind).label, rules) for kind, rules in queries.examples().items()],
        **_preview(rule),
        **_steps(request, version),
    }
    return render(request, "cultivation/policies/edit.html", context, status=status)


def forecast(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """What a version would cost on the last verified data, and the firms behind it."""
    version = queries.get_version(version_id)
    rule = queries.rule_of(version)
    found = forecasts.forecast(rule)
    page = listing(
        request,
        found.rows(),
        filterset=ForecastFilter,
        filename="policy-forecast",
        columns=FIRMS,
        sortable=("amount",),
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "version": version,
        "forecast": found,
        "page": page,
        "inputs": [one.label for one in rule.inputs],
    }
    return render(request, "cultivation/policies/forecast.html", context)


def _maybe(text: str) -> Rule | None:
    try:
        return policies.read(text) if text.strip() else None
    except Problem:
        return None


def _preview(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"card": None, "cases": []}
    cases = run_tests(rule, language())
    gaps = untried(rule, cases)
    return {
        "card": queries.card(rule, language()), "cases": cases, "rule": rule, "untried": wording.untried(gaps) if gaps else "",
    }  # fmt: skip


def _steps(request: ParkRequest, version: PolicyVersion | None) -> dict[str, bool]:
    """What the page offers: what the access policy lets the role do, in the states in which it can be done."""
    state = version.state if version else ""
    mine = version is not None and version.proposed_by_ref == request.actor.person_id

    def may(step: str, *states: str) -> bool:
        return state in states and access.may(request.actor.role, f"cultivation:policy_{step}", "POST")

    return {
        "can_edit": may("edit", "", PolicyState.DRAFT),
        "can_propose": may("propose", PolicyState.DRAFT),
        "can_discard": may("discard", PolicyState.DRAFT),
        "can_release": may("release", PolicyState.PROPOSED) and not mine,
        "can_take_back": may("take_back", PolicyState.PROPOSED),
        "can_retire": may("retire", PolicyState.RELEASED),
        "can_renew": may("new", PolicyState.RELEASED, PolicyState.RETIRED),
    }


def check(request: ParkRequest, park: str) -> HttpResponse:
    """The live card and test cases of what is typed; keeps nothing."""
    problem = None
    try:
        rule = policies.read(request.POST.get("text", ""))
    except Problem as refused:
        rule, problem = None, refused
    return render(request, "cultivation/policies/_preview.html", {"problem": problem, **_preview(rule)})


def export(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """The rule as a file that can be imported again."""
    version = queries.get_version(version_id)
    response = HttpResponse(version.text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{version.policy.code}-{version.number}.yaml"'
    return response


def step(request: ParkRequest, park: str, version_id: int, event: str) -> HttpResponse:
    """propose, take_back, release, retire or discard."""
    version = queries.get_version(version_id)
    works: dict[str, Any] = {
        "propose": policies.propose,
        "take_back": policies.take_back,
        "release": policies.release,
        "discard": policies.discard,
    }
    said = {
        "propose": _("已提请发布。"),
        "take_back": _("已取回为草稿。"),
        "release": _("已发布。"),
        "retire": _("已停用。"),
        "discard": _("草稿已删除。"),
    }
    try:
        if event == "retire":
            form = ReasonForm(request.POST)
            reason = form.cleaned_data["reason"] if form.is_valid() else ""
            policies.retire(by=request.actor, version_id=version.pk, reason=reason)
        else:
            works[event](by=request.actor, version_id=version.pk)
    except Problem as problem:
        context = {"form": PolicyForm(initial={"text": version.text}), "version": version, "problem": problem}
        context |= _preview(queries.rule_of(version)) | _steps(request, version)
        return render(request, "cultivation/policies/edit.html", context, status=problem.status)
    messages.success(request, said[event])
    if event == "discard":
        return redirect("cultivation:policy_rules", park=park)
    return redirect("cultivation:policy_edit", park=park, version_id=version.pk)


def propose(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return step(request, park, version_id, "propose")


def take_back(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return step(request, park, version_id, "take_back")


def release(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return step(request, park, version_id, "release")


def retire(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return step(request, park, version_id, "retire")


def discard(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    return step(request, park, version_id, "discard")
