"""Changing one figure of a frozen year: only by a correction order that another person approved."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Forbidden, NotFound
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from ..models import Cycle, DeclaredValue, VerificationDecision
from ..states import DeclarationState, ValueState
from . import prefill


def value_of(*, cycle_id: int, enterprise_id: int, code: str) -> DeclaredValue:
    """The value of a frozen declaration; NotFound when there is none."""
    row = (
        DeclaredValue.objects.select_related("declaration")
        .filter(declaration__cycle_id=cycle_id, declaration__enterprise_id=enterprise_id, code=code)
        .first()
    )
    if row is None:
        raise NotFound(code="no_such_value", message=_("这家企业当年没有这个数据项。"))
    return row


def correct_frozen(
    *, by: Actor, cycle_id: int, enterprise_id: int, code: str, amount: Decimal, order: str
) -> DeclaredValue:
    """Set the verified figure (yuan or units) of a frozen declaration; `order` names the correction order.

    The old figure stays in the decision's `before` and in the old snapshot. Raises Conflict when the year is not frozen.
    """
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("更正须由经办人本人作出。"))
    with transaction.atomic():
        found = value_of(cycle_id=cycle_id, enterprise_id=enterprise_id, code=code)
        row = DeclaredValue.objects.select_for_update().get(pk=found.pk)
        if found.declaration.state not in (DeclarationState.FROZEN, DeclarationState.VERIFIED):
            raise Conflict(code="not_frozen", message=_("这份申报还没有核定，请在核定中处理。"))
        before = {"state": row.state, "amount": str(row.amount) if row.amount is not None else None}
        row.state, row.verified_amount = ValueState.VERIFIED, amount
        row.verified_by_ref, row.verified_by_name, row.verified_at = by.person_id, by.person_name, db_now()
        row.version += 1
        row.save()
        VerificationDecision.objects.create(
            value=row,
            decision="correct",
            before=before,
            after={"state": row.state, "amount": str(amount)},
            reason=order,
            decided_by_ref=by.person_id,
            decided_by_name=by.person_name,
        )
        audit.record(
            by=by,
            action="value.corrected",
            obj=row,
            before=before,
            after={"amount": str(amount)},
            reason=order,
        )
        _carry_over(row)
    return row


def _carry_over(row: DeclaredValue) -> None:
    """The next year repeats the figure as it is now verified."""
    year = row.declaration.cycle.year + 1
    following = Cycle.objects.filter(year=year).select_related("scheme_version").first()
    if following is not None:
        prefill.carry_over(
            enterprise_ids=[row.declaration.enterprise_id],
            year=year,
            scheme=scheme_of(following.scheme_version),
        )
