"""Registering a firm and deciding on its certification."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.models import EvidenceFile
from parks.queries.memberships import SESSION_KEY
from parks.queries.memberships import of_account as memberships_of

from ..filters import CertificationFilter, EnterpriseFilter
from ..forms import ChangeForm, DecideForm, RegisterForm
from ..models import Certification, Enterprise
from ..queries import authority, enterprises, library, matching
from ..services import registration
from ..services.authority import Powers
from ..services.registration import Papers, Particulars
from .people import dimensions

PARTICULARS = (
    "uscc", "name", "legal_representative", "founded_on", "registered_address", "industry", "sub_park",
)  # fmt: skip


def _particulars(form: RegisterForm) -> Particulars:
    names = (*PARTICULARS, "uscc_reason", "operating_address")
    return Particulars(**{name: form.cleaned_data[name] for name in names})


def register(request: ParkRequest, park: str) -> HttpResponse:
    """A signed-in person registers a firm in the park."""
    form = RegisterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            enterprise = registration.register(
                by=request.actor,
                particulars=_particulars(form),
                role=form.cleaned_data["role"],
                papers=_papers(form),
            )
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            own = memberships_of(account_id=request.actor.account_id or 0, park_id=request.park.pk)
            request.session[SESSION_KEY] = next(
                m.pk for m in own if m.organisation_id == enterprise.organisation_id
            )
            messages.success(request, _("已提交认证申请，审核结果会在消息中告知。"))
            if matching.site(enterprise).verdict in ("elsewhere", "outside"):
                messages.warning(request, _("注册地址与所选园区对不上，将由审核员人工核对。"))
            return redirect("enterprises:certification", park=park)
    return render(request, "enterprises/register.html", {"form": form}, status=422 if form.errors else 200)


def _papers(form: RegisterForm) -> Papers:
    data = form.cleaned_data
    powers = Powers(may_sign=data["may_sign"], ends_on=data["authority_until"])
    return Papers(data["licence"], data["letter"], powers)


def certification(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's own certification: state and reason, correcting what was returned, asking for a change."""
    enterprise = enterprises.own_or_last(request.actor)
    case = enterprises.certification_of(enterprise)
    is_change = request.POST.get("act") == "change"
    initial = {name: getattr(enterprise, name) for name in (*PARTICULARS, "operating_address")}
    initial["uscc_reason"] = enterprise.uscc_override_reason
    posted = request.method == "POST"
    form = RegisterForm(*_posted(request, posted and not is_change), initial=initial)
    change = ChangeForm(*_posted(request, posted and is_change))
    asked = change if is_change else form
    problem = None
    if posted and asked.is_valid():
        try:
            if is_change:
                _change(request, enterprise, change)
            else:
                _resubmit(request, enterprise, form)
        except Problem as refused:
            problem = refused if refused.field not in asked.fields else None
            if problem is None:
                asked.add_error(refused.field, str(refused.message))
        else:
            return redirect("enterprises:certification", park=park)
    context = {
        "enterprise": enterprise, "case": case, "form": form if not is_change else asked, "register_form": form, "change_form": change,
        "problem": problem, "changes": _changes(case), "is_certified": enterprise.certification_state == "certified",
    }  # fmt: skip
    status = problem.status if problem else 422 if asked.errors else 200
    return render(request, "enterprises/certification.html", context, status=status)


def _posted(request: ParkRequest, wanted: bool) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if wanted else (None, None)


def _resubmit(request: ParkRequest, enterprise: Enterprise, form: RegisterForm) -> None:
    registration.resubmit(
        by=request.actor, enterprise=enterprise, particulars=_particulars(form), papers=_papers(form)
    )
    messages.success(request, _("已重新提交认证申请。"))


def _change(request: ParkRequest, enterprise: Enterprise, form: ChangeForm) -> None:
    data = form.cleaned_data
    registration.request_change(
        by=request.actor,
        enterprise=enterprise,
        wanted={name: data[name] for name in registration.CERTIFIED_FIELDS},
        upload=data["licence"],
    )
    messages.success(request, _("已提交变更认证；审核通过前，原认证信息继续有效。"))


def _changes(case: Certification | None) -> list[tuple[str, str, str]]:
    """What a change asks for: label, certified, asked for."""
    return [(matching.label(name), *pair) for name, pair in case.changes.items()] if case else []


def cases(request: ParkRequest, park: str) -> HttpResponse:
    """The reviewers' list of applications."""
    page = listing(
        request,
        enterprises.certifications().order_by("submitted_at", "pk"),
        filterset=CertificationFilter,
        columns=(
            "enterprise__uscc",
            "enterprise__name",
            "state",
            "submitted_at",
            "decided_by_name",
            "decided_at",
            "reason",
        ),
        filename="certifications",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "enterprises/cases.html", {"page": page})


def case(request: ParkRequest, park: str, case_id: int) -> HttpResponse:
    """One application: what is stated, the licence beside it, and the decision."""
    found = enterprises.certifications().filter(pk=case_id).first()
    if found is None:
        raise Http404
    form = DecideForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            registration.decide(
                by=request.actor,
                case=found,
                event=form.cleaned_data["event"],
                reason=form.cleaned_data["reason"],
                sub_park=form.cleaned_data["sub_park"],
            )
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已记录审核决定。"))
            return redirect("enterprises:cases", park=park)
    status = problem.status if problem else 422 if form.errors else 200
    context = {
        "case": found, "form": form, "problem": problem, "match": matching.match(found), "changes": _changes(found),
        "letters": authority.letters(found.enterprise)[:10], "doubles": doubles_of(found), "site": matching.site_of(found),
        "names": dimensions(), "today": db_today(),
    }  # fmt: skip
    return render(request, "enterprises/case.html", context, status=status)


def doubles_of(case: Certification) -> list[EvidenceFile]:
    """Documents of other firms with the same bytes as the licence or the letter."""
    return [
        other for row in (case.licence, case.letter) if row is not None for other in library.same_content(row)
    ]


def enterprise_list(request: ParkRequest, park: str) -> HttpResponse:
    """Enterprises of the park."""
    page = listing(
        request,
        enterprises.members().order_by("name", "pk"),
        filterset=EnterpriseFilter,
        columns=("uscc", "name", "sub_park__name", "industry", "founded_on", "certification_state"),
        filename="enterprises",
        sortable=("name", "uscc", "founded_on", "industry"),
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "enterprises/enterprises.html", {"page": page})
