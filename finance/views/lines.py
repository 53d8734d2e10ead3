"""授信额度 of a bank: frozen and thawed by two people; and where the park proposes a freeze."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.listing import listing
from parks.roles import Role
from parks.showing import add_problem, run_once, status_of

from ..filters import LineFilter
from ..forms.lines import FreezeAskForm, LineOrderForm
from ..queries import lines as queries
from ..services import consents, freezing
from ..states import LineOrderKind

COLUMNS = (
    "pk",
    "product__name",
    "quoted_limit",
    "reserved",
    "drawn",
    "get_state_display",
    "quote__expires_at",
)
PROPOSALS: dict[str, Callable[..., Any]] = {
    kind: partial(freezing.propose, kind=kind) for kind in LineOrderKind.values
}
VERDICTS: dict[str, Callable[..., Any]] = {"confirm": freezing.confirm, "drop": freezing.drop}


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """All lines of the bank, with or without an application."""
    page = listing(
        request,
        queries.to_bank(request.actor),
        filterset=LineFilter,
        columns=COLUMNS,
        filename="lines",
        sortable=("quoted_limit", "drawn"),
    )
    if isinstance(page, HttpResponse):
        return page
    shown = _shown(request, [row.quote.consent_id for row in page])
    rows = [(row, row.enterprise.name if row.quote.consent_id in shown else "") for row in page]
    return render(request, "finance/lines.html", {"page": page, "rows": rows})


def line(request: ParkRequest, park: str, line_id: int) -> HttpResponse:
    """One line with what was proposed on it, and what this person may do."""
    found = queries.for_bank(request.actor, line_id)
    form = LineOrderForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:line", form, _step, line_id=line_id)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已记录。"))
            return redirect("finance:line", park=park, line_id=line_id)
    order, is_maker = queries.open_order(found), request.actor.role == Role.BANK_MAKER
    seen = status < 400 and found.quote.consent_id in _shown(request, [found.quote.consent_id])
    context = {
        "line": found, "form": form, "order": order, "orders": queries.orders_of(found), "name": found.enterprise.name if seen else "",
        "proposal": (LineOrderKind.THAW if queries.freeze_of(found) else LineOrderKind.FREEZE) if is_maker and order is None else None,
        "may_decide": order is not None and not is_maker and order.maker_person != request.actor.person_id,
    }  # fmt: skip
    return render(request, "finance/line.html", context, status=status)


def _step(*, by: Any, step: str, reason: str, line_id: int) -> None:
    if step in VERDICTS:
        VERDICTS[step](by=by, line_id=line_id)
    else:
        PROPOSALS[step](by=by, line_id=line_id, reason=reason)


def _shown(request: ParkRequest, consent_ids: list[int]) -> set[int]:
    return consents.note_list_reads(
        by=request.actor, consent_ids=consent_ids, subject=gettext_noop("额度列表")
    )


def ask(request: ParkRequest, park: str) -> HttpResponse:
    """The park proposes to a firm's banks to freeze its lines; it does not learn which banks these are."""
    form = FreezeAskForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:freeze_ask", form, freezing.ask)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("提议已送达该企业的有关银行（如有），由银行决定。"))
            return redirect("finance:freeze_ask", park=park)
    return render(request, "finance/freeze_ask.html", {"form": form}, status=status)
