"""The office's page of one firm: particulars against the register, where it was, who acts for it, and what the office does."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem, Refused
from parks.clock import db_today
from parks.http import ParkRequest

from ..forms import FirmForm
from ..models import Enterprise
from ..queries import authority, enterprises, matching
from ..services import moves, registration
from .people import dimensions


def enterprise(request: ParkRequest, park: str, enterprise_id: int) -> HttpResponse:
    """One firm; the administrator moves it, lets it leave, suspends or resumes its certification."""
    found = enterprises.get(enterprise_id)
    form = FirmForm(request.POST or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            done = _act(request, found, form)
        except Problem as refused:
            problem = refused
            if refused.field in form.fields:
                form.add_error(refused.field, str(refused.message))
                problem = None
        else:
            messages.success(request, done)
            return redirect("enterprises:enterprise", park=park, enterprise_id=found.pk)
    case = enterprises.certification_of(found)
    context = {
        "enterprise": found, "form": form, "problem": problem, "case": case, "match": matching.match(case) if case else None,
        "stays": enterprises.stays(found), "cases": enterprises.certifications().filter(enterprise=found).order_by("-pk"),
        "colleagues": authority.colleagues(found), "letters": authority.letters(found)[:50], "names": dimensions(),
        "site": matching.site(found), "today": db_today(),
    }  # fmt: skip
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "enterprises/enterprise.html", context, status=status)


def _act(request: ParkRequest, found: Enterprise, form: FirmForm) -> str:
    data, by = form.cleaned_data, request.actor
    if data["act"] == "move":
        moves.to_sub_park(
            by=by, enterprise=found, sub_park=data["sub_park"], on=data["on"], reason=data["reason"]
        )
        return _("已记录园区变更。")
    if data["act"] == "leave":
        moves.leave(by=by, enterprise=found, on=data["on"], reason=data["reason"])
        return _("已记录迁出。")
    if data["act"] == "suspend":
        registration.suspend(by=by, enterprise=found, reason=data["reason"])
        return _("认证已暂停。")
    if data["act"] == "resume":
        registration.resume(by=by, enterprise=found, reason=data["reason"])
        return _("认证已恢复。")
    raise Refused(code="act_unknown", message=_("不支持的操作。"))
