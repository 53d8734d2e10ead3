"""What waits for a role, and where the year stands. Joins rooms by their queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cultivation.queries import matching
from enterprises.queries import cycles, declarations, enterprises
from enterprises.states import CertificationState, DeclarationState
from finance.queries import applications, needs
from finance.queries import lines as credit_lines
from parks import access, todo
from parks.actors import Actor
from parks.workdays import deadline_in_words
from rankings.queries import editions
from rankings.states import EditionState
from scoring.queries import standing

from .navigation import FIRM, OFFICE, entries_for


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the year at a glance, with the page behind it."""

    label: str
    value: str
    url: str = ""
    note: str = ""


@todo.source("roof")
def todos(actor: Actor) -> Iterator[todo.Todo]:
    """What the rooms without a source of their own have waiting."""
    for entry in entries_for(actor.role):
        count = WAITING[entry.route](actor) if entry.route in WAITING else 0
        if count:
            yield todo.Todo(str(entry.label), entry.url(actor.park_code), count)


def glance(actor: Actor) -> list[Figure]:
    """Where the year stands, for the firm or for the office; other roles see their lists only."""
    if actor.role in FIRM:
        return _of_firm(actor)
    return _of_office(actor) if actor.role in OFFICE else []


def _own_certification(actor: Actor) -> int:
    own = enterprises.own(actor)
    return int(own is not None and own.certification_state in ("draft", "returned"))


def _unanswered_needs(actor: Actor) -> int:
    may_answer = access.may(actor.role, "finance:need_answer", "POST")
    return needs.unanswered_by(actor).count() if may_answer else 0


WAITING: dict[str, Callable[[Actor], int]] = {
    "enterprises:certification": _own_certification,
    "rankings:objections": lambda _actor: editions.all_open_objections(),
    "finance:bank_applications": lambda actor: applications.to_bank(actor).filter(status="screened").count(),
    "finance:bank_check": lambda actor: applications.waiting_for_check(actor).count(),
    "finance:needs_desk": _unanswered_needs,
    "finance:lines": lambda actor: credit_lines.to_decide(actor).count(),
}


def _of_firm(actor: Actor) -> list[Figure]:
    own = enterprises.own(actor)
    if own is None:
        return []
    park = {"park": actor.park_code}
    figures = [
        Figure(
            _("企业认证"),
            own.get_certification_state_display(),
            reverse("enterprises:certification", kwargs=park),
        )
    ]
    latest = declarations.of_enterprise(own).first()
    if latest is not None:
        year: dict[str, Any] = park | {"year": latest.cycle.year}
        figures.append(
            Figure(
                _("%(year)s 年度申报") % {"year": latest.cycle.year},
                latest.get_state_display(),
                reverse("enterprises:declaration", kwargs=year),
                deadline_in_words(latest.deadline) if latest.cycle.state == "open" else "",
            )
        )
    standings = standing.standings_of_organisation(actor.organisation_id)
    if standings:
        scored = standings[-1]
        figures.append(
            Figure(
                _("%(year)s 年积分") % {"year": scored.cycle_year},
                f"{scored.total:.2f}",
                reverse("scoring:own_score", kwargs=park | {"year": scored.cycle_year}),
                _("第 %(place)s 名，共 %(n)s 家") % {"place": scored.place, "n": scored.ranked}
                if scored.place
                else "",
            )
        )
    policies = matching.overview(own.pk)
    if policies.total:
        figures.append(
            Figure(
                _("现在可申请的政策"),
                _("%(n)s 万元") % {"n": f"{policies.total / 10_000:,.2f}"},
                reverse("cultivation:policies", kwargs=park),
                _("共 %(n)s 项") % {"n": sum(one.open for one in policies.eligible)},
            )
        )
    return figures


def _of_office(actor: Actor) -> list[Figure]:
    park = {"park": actor.park_code}
    members = enterprises.members()
    certified = members.filter(certification_state=CertificationState.CERTIFIED).count()
    figures = [
        Figure(
            _("已认证企业"),
            f"{certified:,}",
            reverse("enterprises:enterprises", kwargs=park),
            _("名录共 %(n)s 家") % {"n": f"{members.count():,}"},
        )
    ]
    cycle = cycles.open_cycle()
    if cycle is not None:
        counts = cycles.counts(cycle)
        done = counts.get(DeclarationState.VERIFIED, 0)
        figures.append(
            Figure(
                _("%(year)s 年度已核定") % {"year": cycle.year},
                f"{done:,} / {sum(counts.values()):,}",
                reverse("enterprises:cycle", kwargs=park | {"year": cycle.year}),
                deadline_in_words(cycle.declaration_deadline),
            )
        )
    years = editions.years()
    if years:
        rows = editions.editions_of(years[0])
        final = rows.filter(state=EditionState.FINAL).count()
        notice = rows.filter(state=EditionState.ON_NOTICE).count()
        figures.append(
            Figure(
                _("%(year)s 年榜单") % {"year": years[0]},
                _("已发布 %(n)s") % {"n": final},
                reverse("rankings:year", kwargs=park | {"year": years[0]}),
                _("公示中 %(n)s") % {"n": notice} if notice else "",
            )
        )
    return figures
