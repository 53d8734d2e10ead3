"""The yearly round: opening it, giving each certified enterprise its declaration, locking it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Refused
from parks import audit, jobs
from parks.actors import Actor
from parks.clock import db_now

from ..models import Cycle, Declaration, Enterprise
from ..states import CycleState, DeclarationState
from . import prefill

PREPARE = "enterprises.prepare_cycle"


def open_cycle(*, by: Actor, year: int, scheme_version: Any, deadline: dt.datetime) -> Cycle:
    """Open the cycle of an evaluation year. Raises Refused for a past deadline, Conflict when it exists."""
    if deadline <= db_now():
        raise Refused(
            code="deadline_past", field="deadline", message=_("填报截止时间须在今天之后，请重新选择。")
        )
    if scheme_version.state != "active":
        raise Refused(
            code="scheme_not_active", field="scheme_version", message=_("请选择生效的指标体系版本。")
        )
    try:
        with transaction.atomic():
            cycle = Cycle.objects.create(
                year=year,
                scheme_version=scheme_version,
                declaration_deadline=deadline,
                opened_by_ref=by.person_id,
            )
            audit.record(
                by=by, action="cycle.opened", obj=cycle, after={"year": year, "scheme": scheme_version.digest}
            )
    except IntegrityError as error:
        raise Conflict(
            code="cycle_exists", field="year", message=_("%(year)s 年度已开启。") % {"year": year}
        ) from error
    return cycle


def request_declarations(*, by: Actor, cycle: Cycle) -> Any:
    """Ask for the job that gives every certified enterprise its pre-filled declaration."""
    return jobs.request(
        kind=PREPARE, park_id=by.park_id, dedupe_key=f"cycle:{cycle.pk}", by=by, args={"cycle": cycle.pk}
    )


def prepare_declarations(*, by: Actor, cycle: Cycle, enterprises: list[Enterprise]) -> int:
    """Declarations with pre-filled values for those enterprises that have none yet. Returns how many."""
    if cycle.state != CycleState.OPEN:
        raise Conflict(code="cycle_not_open", message=_("%(year)s 年度已不在填报期。") % {"year": cycle.year})
    have = set(
        Declaration.objects.filter(cycle=cycle, enterprise__in=enterprises).values_list(
            "enterprise_id", flat=True
        )
    )
    missing = [one for one in enterprises if one.pk not in have]
    if not missing:
        return 0
    with transaction.atomic():
        made = Declaration.objects.bulk_create([Declaration(cycle=cycle, enterprise=one) for one in missing])
        scheme = scheme_of(cycle.scheme_version)
        prefill.first_values(declarations=made, scheme=scheme, year=cycle.year)
        prefill.carry_over(enterprise_ids=[one.pk for one in missing], year=cycle.year, scheme=scheme)
        audit.record(by=by, action="declarations.prepared", obj=cycle, after={"count": len(made)})
    return len(made)


def freeze(*, by: Actor, cycle: Cycle) -> None:
    """Lock the cycle: verified declarations become frozen and nothing of it changes any more.

    Called by the room that takes the snapshot, in its transaction. Raises Conflict when it is locked already.
    """
    with transaction.atomic():
        locked = Cycle.objects.select_for_update().get(pk=cycle.pk)
        if locked.state != CycleState.OPEN:
            raise Conflict(code="cycle_not_open", message=_("%(year)s 年度已冻结。") % {"year": cycle.year})
        rows = Declaration.objects.select_for_update().filter(cycle=locked)
        list(rows.order_by("pk").values_list("pk"))  # reviewers in the middle of a signature end first
        Declaration.objects.filter(cycle=locked, state=DeclarationState.VERIFIED).update(
            state=DeclarationState.FROZEN
        )
        locked.state, locked.frozen_by_ref, locked.frozen_at = CycleState.FROZEN, by.person_id, db_now()
        locked.save(update_fields=["state", "frozen_by_ref", "frozen_at"])
        audit.record(by=by, action="cycle.locked", obj=locked)


def close(*, by: Actor, cycle: Cycle) -> None:
    """End a frozen year: nothing of it is corrected or published any more. Raises Conflict while it is open."""
    with transaction.atomic():
        locked = Cycle.objects.select_for_update().get(pk=cycle.pk)
        if locked.state != CycleState.FROZEN:
            raise Conflict(code="cycle_not_frozen", message=_("只有已冻结的年度才能结束。"))
        locked.state = CycleState.CLOSED
        locked.save(update_fields=["state"])
        audit.record(by=by, action="cycle.closed", obj=locked, after={"year": locked.year})
