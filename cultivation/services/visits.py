"""Visits 走访 are written down, appeals 诉求 answered in time and confirmed by the firm."""

from __future__ import annotations

import datetime as dt

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, workdays
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Notification
from parks.outbox import notify
from parks.roles import ENTERPRISE
from parks.services import evidence

from ..models import Appeal, AppealEvent, Visit, VisitPaper
from ..queries import visits as queries
from ..states import APPEAL_WORKING_DAYS, AppealState
from .refusals import guarded


def record(
    *, by: Actor, firm: str, visited_on: dt.date, visitors: str, purpose: str, met: str = "", note: str = "",
    upload: UploadedFile | None = None,
) -> Visit:  # fmt: skip
    """Write a visit down. `firm` is a name or code of the register. Raises Refused at the field."""
    today = db_today()
    if not today.replace(year=today.year - 1, day=1) <= visited_on <= today:
        raise Refused(
            code="day_wrong", field="visited_on", message=_("走访日期应在过去一年内，不能晚于今天。")
        )
    enterprise = enterprises.by_name_or_code(firm)
    with transaction.atomic():
        row = Visit.objects.create(
            enterprise=enterprise, visited_on=visited_on, visitors=visitors, purpose=purpose, met=met, note=note,
            recorded_by_ref=by.person_id or 0, recorded_by_name=by.person_name,
        )  # fmt: skip
        if upload is not None:
            add_paper(by=by, visit_id=row.pk, upload=upload)
        audit.record(by=by, action="visit.recorded", obj=row, after={"enterprise": enterprise.pk})
    return row


def add_paper(*, by: Actor, visit_id: int, upload: UploadedFile) -> VisitPaper:
    """A photo or paper of a visit, kept in the office's own library."""
    row = queries.visit(visit_id)
    with transaction.atomic():
        kept = evidence.store(by=by, organisation_id=by.organisation_id or 0, upload=upload)
        paper, _created = VisitPaper.objects.get_or_create(visit=row, evidence=kept, park_id=by.park_id)
    return paper


def raise_appeal(
    *, by: Actor, category: str, text: str, visit_id: int | None = None, responsible: int | None = None,
    days: int = APPEAL_WORKING_DAYS,
) -> Appeal:  # fmt: skip
    """A firm's appeal: by the firm itself, or written down by the office at a visit. Due in `days` working days."""
    visit = queries.visit(visit_id) if visit_id and by.role not in ENTERPRISE else None
    enterprise = visit.enterprise if visit else enterprises.own_or_404(by)
    with transaction.atomic():
        row = Appeal.objects.create(
            enterprise=enterprise, visit=visit, category=category, text=text, raised_by_name=by.person_name,
            due_on=workdays.add_working_days(db_today(), days), **_responsible(responsible),
        )  # fmt: skip
        _event(by, row, "raise")
        if visit is not None:
            _tell_firm(row, _("园区已登记您的诉求，将在 %(day)s 前答复。") % {"day": row.due_on})
    return row


def assign(*, by: Actor, appeal_id: int, responsible: int, days: int = APPEAL_WORKING_DAYS) -> Appeal:
    """Another person answers, by another day."""
    with transaction.atomic(), guarded():
        row = _locked(by, appeal_id, AppealState.OPEN)
        for name, value in _responsible(responsible).items():
            setattr(row, name, value)
        row.due_on = workdays.add_working_days(db_today(), days)
        row.save(update_fields=["responsible_ref", "responsible_name", "due_on"])
        _event(by, row, "assign", f"{row.responsible_name} {row.due_on}")
    return row


def answer(*, by: Actor, appeal_id: int, text: str) -> Appeal:
    """The office's answer; the firm is asked whether it solves the matter."""
    with transaction.atomic(), guarded():
        row = _locked(by, appeal_id, AppealState.OPEN)
        row.state, row.answer = AppealState.ANSWERED, text.strip()
        row.answered_by_ref, row.answered_at = by.person_id, db_now()
        row.save(update_fields=["state", "answer", "answered_by_ref", "answered_at"])
        _event(by, row, "answer", row.answer)
        _tell_firm(row, _("您的诉求已有答复，请确认是否解决。"))
    return row


def confirm(*, by: Actor, appeal_id: int) -> Appeal:
    """The firm says that it is solved."""
    with transaction.atomic(), guarded():
        row = _locked(by, appeal_id, AppealState.ANSWERED)
        row.state, row.confirmed_by_ref, row.confirmed_at = AppealState.CLOSED, by.person_id, db_now()
        row.save(update_fields=["state", "confirmed_by_ref", "confirmed_at"])
        _event(by, row, "confirm")
    return row


def reopen(*, by: Actor, appeal_id: int, text: str) -> Appeal:
    """The firm says what is still missing; the time to answer begins anew."""
    with transaction.atomic(), guarded():
        row = _locked(by, appeal_id, AppealState.ANSWERED)
        row.state = AppealState.OPEN
        row.due_on = workdays.add_working_days(db_today(), APPEAL_WORKING_DAYS)
        row.save(update_fields=["state", "due_on"])
        _event(by, row, "reopen", text.strip())
    return row


def _responsible(person: int | None) -> dict[str, object]:
    if person is None:
        return {}
    name = dict(queries.colleagues()).get(person)
    if name is None:
        raise Refused(code="no_colleague", field="responsible", message=_("请从名单中选择负责人。"))
    return {"responsible_ref": person, "responsible_name": name}


def _locked(by: Actor, appeal_id: int, state: AppealState) -> Appeal:
    """The appeal, locked; the firm acts on what was answered, the office on what is open."""
    queries.visible(by, appeal_id)
    row = Appeal.objects.select_for_update().select_related("enterprise").get(pk=appeal_id)
    if (by.role in ENTERPRISE) != (state == AppealState.ANSWERED):
        raise Forbidden(code="not_your_step", message=_("答复由园区办理，是否解决由企业确认。"))
    if row.state != state:
        raise Conflict(
            code="not_allowed_now", message=_("当前状态下不能进行这一步，请刷新页面后查看最新状态。")
        )
    return row


def _event(by: Actor, row: Appeal, event: str, note: str = "") -> None:
    AppealEvent.objects.create(appeal=row, event=event, person_name=by.person_name, note=note)
    audit.record(by=by, action=f"appeal.{event}", obj=row)


def _tell_firm(row: Appeal, text: str) -> None:
    url = reverse("cultivation:appeal", kwargs={"park": row.park.code, "appeal_id": row.pk})
    notify(organisation_id=row.enterprise.organisation_id, text=text, url=url, kind=Notification.Kind.TALK)
