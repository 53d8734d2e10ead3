"""Terms of guarantors and pools: proposed by one person, put in force by another; the caps follow in the database."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.roles import Role

from ..models import RiskCounter, RiskTerms
from ..queries.acting import organisation_of
from ..states import RiskKind, RiskScope, VersionState
from .problems import guarded
from .twice import made_by, sign


def propose(
    *, by: Actor, capital: Decimal, leverage: Decimal, client_cap: Decimal, group_cap: Decimal
) -> RiskTerms:
    """New terms of the acting guarantor (capital = net assets) or fund (capital = money in the pool), in yuan."""
    if capital <= 0 or leverage <= 0 or client_cap <= 0:
        raise Refused(code="amount", field="capital", message=_("金额和倍数须大于 0。"))
    if group_cap < client_cap:
        raise Refused(code="group_cap", field="group_cap", message=_("集团上限不能低于单户上限。"))
    house, kind = organisation_of(by), RiskKind.POOL if by.role == Role.FUND_MANAGER else RiskKind.GUARANTOR
    with transaction.atomic(), guarded():
        last = RiskTerms.objects.filter(organisation_id=house, kind=kind).order_by("-number").first()
        terms = RiskTerms.objects.create(
            organisation_id=house, kind=kind, number=last.number + 1 if last else 1, capital=capital, leverage=leverage,
            client_cap=client_cap, group_cap=group_cap, **made_by(by),
        )  # fmt: skip
        audit.record(
            by=by, action="risk_terms.proposed", obj=terms, after={"capital": capital, "leverage": leverage}
        )
    return terms


def activate(*, by: Actor, terms_id: int) -> RiskTerms:
    """Another person of the organisation puts the terms in force; refused where more is committed than they allow."""
    with transaction.atomic(), guarded():
        terms = (
            RiskTerms.objects.select_for_update()
            .filter(pk=terms_id, organisation_id=organisation_of(by))
            .first()
        )
        if terms is None:
            raise NotFound(code="not_found", message=_("没有这份额度方案。"))
        if terms.state != VersionState.DRAFT:
            raise Conflict(code="not_draft", message=_("这份方案已经启用或停用。"))
        _check_committed(terms)
        RiskTerms.objects.filter(
            organisation_id=terms.organisation_id, kind=terms.kind, state=VersionState.ACTIVE
        ).update(state=VersionState.RETIRED)
        terms.state = VersionState.ACTIVE
        sign(terms, by=by, also=("state",))
        audit.record(by=by, action="risk_terms.activated", obj=terms, after={"capital": terms.capital})
    return terms


def _check_committed(terms: RiskTerms) -> None:
    caps = {
        RiskScope.TOTAL: terms.capital * terms.leverage,
        RiskScope.CLIENT: terms.client_cap,
        RiskScope.GROUP: terms.group_cap,
    }
    counters = RiskCounter.objects.filter(organisation_id=terms.organisation_id, kind=terms.kind)
    for counter in counters.order_by("pk").select_for_update():
        if counter.committed > caps[RiskScope(counter.scope)]:
            raise Conflict(
                code="committed_more",
                message=_("“%(scope)s”已承诺 %(n)s 元，新的上限不能更低。")
                % {"scope": counter.get_scope_display(), "n": f"{counter.committed:,.2f}"},
            )
