"""Pools 培育库: firms are entered for a rung, coached, moved on, and leave; each move says who and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_today
from parks.outbox import notify

from ..models import PoolMove, PoolPlace, PoolTask
from ..queries import matching, pools
from ..queries import policies as rules
from ..states import POOL_OVER, PoolStage, RuleKind
from .refusals import guarded

STANDINGS = ("ready", "near")


def enter(*, by: Actor, rung_id: int, enterprise_ids: Iterable[int], why: str) -> int:
    """Put firms into the pool of a rung; those that are in it stay as they are. Returns how many came in."""
    _said(why)
    known = set(pools.open_places().filter(rung_id=rung_id).values_list("enterprise_id", flat=True))
    with transaction.atomic(), guarded():
        places = PoolPlace.objects.bulk_create(
            PoolPlace(rung_id=rung_id, enterprise_id=pk) for pk in dict.fromkeys(enterprise_ids) if pk not in known
        )  # fmt: skip
        PoolMove.objects.bulk_create(
            PoolMove(place=one, to_stage=PoolStage.WATCHED, why=why, person_name=by.person_name)
            for one in places
        )
        audit.record(
            by=by, action="pool.entered", object_type="cultivation.policy", object_id=str(rung_id), after={"firms": len(places)}, reason=why
        )  # fmt: skip
    return len(places)


def enter_found(*, by: Actor, version_id: int, standing: str) -> int:
    """Put all firms into the pool that the last run found ready for a rung, or one condition away. Returns how many came in."""
    version = rules.get_released(version_id, RuleKind.RUNG)
    if standing not in STANDINGS:
        raise Refused(code="standing_unknown", field="standing", message=_("请选择“可申报”或“只差一项”。"))
    found = matching.matches(matching.current(), RuleKind.RUNG).filter(
        version=version, is_held=False, is_eligible=standing == "ready"
    )
    why = _("比对结果：可申报") if standing == "ready" else _("比对结果：只差一项")
    ids = found.order_by("enterprise_id").values_list("enterprise_id", flat=True)
    return enter(by=by, rung_id=version.policy_id, enterprise_ids=ids, why=why)


def move(*, by: Actor, place_id: int, to_stage: str, why: str) -> PoolPlace:
    """Move a firm on, or out; to the stage where it is = a note. Raises Refused without a word, Conflict once it is out."""
    _said(why)
    if to_stage not in PoolStage.values:
        raise Refused(code="stage_unknown", field="to_stage", message=_("请选择阶段。"))
    with transaction.atomic(), guarded():
        place = _locked(place_id)
        if place.stage in POOL_OVER and to_stage != place.stage:
            raise Conflict(code="pool_over", message=_("已认定或已出库的记录不再变动；需要时请重新入库。"))
        PoolMove.objects.create(
            place=place, from_stage=place.stage, to_stage=to_stage, why=why[:500], person_name=by.person_name
        )
        audit.record(
            by=by, action="pool.moved", obj=place, before={"stage": place.stage}, after={"stage": to_stage}, reason=why
        )  # fmt: skip
        place.refresh_from_db()
    return place


def appoint(*, by: Actor, place_id: int, membership_id: int) -> PoolPlace:
    """Give a firm its coach, a colleague of the office, and tell the firm."""
    person = next((one for one in pools.coaches(by) if one.pk == membership_id), None)
    if person is None:
        raise Refused(code="coach_unknown", field="coach", message=_("请选择一位在岗的同事。"))
    with transaction.atomic():
        place = _locked(place_id)
        place.coach_ref, place.coach_name = person.account.person_id, person.account.person.name
        place.save(update_fields=["coach_ref", "coach_name"])
        audit.record(by=by, action="pool.coach_appointed", obj=place, after={"coach": place.coach_ref})
        notify(
            organisation_id=place.enterprise.organisation_id, url=reverse("cultivation:growth", kwargs={"park": by.park_code}),
            text=_("园区为贵单位安排了培育辅导员：%(name)s。") % {"name": place.coach_name},
        )  # fmt: skip
    return place


def add_task(
    *, by: Actor, place_id: int, title: str, due_on: dt.date | None = None, is_milestone: bool = False
) -> PoolTask:
    """A task or milestone on a firm's way."""
    with transaction.atomic():
        place = _locked(place_id)
        row = PoolTask.objects.create(place=place, title=title, due_on=due_on, is_milestone=is_milestone)
        audit.record(by=by, action="pool.task_added", obj=row, after={"title": title})
    return row


def finish_task(*, by: Actor, task_id: int) -> PoolTask:
    """A task is done; done twice changes nothing."""
    with transaction.atomic():
        row = PoolTask.objects.select_for_update().filter(pk=task_id).first()
        if row is None:
            raise NotFound(code="no_such_task", message=_("没有这项任务。"))
        if row.done_on is None:
            row.done_on, row.done_by_name = db_today(), by.person_name
            row.save(update_fields=["done_on", "done_by_name"])
            audit.record(by=by, action="pool.task_done", obj=row)
    return row


def _said(why: str) -> None:
    if not why.strip():
        raise Refused(code="reason_missing", field="why", message=_("请写明原因或记录内容。"))


def _locked(place_id: int) -> PoolPlace:
    pools.get(place_id)
    return PoolPlace.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=place_id)
