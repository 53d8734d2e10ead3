"""Quotes and lines: computed, stored, cut. What is taken of a line moves only with events of applications."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring.queries.standing import Standing

from .. import rules
from ..models import Consent, CreditLine, ProductVersion, Quote
from ..queries import lines as queries
from ..queries.pricing import Pricing, price
from ..states import LineState, QuoteState
from . import webhooks


def requote(*, by: Actor, enterprise_id: int, version: ProductVersion, consent: Consent) -> CreditLine | None:
    """Compute the line now and store quote and line; the live quote before it is superseded.

    None when nothing can be lent on yet (no published score, missing figures, a veto): an existing line is frozen.
    """
    with transaction.atomic():
        line = _locked(enterprise_id, version.product_id)
        priced = price(enterprise_id, version)
        _end_quotes(enterprise_id, version.product_id, QuoteState.SUPERSEDED)
        if not priced.usable or priced.standing is None:
            _freeze(line)
            return None
        quote = _store(priced, priced.standing, enterprise_id, consent)
        line = _set(line, quote, version)
        webhooks.emit("quote.live", organisation_id=quote.organisation_id, about=quote)
        audit.record(
            by=by, action="quote.made", obj=quote, after={"amount": quote.amount, "digest": quote.digest}
        )
    return line


def _store(priced: Pricing, standing: Standing, enterprise_id: int, consent: Consent) -> Quote:
    steps = [{"code": step.code, "value": str(step.value)} for step in priced.result.steps]
    content = {
        "inputs": priced.inputs,
        "steps": steps,
        "amount": priced.amount,
        "binding": priced.result.binding,
    }
    return Quote.objects.create(
        enterprise_id=enterprise_id,
        organisation_id=consent.organisation_id,
        product_id=consent.product_id,
        product_version=priced.version,
        consent=consent,
        snapshot_id=standing.snapshot_id,
        inputs=priced.inputs,
        steps=steps,
        binding=priced.result.binding,
        amount=priced.amount,
        digest=rules.digest_of(content),
        expires_at=min(db_now() + dt.timedelta(days=rules.QUOTE_DAYS), consent.period.upper),
    )


def _set(line: CreditLine | None, quote: Quote, version: ProductVersion) -> CreditLine:
    if line is None:
        return CreditLine.objects.create(
            enterprise_id=quote.enterprise_id,
            organisation_id=quote.organisation_id,
            product_id=version.product_id,
            quote=quote,
            quoted_limit=quote.amount,
            hard_limit=quote.amount,
        )
    line.quote, line.quoted_limit = quote, quote.amount
    line.state = LineState.FROZEN if queries.freeze_of(line) else LineState.ACTIVE
    line.hard_limit = rules.hard_limit(quote.amount, line.reserved, line.drawn)
    line.save(update_fields=["quote", "quoted_limit", "hard_limit", "state", "updated_at"])
    return line


def freeze(*, enterprise_id: int, product_id: int) -> None:
    """Nothing new may be taken; quotes become void. Called when a consent ends."""
    line = _locked(enterprise_id, product_id)
    _end_quotes(enterprise_id, product_id, QuoteState.VOID)
    _freeze(line)


def cut(*, by: Actor, line_id: int, limit: Decimal) -> CreditLine:
    """Lower the limit at once, never below what is taken; raises Conflict when it would rise."""
    with transaction.atomic():
        line = CreditLine.objects.select_for_update().get(pk=line_id)
        if limit > line.quoted_limit:
            raise Conflict(code="not_a_cut", message=_("额度只能按新的测算提高。"))
        before = line.quoted_limit
        line.quoted_limit, line.hard_limit = limit, rules.hard_limit(limit, line.reserved, line.drawn)
        line.save(update_fields=["quoted_limit", "hard_limit", "updated_at"])
        audit.record(by=by, action="line.cut", obj=line, before={"limit": before}, after={"limit": limit})
    return line


def _locked(enterprise_id: int, product_id: int) -> CreditLine | None:
    lines = CreditLine.objects.select_for_update().filter(enterprise_id=enterprise_id, product_id=product_id)
    return lines.exclude(state=LineState.CLOSED).first()


def _freeze(line: CreditLine | None) -> None:
    if line is not None and line.state != LineState.FROZEN:
        line.state = LineState.FROZEN
        line.save(update_fields=["state", "updated_at"])


def _end_quotes(enterprise_id: int, product_id: int, state: QuoteState) -> None:
    live = Quote.objects.filter(enterprise_id=enterprise_id, product_id=product_id, state=QuoteState.LIVE)
    for quote in live.only("pk", "organisation_id", "park_id"):
        Quote.objects.filter(pk=quote.pk, state=QuoteState.LIVE).update(state=state)
        if state == QuoteState.VOID:
            webhooks.emit("quote.void", organisation_id=quote.organisation_id, about=quote)
