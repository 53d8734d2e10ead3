"""The registry of R&D platforms 研发平台: proposed by the firm or the office, checked by another person, reported on yearly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Forbidden, NotFound, Problem, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Notification

from ..models import Platform, PlatformEvent, PlatformLevel, PlatformReport, PlatformType, PlatformYear
from ..models.platforms import FIGURES
from ..queries import platforms as queries
from ..states import PlatformState
from .refusals import guarded


def add_shipped(*, by: Actor) -> int:
    """Types and levels that come with the platform; those the park has stay as they are. Returns how many were new."""
    shipped = queries.shipped()
    made = 0
    with transaction.atomic():
        for model, rows in ((PlatformType, shipped["types"]), (PlatformLevel, shipped["levels"])):
            for row in rows:
                _row, is_new = model.objects.get_or_create(code=row["code"], defaults=row)
                made += is_new
        audit.record(
            by=by, action="platform.types_added", object_type="cultivation.platformtype", after={"new": made}
        )
    return made


def save_type(*, by: Actor, **data: Any) -> PlatformType:
    """A type of the park by its code, new or changed."""
    row, _is_new = PlatformType.objects.update_or_create(code=data.pop("code"), defaults=data)
    audit.record(by=by, action="platform.type_saved", obj=row, after={"code": row.code} | data)
    return row


def save_level(*, by: Actor, **data: Any) -> PlatformLevel:
    """A level of the park by its code, new or changed. Raises Refused when another level has this rank."""
    if PlatformLevel.objects.filter(rank=data["rank"]).exclude(code=data["code"]).exists():
        raise Refused(code="rank_taken", field="rank", message=_("已有级别用了这个次序，请换一个。"))
    row, _is_new = PlatformLevel.objects.update_or_create(code=data.pop("code"), defaults=data)
    audit.record(by=by, action="platform.level_saved", obj=row, after={"code": row.code} | data)
    return row


def propose(*, by: Actor, enterprise_id: int, before_id: int | None = None, **data: Any) -> Platform:
    """Enter a platform; it counts once another person has checked it. `before_id` is the platform that it is promoted from.

    Raises Refused when the level is not above that one, Conflict when the approval is registered.
    """
    with transaction.atomic(), guarded():
        before = _promoted(by, before_id, enterprise_id, data["level"]) if before_id else None
        row = Platform.objects.create(
            enterprise_id=enterprise_id, before=before, proposed_by_ref=by.person_id, proposed_by_name=by.person_name, **data
        )  # fmt: skip
        _event(by, row, PlatformState.PROPOSED)
    return row


def _promoted(by: Actor, before_id: int, enterprise_id: int, level: PlatformLevel) -> Platform:
    before = _locked(by, before_id, PlatformState.IN_FORCE)
    if before.enterprise_id != enterprise_id:
        raise NotFound(code="no_such_platform", message=_("没有这个平台。"))
    if level.rank <= before.level.rank:
        message = _("升级后的级别应高于现在的“%(level)s”。") % {"level": before.level.title}
        raise Refused(code="not_higher", field="level", message=message)
    return before


def check(*, by: Actor, platform_id: int, accepts: bool, note: str = "") -> Platform:
    """Another person compares the entry with the approval; what it was promoted from gives way to it. A refusal needs a note."""
    if not accepts and not note.strip():
        raise Refused(code="reason_missing", field="note", message=_("请写明未通过的原因。"))
    with transaction.atomic(), guarded():
        row = _locked(by, platform_id, PlatformState.PROPOSED)
        if by.person_id in (None, row.proposed_by_ref):
            raise Forbidden(code="same_person", message=_("登记的人不能自己核对，请另一位同事核对。"))
        if accepts and row.before:
            before = _locked(by, row.before.pk, PlatformState.IN_FORCE)
            before.ended_on = row.approved_on
            _move(by, before, PlatformState.UPGRADED, row.name)
        row.checked_by_ref, row.checked_by_name = by.person_id, by.person_name
        _move(by, row, PlatformState.IN_FORCE if accepts else PlatformState.REFUSED, note)
        text = _("研发平台“%(name)s”已核对通过。") if accepts else _("研发平台“%(name)s”未通过核对：%(note)s")
        _tell(by, row, text % {"name": row.name, "note": note})
    return row


def check_all(*, by: Actor, platform_ids: Iterable[int]) -> int:
    """Accept several entries at once: all of them or none. Returns how many."""
    with transaction.atomic():
        return len([check(by=by, platform_id=pk, accepts=True) for pk in sorted(set(platform_ids))])


def take_back(*, by: Actor, platform_ids: Iterable[int]) -> int:
    """Who entered platforms takes those back that nobody has checked, a faulty import for instance: all of them or none.

    Returns how many. Raises Forbidden for entries of others.
    """
    wanted = sorted(set(platform_ids))
    with transaction.atomic(), guarded():
        for pk in wanted:
            row = _locked(by, pk, PlatformState.PROPOSED)
            if row.proposed_by_ref != by.person_id:
                raise Forbidden(code="not_yours", message=_("只能撤回自己登记的平台。"))
            _move(by, row, PlatformState.WITHDRAWN, "")
    return len(wanted)


def revoke(*, by: Actor, platform_id: int, note: str, ended_on: dt.date | None = None) -> Platform:
    """A platform loses its recognition from a day, today unless said otherwise; the reason is told to the firm."""
    if not note.strip():
        raise Refused(code="reason_missing", field="note", message=_("请写明撤销的原因。"))
    with transaction.atomic(), guarded():
        row = _locked(by, platform_id, PlatformState.IN_FORCE)
        row.ended_on = ended_on or db_today()
        if not row.approved_on <= row.ended_on <= db_today():
            message = _("撤销日期不能早于批准日期，也不能晚于今天。")
            raise Refused(code="day_wrong", field="ended_on", message=message)
        _move(by, row, PlatformState.REVOKED, note)
        _tell(by, row, _("研发平台“%(name)s”已撤销：%(note)s") % {"name": row.name, "note": note})
    return row


def expire(*, by: Actor) -> int:
    """Platforms whose last valid day is over. Returns how many."""
    rows = list(queries.in_force().filter(valid_until__lt=db_today()))
    for row in rows:
        with transaction.atomic(), guarded():
            ended = _locked(by, row.pk, PlatformState.IN_FORCE)
            ended.ended_on = (ended.valid_until or db_today()) + dt.timedelta(days=1)
            _move(by, ended, PlatformState.EXPIRED, str(ended.valid_until))
    return len(rows)


def open_year(*, by: Actor, year: int, due_on: dt.date) -> PlatformYear:
    """Ask every platform in force for its report of a year, and tell their firms."""
    if due_on <= db_today():
        raise Refused(code="due_past", field="due_on", message=_("截止日应在今天之后。"))
    with transaction.atomic(), guarded():
        row = PlatformYear.objects.create(year=year, due_on=due_on, opened_by_name=by.person_name)
        audit.record(
            by=by, action="platform.year_opened", obj=row, after={"year": year, "due_on": due_on.isoformat()}
        )
        for platform in queries.in_force():
            _ask(by, platform, row, "opened")
    return row


def report(*, by: Actor, platform_id: int, year_id: int, work: str = "", **figures: Any) -> PlatformReport:
    """The firm's report of a year; until the day it is due it may be sent again. The newest year's figures become the
    platform's. Raises Conflict after that day."""
    with transaction.atomic(), guarded():
        platform = _locked(by, platform_id, PlatformState.IN_FORCE)
        year = queries.get_year(year_id)
        if year.due_on < db_today():
            raise Conflict(
                code="late", message=_("报告已于 %(day)s 截止，请联系园区。") % {"day": year.due_on}
            )
        row, _is_new = PlatformReport.objects.update_or_create(
            platform=platform,
            year=year,
            defaults=figures | {"work": work, "submitted_by_name": by.person_name},
        )
        if not platform.reports.filter(year__year__gt=year.year).exists():
            Platform.objects.filter(pk=platform.pk).update(**figures)
        audit.record(
            by=by, action="platform.reported", obj=platform,
            after={"year": year.year} | {name: str(figures[name]) for name in FIGURES},
        )  # fmt: skip
    return row


