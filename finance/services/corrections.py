"""What a corrected score means for lines that stand on the score before."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from parks import audit
from parks.actors import Actor
from parks.outbox import notify

from ..models import CreditLine, Quote
from ..states import LineState, QuoteState
from . import webhooks


def supersede(*, by: Actor, snapshot_id: int, withdrawn: bool = False) -> int:
    """End the live quotes that stand on a snapshot and freeze their lines; firms and banks are told (banks without names). Returns how many.

    `withdrawn` says that the score was not corrected but is no longer published.

    Applications in progress keep their reserve, but are not approved before the line is quoted again on the new
    score. What was approved before is untouched.
    """
    with transaction.atomic():
        quotes = list(
            Quote.objects.filter(snapshot_id=snapshot_id, state=QuoteState.LIVE)
            .order_by("enterprise_id", "product_id")
            .select_related("enterprise", "product")
        )
        if not quotes:
            return 0
        ids = [quote.pk for quote in quotes]
        CreditLine.objects.filter(quote_id__in=ids, state=LineState.ACTIVE).update(state=LineState.FROZEN)
        Quote.objects.filter(pk__in=ids, state=QuoteState.LIVE).update(state=QuoteState.SUPERSEDED)
        for quote in quotes:
            webhooks.emit("score.corrected", organisation_id=quote.organisation_id, about=quote)
            to_firm, to_bank = _words(quote.product.name, withdrawn)
            notify(organisation_id=quote.enterprise.organisation_id, text=to_firm)
            notify(organisation_id=quote.organisation_id, text=to_bank)
        audit.record(
            by=by,
            action="quote.superseded",
            object_type="scoring.snapshot",
            object_id=str(snapshot_id),
            after={"quotes": ids},
        )
    return len(quotes)


def _words(product: str, withdrawn: bool) -> tuple[str, str]:
    """What the firm and the bank are told."""
    if withdrawn:
        to_firm = _("所依据年度的榜单已撤回，“%(product)s”的授信额度需要重新测算。")
        to_bank = _("有企业所依据年度的榜单已撤回，其“%(product)s”额度暂停使用，待重新测算。")
    else:
        to_firm = _("积分已更正，“%(product)s”的授信额度需要重新测算。")
        to_bank = _("有企业的积分已更正，其“%(product)s”额度暂停使用，待重新测算。")
    return to_firm % {"product": product}, to_bank % {"product": product}
