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
from parks.clock import db_now, db_today
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
    """The firm's people and who may sign; inviting and revoking by the legal representative."""
    enterprise = firms.own_or_404(request.actor)
    names = dimensions()
    form, problem = InviteForm(scopes=names), None
    if request.method == "POST":
        act = request.POST.get("act", "invite")
        if act == "invite":
            form = InviteForm(request.POST, request.FILES, scopes=names)
        try:
            answer = _act(request, enterprise, act, form)
        except Problem as refused:
            problem = refused
            if form.is_bound and refused.field in form.fields:
                form.add_error(refused.field, str(refused.message))
                problem = None
        else:
            if answer is not None:
                return answer
    colleagues = authority.colleagues(enterprise)
    context = {
        "enterprise": enterprise,
        "colleagues": colleagues,
        "signers": [one for one in colleagues if one.may_sign],
        "letters": authority.letters(enterprise)[:50],
        "invitations": authority.invitations(enterprise)[:20],
        "form": form,
        "names": names,
        "problem": problem,
        "now": db_now(),
        "today": db_today(),
        "has_signatory": any(one.is_live and one.is_signatory for one in colleagues),
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
        services.revoke(
            by=request.actor, enterprise=enterprise, membership=authority.colleague(enterprise, target),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        messages.success(request, _("已撤销授权，立即生效。"))
    return redirect("enterprises:people", park=request.park.code)


def _invite(request: ParkRequest, enterprise: Enterprise, form: Any) -> HttpResponse:
    data = form.cleaned_data
    _row, token = services.invite(
        by=request.actor, enterprise=enterprise, invitee=data["invitee"], role=data["role"], powers=_powers(data),
        upload=data["document"],
    )  # fmt: skip
    path = reverse("enterprises:invitation", kwargs={"park": request.park.code, "token": token})
    request.session["invitation_link"] = request.build_absolute_uri(path)
    return redirect("enterprises:people", park=request.park.code)


def _powers(data: dict[str, Any]) -> services.Powers:
    return services.Powers(data["scope"], data["may_sign"], data["authority_from"], data["authority_until"])


def letter(request: ParkRequest, park: str, membership_id: int) -> HttpResponse:
    """Give one agent other powers: which parts, whether to sign, from when until when, with the signed paper."""
    enterprise = firms.own_or_404(request.actor)
    membership = authority.colleague(enterprise, membership_id)
    present = authority.letter_in_force(membership.pk)
    initial = {
        "scope": present.scope if present else [],
        "may_sign": bool(present and present.may_sign),
        "authority_until": present.ends_on if present else None,
    }
    form = LetterForm(request.POST or None, request.FILES or None, initial=initial, scopes=dimensions())
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            row = services.change_letter(
                by=request.actor, enterprise=enterprise, membership=membership, powers=_powers(form.cleaned_data),
                upload=form.cleaned_data["document"],
            )  # fmt: skip
        except Problem as refused:
            problem = refused
            if refused.field in form.fields:
                form.add_error(refused.field, str(refused.message))
                problem = None
        else:
            later = row.starts_on > db_today()
            done = _("授权已登记，自 %(day)s 起生效。") if later else _("授权已更新，立即生效。")
            messages.success(request, done % {"day": row.starts_on.isoformat()} if later else done)
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
            if membership.starts_on > db_today():
                day = membership.starts_on.isoformat()
                messages.success(request, _("已接受邀请，您的授权自 %(day)s 起生效。") % {"day": day})
                return redirect("home")
            request.session[SESSION_KEY] = membership.pk
            messages.success(request, _("您已成为 %(name)s 的代表。") % {"name": row.enterprise.name})
            return redirect("enterprises:certification", park=park)
    context = {"invitation": row, "names": dimensions(), "problem": problem}
    return render(request, "enterprises/invitation.html", context, status=problem.status if problem else 200)
