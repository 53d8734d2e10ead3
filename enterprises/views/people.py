"""Who acts for a firm: the firm's own page, and the page behind an invitation link."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.problems import Problem
from parks.http import ParkRequest, whole
from parks.queries.memberships import SESSION_KEY

from ..forms import InviteForm, LetterForm
from ..models import Enterprise
from ..queries import authority, cycles
from ..queries import enterprises as firms
from ..services import authority as services


def dimensions() -> dict[str, str]:
    """The parts of a declaration that a letter may name, by code."""
    cycle = cycles.all_cycles().first()
    return {one.code: name_of(one) for one in scheme_of(cycle.scheme_version).dimensions} if cycle else {}


def own_people(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's people; inviting, adjusting and revoking by the legal representative."""
    enterprise = firms.own_or_404(request.actor)
    names = dimensions()
    form, problem = InviteForm(scopes=names), None
    if request.method == "POST":
        act = request.POST.get("act", "invite")
        form = InviteForm(request.POST if act == "invite" else None, scopes=names)
        try:
            answer = _act(request, enterprise, act, form)
        except Problem as refused:
            problem = refused
        else:
            if answer is not None:
                return answer
    context = {
        "enterprise": enterprise,
        "colleagues": authority.colleagues(enterprise),
        "letters": authority.letters(enterprise)[:50],
        "invitations": authority.invitations(enterprise)[:20],
        "form": form,
        "names": names,
        "problem": problem,
        "has_signatory": authority.has_signatory(enterprise),
        "link": request.session.pop("invitation_link", ""),
    }
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "enterprises/people.html", context, status=status)


def _act(request: ParkRequest, enterprise: Enterprise, act: str, form: Any) -> HttpResponse | None:
    if act == "invite":
        return _invite(request, enterprise, form) if form.is_valid() else None
    target = whole(request.POST.get("id", "")) or 0
    if act == "withdraw":
        services.revoke_invitation(by=request.actor, enterprise=enterprise, invitation_id=target)
        messages.success(request, _("邀请已撤销。"))
    else:
        membership = authority.colleague(enterprise, target)
        services.revoke(by=request.actor, membership=membership, reason=request.POST.get("reason", ""))
        messages.success(request, _("已撤销授权，立即生效。"))
    return redirect("enterprises:people", park=request.park.code)


def _invite(request: ParkRequest, enterprise: Enterprise, form: Any) -> HttpResponse:
    data = form.cleaned_data
    _row, token = services.invite(
        by=request.actor, enterprise=enterprise, invitee=data["invitee"], role=data["role"], scope=data["scope"],
        authority_until=data["authority_until"],
    )  # fmt: skip
    path = reverse("enterprises:invitation", kwargs={"park": request.park.code, "token": token})
    request.session["invitation_link"] = request.build_absolute_uri(path)
    return redirect("enterprises:people", park=request.park.code)


def letter(request: ParkRequest, park: str, membership_id: int) -> HttpResponse:
    """Narrow or extend what one agent may do, until when, with the signed letter."""
    enterprise = firms.own_or_404(request.actor)
    membership = authority.colleague(enterprise, membership_id)
    initial = {
        "scope": membership.scope.get("dimensions", []),
        "authority_until": membership.ends_on,
    }
    form = LetterForm(request.POST or None, request.FILES or None, initial=initial, scopes=dimensions())
    problem = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.change_letter(
                by=request.actor, enterprise=enterprise, membership=membership, scope=data["scope"],
                ends_on=data["authority_until"], upload=data["document"],
            )  # fmt: skip
        except Problem as refused:
            problem = refused
            if refused.field in form.fields:
                form.add_error(refused.field, str(refused.message))
                problem = None
        else:
            messages.success(request, _("授权已更新，立即生效。"))
            return redirect("enterprises:people", park=park)
    context = {"enterprise": enterprise, "member": membership, "form": form, "problem": problem}
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "enterprises/letter.html", context, status=status)


def invitation(request: ParkRequest, park: str, token: str) -> HttpResponse:
    """A signed-in person sees what the link offers and takes it, once."""
    row = services.open_invitation(token)
    problem = None
    if request.method == "POST":
        try:
            membership = services.accept(by=request.actor, token=token)
        except Problem as refused:
            problem = refused
        else:
            request.session[SESSION_KEY] = membership.pk
            messages.success(request, _("您已成为 %(name)s 的代表。") % {"name": row.enterprise.name})
            return redirect("enterprises:certification", park=park)
    context = {"invitation": row, "names": dimensions(), "problem": problem}
    return render(request, "enterprises/invitation.html", context, status=problem.status if problem else 200)
