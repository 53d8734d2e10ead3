"""Registering a firm and deciding on its certification."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.listing import listing
from parks.queries.memberships import SESSION_KEY
from parks.queries.memberships import of_account as memberships_of
from parks.services import evidence

from ..filters import CertificationFilter, EnterpriseFilter
from ..forms import DecideForm, RegisterForm
from ..queries import enterprises
from ..services import registration
from ..services.registration import Particulars


def _particulars(form: RegisterForm) -> Particulars:
    names = (
        "uscc",
        "name",
        "legal_representative",
        "registered_address",
        "founded_on",
        "industry",
        "sub_park",
        "uscc_reason",
    )
    return Particulars(**{name: form.cleaned_data[name] for name in names})


def register(request: ParkRequest, park: str) -> HttpResponse:
    """A signed-in person registers a firm in the park."""
    form = RegisterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            enterprise = registration.register(
                by=request.actor, particulars=_particulars(form), role=form.cleaned_data["role"]
            )
            upload = form.cleaned_data.get("licence")
            if upload is not None:
                registration.attach_licence(by=request.actor, enterprise=enterprise, upload=upload)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            own = memberships_of(account_id=request.actor.account_id or 0, park_id=request.park.pk)
            request.session[SESSION_KEY] = next(
                m.pk for m in own if m.organisation_id == enterprise.organisation_id
            )
            messages.success(request, _("已提交认证申请，审核结果会在消息中告知。"))
            return redirect("enterprises:certification", park=park)
    return render(request, "enterprises/register.html", {"form": form}, status=422 if form.errors else 200)


def certification(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's own certification: state, reason, and correcting what was returned."""
    enterprise = enterprises.own_or_404(request.actor)
    case = enterprises.certification_of(enterprise)
    initial = {
        name: getattr(enterprise, name)
        for name in (
            "uscc",
            "name",
            "legal_representative",
            "founded_on",
            "registered_address",
            "industry",
            "sub_park",
        )
    }
    form = RegisterForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            upload = form.cleaned_data.get("licence")
            licence = (
                evidence.store(by=request.actor, organisation_id=enterprise.organisation_id, upload=upload)
                if upload
                else None
            )
            registration.resubmit(
                by=request.actor, enterprise=enterprise, particulars=_particulars(form), licence=licence
            )
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            messages.success(request, _("已重新提交认证申请。"))
            return redirect("enterprises:certification", park=park)
    context = {"enterprise": enterprise, "case": case, "form": form}
    return render(request, "enterprises/certification.html", context, status=422 if form.errors else 200)


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
        from django.http import Http404

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
            )
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已记录审核决定。"))
            return redirect("enterprises:cases", park=park)
    status = problem.status if problem else 422 if form.errors else 200
    return render(
        request, "enterprises/case.html", {"case": found, "form": form, "problem": problem}, status=status
    )


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
