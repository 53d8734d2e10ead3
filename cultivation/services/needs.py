"""Technical needs: a firm posts, the park introduces experts who share fields, what came of it is said once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Notification
from parks.outbox import notify

from ..models import Expert, Introduction, IntroductionOutcome, TechNeed
from ..queries import needs as queries
from ..states import Outcome
from .refusals import guarded

LONGEST = dt.timedelta(days=366)


def post(
    *, by: Actor, title: str, text: str, fields: Sequence[str], until: dt.date, is_public: bool,
    budget_from: Decimal | None = None, budget_to: Decimal | None = None,
) -> TechNeed:  # fmt: skip
    """A firm posts what it looks for; budgets in yuan, both or none. Raises Refused at the field."""
    enterprise, today = enterprises.own_or_404(by), db_today()
    if not today <= until <= today + LONGEST:
        raise Refused(code="day_wrong", field="until", message=_("截止日期应在今天之后、一年以内。"))
    if (budget_from is None) != (budget_to is None) or (budget_from or 0) > (budget_to or 0):
        message = _("预算上下限请都填写，且上限不低于下限；面议则都不填。")
        raise Refused(code="budget_wrong", field="budget_to", message=message)
    with transaction.atomic():
        row = TechNeed.objects.create(
            enterprise=enterprise, firm_name=enterprise.name, title=title, text=text, fields=list(fields), until=until,
            is_public=is_public, budget_from=budget_from, budget_to=budget_to, posted_by_name=by.person_name,
        )  # fmt: skip
        audit.record(by=by, action="tech_need.posted", obj=row, after={"title": title, "public": is_public})
    return row


def close(*, by: Actor, need_id: int, closing: str) -> TechNeed:
    """The firm ends its need. Raises Conflict when it has ended."""
    with transaction.atomic():
        row = _open(by, need_id)
        row.closing, row.closed_at = closing, db_now()
        row.save(update_fields=["closing", "closed_at"])
        audit.record(by=by, action="tech_need.closed", obj=row, after={"closing": closing})
    return row


def keep_expert(
    *, by: Actor, name: str, institute: str, fields: Sequence[str], availability: str, is_active: bool,
    expert_id: int | None = None,
) -> Expert:  # fmt: skip
    """Enter an expert or change the entry. Raises Conflict for one who is known already."""
    with transaction.atomic(), guarded():
        row = queries.expert(expert_id) if expert_id else Expert()
        row.name, row.institute, row.fields = name, institute, list(fields)
        row.availability, row.is_active = availability, is_active
        row.save()
        audit.record(by=by, action="expert.kept", obj=row, after={"active": is_active, "fields": row.fields})
    return row


def introduce(*, by: Actor, need_id: int, expert_id: int, note: str = "") -> Introduction:
    """The park brings both together and tells the firm. Raises Conflict when the need has ended or they have met."""
    with transaction.atomic(), guarded():
        need, expert = _open(by, need_id), queries.expert(expert_id)
        if need.until < db_today():
            raise Conflict(code="need_over", message=_("这条需求已过截止日期，请企业重新发布。"))
        if expert_id not in {one.expert.pk for one in queries.fitting(need)} and not _met(need, expert):
            raise Refused(
                code="no_shared_field", message=_("这位专家与需求没有共同的技术领域，或已停用，请另选。")
            )
        row = Introduction.objects.create(need=need, expert=expert, note=note, made_by_name=by.person_name)
        audit.record(by=by, action="tech_need.introduced", obj=need, after={"expert": expert.pk})
        said = {"number": need.number, "expert": expert.name, "institute": expert.institute}
        notify(
            organisation_id=need.enterprise.organisation_id, kind=Notification.Kind.NEWS,
            text=_("技术需求 %(number)s：园区为您对接 %(institute)s %(expert)s。") % said,
            url=reverse("cultivation:tech_need", kwargs={"park": by.park_code, "need_id": need.pk}),
        )  # fmt: skip
    return row


def say_outcome(
    *,
    by: Actor,
    need_id: int,
    introduction_id: int,
    outcome: str,
    amount: Decimal | None = None,
    note: str = "",
) -> IntroductionOutcome:
    """What came of an introduction, by the firm or the park: a contract with its amount in yuan, or none. Once."""
    need = queries.visible(by, need_id)
    if outcome == Outcome.CONTRACT and not amount:
        raise Refused(code="amount_missing", field="amount", message=_("签约请填写合同金额（万元）。"))
    with transaction.atomic(), guarded():
        row = IntroductionOutcome.objects.create(
            introduction=queries.introduction(need, introduction_id), outcome=outcome, note=note,
            amount=amount if outcome == Outcome.CONTRACT else None, said_by_name=by.person_name,
        )  # fmt: skip
        audit.record(
            by=by, action="tech_need.outcome", obj=need, after={"outcome": outcome, "amount": row.amount}
        )
    return row


def _met(need: TechNeed, expert: Expert) -> bool:
    """They know each other: the unique key says so in its own words."""
    return Introduction.objects.filter(need=need, expert=expert).exists()


def _open(by: Actor, need_id: int) -> TechNeed:
    queries.visible(by, need_id)
    row = TechNeed.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=need_id)
    if row.closing:
        raise Conflict(code="need_closed", message=_("这条需求已结束。"))
    return row
