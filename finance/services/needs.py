"""Financing needs 四位一体: posted by an enterprise, answered by banks, guarantors, funds and credit bureaus within three working days."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Notification
from parks.outbox import notify
from parks.workdays import deadline_after

from ..models import Need, NeedAnswer
from ..queries import needs as queries
from ..queries.acting import organisation_of, person_of
from ..states import GuaranteeWish, NeedState
from .problems import guarded

ANSWER_DAYS = 3


def post(
    *, by: Actor, amount: Decimal, term_months: int, purpose: str, guarantee_wish: str, collateral: str = ""
) -> Need:
    """Post a need (yuan, months); all partners of the park are told, with the enterprise's name and nothing else of it."""
    enterprise = enterprises.own_or_404(by)
    if amount <= 0:
        raise Refused(code="amount", field="amount", message=_("金额必须大于 0。"))
    if guarantee_wish not in GuaranteeWish.values:
        raise Refused(code="guarantee_wish", field="guarantee_wish", message=_("请选择担保意愿。"))
    with transaction.atomic(), guarded():
        need = Need.objects.create(
            enterprise=enterprise, amount=amount, term_months=term_months, purpose=purpose, guarantee_wish=guarantee_wish,
            collateral=collateral, posted_by_ref=person_of(by), posted_by_name=by.person_name,
            due_at=deadline_after(db_now(), ANSWER_DAYS),
        )  # fmt: skip
        for partner in queries.partners():
            notify(
                organisation_id=partner,
                text=_("新的融资需求 %(number)s，请在 3 个工作日内答复。") % {"number": need.number},
                url=reverse("finance:need_answer", args=[by.park_code, need.pk]),
                kind=Notification.Kind.TASK,
            )
        audit.record(
            by=by, action="need.posted", obj=need, after={"amount": amount, "term_months": term_months}
        )
    return need


def answer(
    *,
    by: Actor,
    need_id: int,
    offers: bool,
    text: str,
    amount: Decimal | None = None,
    rate: Decimal | None = None,
) -> NeedAnswer:
    """One answer an organisation: an offer (yuan, fraction a year) or a no with its reason in `text`."""
    if not text.strip():
        raise Refused(code="text", field="text", message=_("请写明方案或不能办理的原因。"))
    if offers and amount is not None and amount <= 0:
        raise Refused(code="amount", field="amount", message=_("金额必须大于 0；暂不确定时请留空。"))
    with transaction.atomic(), guarded():
        need = queries.open_need(need_id)
        house = organisation_of(by)
        if NeedAnswer.objects.filter(need=need, organisation_id=house).exists():
            raise Conflict(code="answered_already", message=_("本单位已经答复过这条需求。"))
        made = NeedAnswer.objects.create(
            need=need, organisation_id=house, offers=offers, amount=amount if offers else None, rate=rate if offers else None,
            text=text, answered_by_ref=person_of(by), answered_by_name=by.person_name,
        )  # fmt: skip
        notify(
            organisation_id=need.enterprise.organisation_id,
            text=_("%(house)s 答复了您的融资需求 %(number)s。")
            % {"house": by.organisation_name, "number": need.number},
            url=reverse("finance:needs", args=[by.park_code]),
        )
        audit.record(by=by, action="need.answered", obj=made, after={"offers": offers})
    return made


def close(*, by: Actor, need_id: int, matched: bool) -> Need:
    """The enterprise closes its need: matched with an answer, or no longer needed."""
    enterprise = enterprises.own_or_404(by)
    with transaction.atomic(), guarded():
        need = Need.objects.select_for_update().filter(pk=need_id, enterprise=enterprise).first()
        if need is None:
            raise NotFound(code="not_found", message=_("没有这条需求。"))
        if need.state != NeedState.OPEN:
            raise Conflict(code="closed_already", message=_("这条需求已关闭。"))
        need.state, need.closed_at = NeedState.MATCHED if matched else NeedState.CLOSED, db_now()
        need.save(update_fields=["state", "closed_at"])
        audit.record(by=by, action="need.closed", obj=need, after={"matched": matched})
    return need
