"""Check the answers, sign, the receipt, the answers to a return."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from innovscore.core.digest import sha256_hex
from innovscore.core.problems import NotFound, Problem
from parks.clock import db_now
from parks.http import ParkRequest

from ..models import Declaration
from ..queries import authority, declarations, reviews
from ..services import signing
from .declarations import clock, is_editable, own_declaration


def check(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Check the answers, changed ones first; who may sign signs and hands in what was shown."""
    found = own_declaration(request, year)
    problem = None
    if request.method == "POST":
        seen = request.POST.get("content_hash", "")
        try:
            signing.submit(by=request.actor, declaration=found, seen_hash=seen)
        except Problem as refused:
            found.refresh_from_db()
            if refused.code == "not_editable" and seen and found.content_hash == seen:
                return redirect("enterprises:receipt", park=park, year=year)
            problem = refused
        else:
            messages.success(request, _("已签署并提交，等待核定。"))
            return redirect("enterprises:receipt", park=park, year=year)
    sections = declarations.sections(found)
    items = [one for part in sections for one in part.items]
    values = {one.value.code: one.value for one in items}
    context = {
        "declaration": found, "blockers": signing.blocking(found, values), "content_hash": signing.content_hash(values),
        "editable": is_editable(found), "problem": problem, "count": len(values), "may_sign": authority.may_sign(request.actor),
        "signers": authority.signers(found.enterprise), "seen_at": db_now().isoformat(), "changed_since": _changed_since(request, items), **_grouped(items), "sections": sections,
        **clock(found),
    }  # fmt: skip
    return render(request, "enterprises/check.html", context, status=problem.status if problem else 200)


def _grouped(items: list[declarations.Item]) -> dict[str, Any]:
    """Changed by us first, then warned and explained, then missing."""
    changed = [one for one in items if one.value.state == "disputed"]
    warned = [one for one in items if one.findings and one not in changed]
    missing = [one for one in items if one.value.state == "missing"]
    return {"changed": changed, "warned": warned, "missing": missing}


def _changed_since(request: ParkRequest, items: list[declarations.Item]) -> list[declarations.Item]:
    """Items that somebody changed after the page was shown."""
    try:
        shown = parse_datetime(request.POST.get("seen_at", ""))
    except ValueError:
        shown = None
    if not isinstance(shown, dt.datetime) or shown.tzinfo is None:
        return []
    return [one for one in items if one.value.updated_at > shown]


def receipt(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The receipt of the latest handing in, and the earlier ones."""
    found = own_declaration(request, year)
    receipts = list(found.receipts.select_related("letter").order_by("-pk"))
    if not receipts:
        raise NotFound(code="no_receipt", message=_("还没有提交，签署提交后会生成回执。"))
    context = {
        "declaration": found, "receipt": receipts[0], "earlier": receipts[1:], "sections": declarations.sections(found),
        "intact": _is_intact(receipts[0].content, receipts[0].content_hash),
    }  # fmt: skip
    return render(request, "enterprises/receipt.html", context)


def _is_intact(content: str, digest: str) -> bool:
    return sha256_hex(content.encode()) == digest


def returns(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """What was sent back: all items of the notice, what to bring, until when, and the answers."""
    found: Declaration = own_declaration(request, year)
    names = {one.value.code: one for part in declarations.sections(found) for one in part.items}
    notices = [
        (notice, [(row, names.get(row.value.code)) for row in notice.items.all()])
        for notice in reviews.notices(found)
    ]
    open_rows = [row for _notice, rows in notices[:1] for row, _item in rows if row.answered_at is None]
    context = {
        "declaration": found, "notices": notices, "unanswered": len(open_rows), "editable": is_editable(found), **clock(found),
    }  # fmt: skip
    return render(request, "enterprises/returns.html", context)
