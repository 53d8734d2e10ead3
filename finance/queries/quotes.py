"""Quotes as a bank reads them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import Quote
from ..rules import BANK_STEPS
from .acting import organisation_of


def of_bank(actor: Actor, quote_id: int) -> Quote:
    """A quote made for the acting bank; raises NotFound for others'."""
    rows = Quote.objects.filter(organisation_id=organisation_of(actor)).select_related("product")
    quote = rows.filter(pk=quote_id).first()
    if quote is None:
        raise NotFound(code="not_found", message=_("没有这次额度测算。"))
    return quote


def bank_data(quote: Quote) -> dict[str, Any]:
    """What a bank may see of a quote."""
    return {
        "id": quote.pk,
        "consent": quote.consent_id,
        "product": quote.product.code,
        "state": quote.state,
        "amount": quote.amount,
        "binding": quote.binding,
        "steps": bank_steps(quote.steps),
        "snapshot": quote.snapshot_id,
        "digest": quote.digest,
        "expires_at": quote.expires_at,
    }


def bank_steps(steps: list[dict[str, str]]) -> list[dict[str, str]]:
    return [step for step in steps if step["code"] in BANK_STEPS]
