"""Public profiles: offered by the firm, agreed to by the park; a changed text is hidden until the park agrees again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit, outbox
from parks.actors import Actor

from .. import rules
from ..caching import published
from ..models import PublicProfile

State = PublicProfile.State


def offer(*, by: Actor, fields: dict[str, Any]) -> PublicProfile:
    """What the firm wants to show; waits for the park. Raises Conflict when the firm refused publication."""
    firm = enterprises.own_or_404(by)
    if firm.publication_refused:
        raise Conflict(code="publication_refused", message=_("本企业已声明不同意公开，请先更改这项声明。"))
    if by.person_id is None:
        raise Forbidden(code="person_needed", message=_("须由企业的经办人或法定代表人本人提交。"))
    with transaction.atomic():
        row, _is_new = PublicProfile.objects.update_or_create(
            enterprise_id=firm.pk,
            defaults={
                **fields, "uscc": firm.uscc, "name": firm.name, "industry": firm.industry, "state": State.DRAFT,
                "offered_by_ref": by.person_id, "offered_by_name": by.person_name, "decided_by_ref": None,
                "decided_by_name": "", "reason": "",
            },
        )  # fmt: skip
        published(by.park_code)
        audit.record(
            by=by, action="profile.offered", obj=row, after={"intro": row.intro, "website": row.website}
        )
    return row


def hide(*, by: Actor) -> None:
    """The firm takes its profile back at once."""
    if not end(by=by, enterprise_id=enterprises.own_or_404(by).pk):
        raise NotFound(code="no_profile", message=_("还没有公开简介。"))


def end(*, by: Actor, enterprise_id: int) -> bool:
    """Hide the profile of a firm; whether there was one."""
    with transaction.atomic():
        row = PublicProfile.objects.select_for_update().filter(enterprise_id=enterprise_id).first()
        if row is None:
            return False
        row.state = State.HIDDEN
        row.save(update_fields=["state"])
        published(by.park_code)
        audit.record(by=by, action="profile.hidden", obj=row)
    return True


def decide(*, by: Actor, profile_id: int, agree: bool, seen: str, reason: str = "") -> PublicProfile:
    """The park agrees to the text that was shown (`seen`: when it was offered) or says why not."""
    if not agree and len(reason.strip()) < 4:
        raise Refused(code="reason_missing", field="reason", message=_("请写明不同意的理由（至少 4 个字）。"))
    with transaction.atomic():
        row = (
            PublicProfile.objects.select_for_update(of=("self",))
            .select_related("enterprise")
            .filter(pk=profile_id)
            .first()
        )
        if row is None:
            raise NotFound(code="no_profile", message=_("没有这份简介。"))
        if row.state != State.DRAFT or row.offered_at.isoformat() != seen:
            raise Conflict(code="profile_state", message=_("这份简介已经处理过或有改动。请刷新页面。"))
        if not rules.is_another(by.person_id, row.offered_by_ref):
            raise Forbidden(code="four_eyes", message=_("提交人不能同意自己的简介，请由另一人办理。"))
        if agree and row.enterprise.publication_refused:
            raise Conflict(code="publication_refused", message=_("该企业已声明不同意公开。"))
        row.state = State.SHOWN if agree else State.REFUSED
        row.decided_by_ref, row.decided_by_name, row.reason = (
            by.person_id,
            by.person_name,
            reason.strip()[:300],
        )
        row.save(update_fields=["state", "decided_by_ref", "decided_by_name", "reason"])
        text = (
            _("公开简介已获同意，现已公开。")
            if agree
            else _("公开简介未获同意：%(reason)s") % {"reason": row.reason}
        )
        outbox.notify(organisation_id=row.enterprise.organisation_id, text=text)
        published(by.park_code)
        audit.record(
            by=by, action="profile.agreed" if agree else "profile.refused", obj=row, reason=row.reason
        )
    return row