def remind(*, by: Actor) -> int:
    """Tell firms of platforms that end and of reports that are due soon, once a step. Returns how many were told."""
    told = 0
    for platform, left, step in queries.ending():
        text = _("研发平台“%(name)s”到 %(day)s 为止有效，还有 %(n)s 个工作日，请准备复核。")
        told += _tell(
            by, platform, text % {"name": platform.name, "day": platform.valid_until, "n": left},
            kind=Notification.Kind.DEADLINE, key=f"platform:{platform.pk}:{platform.valid_until}:D-{step}",
        )  # fmt: skip
    for platform, year, step in queries.unreported_soon():
        told += _ask(by, platform, year, f"D-{step}")
    return told


def import_rows(*, by: Actor, rows: Iterable[tuple[int, str, Mapping[str, Any]]]) -> int:
    """Enter several platforms (number of the row, USCC, data): all or none. Returns how many; Raises Refused naming the row."""
    made = 0
    with transaction.atomic():
        for number, uscc, data in rows:
            try:
                propose(by=by, enterprise_id=enterprises.by_uscc(uscc).pk, **data)
            except Problem as problem:
                message = _("第 %(n)s 行：%(why)s") % {"n": number, "why": problem.message}
                raise Refused(code=problem.code, field="file", message=message) from problem
            made += 1
    return made


def _locked(by: Actor, platform_id: int, state: str) -> Platform:
    queries.visible(by, platform_id)
    row = (
        Platform.objects.select_for_update(of=("self",)).select_related("enterprise", "type", "level", "before").get(pk=platform_id)
    )  # fmt: skip
    if row.state != state:
        message = _("当前为“%(state)s”，不能进行这一步。") % {"state": row.get_state_display()}
        raise Conflict(code="not_allowed_now", message=message)
    return row


def _move(by: Actor, row: Platform, state: str, note: str) -> None:
    row.state = state
    row.save(update_fields=["state", "checked_by_ref", "checked_by_name", "ended_on"])
    _event(by, row, state, note)


def _event(by: Actor, row: Platform, state: str, note: str = "") -> None:
    PlatformEvent.objects.create(platform=row, state=state, person_name=by.person_name, note=note[:500])
    audit.record(
        by=by, action=f"platform.{state}", obj=row, after={"number": row.approval_number}, reason=note
    )


def _tell(by: Actor, row: Platform, text: str, *, kind: str = "decision", key: str = "") -> bool:
    url = reverse("cultivation:platform", kwargs={"park": by.park_code, "platform_id": row.pk})
    return outbox.notify(
        organisation_id=row.enterprise.organisation_id, text=text, url=url, kind=kind, dedupe_key=key
    )


def _ask(by: Actor, platform: Platform, year: PlatformYear, step: str) -> bool:
    text = _("请在 %(day)s 前提交研发平台“%(name)s”的 %(year)s 年度报告。")
    return _tell(
        by, platform, text % {"day": year.due_on, "name": platform.name, "year": year.year},
        kind=Notification.Kind.DEADLINE, key=f"report:{platform.pk}:{year.pk}:{step}",
    )  # fmt: skip
