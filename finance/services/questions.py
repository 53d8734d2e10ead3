"""An enterprise asks a bank why it looked; the bank answers."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.outbox import notify

from ..models import AccessQuestion, ConsentAccess
from ..queries.acting import organisation_of
from .problems import guarded


def ask(*, by: Actor, access_id: int, text: str) -> AccessQuestion:
    """Question one read of the own data; the bank is told. Raises Conflict when it was questioned before."""
    if not text.strip():
        raise Refused(code="text", field="text", message=_("请写明您的问题。"))
    enterprise = enterprises.own_or_404(by)
    with transaction.atomic(), guarded():
        access = ConsentAccess.objects.filter(pk=access_id, enterprise=enterprise).first()
        if access is None:
            raise NotFound(code="not_found", message=_("没有这条访问记录。"))
        if AccessQuestion.objects.filter(access=access).exists():
            raise Conflict(code="asked_already", message=_("这次查看已经提问过。"))
        made = AccessQuestion.objects.create(
            access=access,
            enterprise=enterprise,
            organisation_id=access.organisation_id,
            text=text,
            asked_by_name=by.person_name,
        )
        notify(
            organisation_id=access.organisation_id,
            text=_("有企业对一次资料查看提出疑问，请答复。"),
            url=reverse("finance:questions", args=[by.park_code]),
        )
        audit.record(by=by, action="access.questioned", obj=made, reason=text)
    return made


def reply(*, by: Actor, question_id: int, answer: str) -> AccessQuestion:
    """The bank answers once."""
    if not answer.strip():
        raise Refused(code="answer", field="answer", message=_("请写明答复。"))
    with transaction.atomic(), guarded():
        found = AccessQuestion.objects.select_for_update(of=("self",)).select_related("enterprise").filter(
            pk=question_id, organisation_id=organisation_of(by)
        ).first()  # fmt: skip
        if found is None:
            raise NotFound(code="not_found", message=_("没有这个问题。"))
        if found.answered_at is not None:
            raise Conflict(code="answered_already", message=_("这个问题已经答复。"))
        found.answer, found.answered_by_name, found.answered_at = answer, by.person_name, db_now()
        found.save(update_fields=["answer", "answered_by_name", "answered_at"])
        notify(
            organisation_id=found.enterprise.organisation_id,
            text=_("银行答复了您对一次查看的疑问。"),
            url=reverse("finance:access_log", args=[by.park_code]),
        )
        audit.record(by=by, action="access.explained", obj=found, reason=answer)
    return found
