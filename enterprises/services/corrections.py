"""Changing one figure or list of a frozen year: only by a correction order that another person approved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

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
from .declarations import check_entries
from .verification import written


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
    *,
    by: Actor,
    cycle_id: int,
    enterprise_id: int,
    code: str,
    order: str,
    amount: Decimal | None = None,
    entries: list[dict[str, Any]] | None = None,
) -> DeclaredValue:
    """Set the verified figure (yuan or units) or the rows of a list of a frozen declaration; `order` names the order.

    The old value stays in the decision's `before` and in the old snapshot. Raises Conflict when the year is not
    frozen, Refused when a row lacks what the scheme asks of it.
    """
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("更正须由经办人本人作出。"))
    with transaction.atomic():
        found = value_of(cycle_id=cycle_id, enterprise_id=enterprise_id, code=code)
        row = DeclaredValue.objects.select_for_update().get(pk=found.pk)
        if found.declaration.state not in (DeclarationState.FROZEN, DeclarationState.VERIFIED):
            raise Conflict(code="not_frozen", message=_("这份申报还没有核定，请在核定中处理。"))
        check_entries(found.declaration, code, entries)
        before = written(row.state, row.amount, row.entries)
        row.state, row.verified_amount, row.verified_entries = ValueState.VERIFIED, amount, entries
        row.verified_by_ref, row.verified_by_name, row.verified_at = by.person_id, by.person_name, db_now()
        row.version += 1
        row.save()
        after = written(row.state, amount, entries)
        VerificationDecision.objects.create(
            value=row,
            decision="correct",
            before=before,
            after=after,
            reason=order,
            decided_by_ref=by.person_id,
            decided_by_name=by.person_name,
        )
        audit.record(by=by, action="value.corrected", obj=row, before=before, after=after, reason=order)
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
