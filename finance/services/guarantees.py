"""A guarantor decides with two people; the caps of guarantor, client and group are committed when it grants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit
from parks.actors import Actor
from parks.roles import Role

from .. import rules
from ..models import Application, Guarantee
from ..queries import guarantees as queries
from ..queries.acting import organisation_of
from ..states import GUARANTEE_REASONS, ApplicationState, GuaranteeOutcome
from .applications import locked, step
from .problems import guarded
from .twice import made_by, sign

OUTCOMES = {
    "grant": (GuaranteeOutcome.GRANTED, "g_grant"),
    "return": (GuaranteeOutcome.RETURNED, "g_return"),
    "decline": (GuaranteeOutcome.DECLINED, "g_decline"),
}


def propose(
    *,
    by: Actor,
    application_id: int,
    cover_ratio: Decimal,
    fee_rate: Decimal,
    group_name: str = "",
    note: str = "",
) -> Guarantee:
    """Propose to bear `cover_ratio` (0-1, in the product's band) of a loss for a fee (fraction a year).

    `group_name` names connected clients 集团 that share a cap. Raises Refused outside of the band.
    """
    with transaction.atomic(), guarded():
        application = _case(by, Role.GUARANTOR_MAKER, application_id)
        version = application.product_version
        if not version.cover_low <= cover_ratio <= version.cover_high:
            raise Refused(
                code="cover", field="cover_ratio", message=_("担保比例须在 %(band)s%% 之间。") % {"band": version.cover_percent}
            )  # fmt: skip
        if not 0 <= fee_rate < 1:
            raise Refused(code="fee", field="fee_rate", message=_("担保费率须在 0 至 100% 之间。"))
        if application.status != ApplicationState.GUARANTEE_REVIEW:
            raise Conflict(code="not_allowed_now", message=_("申请不在待担保评审状态，请刷新页面。"))
        content = _content(application, by, cover_ratio, fee_rate, group_name)
        guarantee = Guarantee.objects.create(
            application=application,
            organisation_id=organisation_of(by),
            cover_ratio=cover_ratio,
            fee_rate=fee_rate,
            group_name=group_name.strip(),
            content=content,
            content_hash=rules.digest_of(content),
            note=note,
            **made_by(by),
        )
        step(application, "g_propose", by=by, note=note)
        audit.record(by=by, action="guarantee.proposed", obj=guarantee, after=content)
    return guarantee


def _content(application: Application, by: Actor, cover: Decimal, fee: Decimal, group: str) -> dict[str, Any]:
    return {
        "application": application.pk, "amount": str(application.amount), "product": application.product_version.digest,
        "cover_ratio": str(cover), "fee_rate": str(fee), "group": group.strip(), "maker": by.person_id,
    }  # fmt: skip


def decide(
    *, by: Actor, application_id: int, outcome: str, content_hash: str, reason: str = "", note: str = ""
) -> Guarantee:
    """Another person grants, returns or declines exactly that content. Granting commits the caps.

    Raises Forbidden for the same person, Conflict when the content changed or a cap (named, with what is left) is
    reached, Refused without a reason where one is needed.
    """
    if outcome not in OUTCOMES:
        raise Refused(code="outcome", field="outcome", message=_("请选择通过、退回或不通过。"))
    if outcome == "decline" and reason not in GUARANTEE_REASONS:
        raise Refused(code="reason", field="reason", message=_("不通过时请选择原因，企业会看到这个原因。"))
    if outcome == "return" and not note.strip():
        raise Refused(code="note", field="note", message=_("退回时请写明需要修改什么。"))
    with transaction.atomic(), guarded():
        application = _case(by, Role.GUARANTOR_CHECKER, application_id)
        guarantee = Guarantee.objects.select_for_update().filter(application=application, live=True).first()
        if guarantee is None or application.status != ApplicationState.G_PROPOSED:
            raise Conflict(
                code="nothing_to_decide", message=_("没有待复核的方案，可能已被处理，请刷新页面。")
            )
        if guarantee.content_hash != content_hash or rules.digest_of(guarantee.content) != content_hash:
            raise Conflict(code="content_changed", message=_("方案内容已改变，请重新查看后再决定。"))
        guarantee.outcome, event = OUTCOMES[outcome]
        guarantee.reason, guarantee.note, guarantee.live = reason, note or guarantee.note, outcome == "grant"
        sign(guarantee, by=by, also=("outcome", "reason", "note", "live"))
        step(application, event, by=by, reason_code=reason, note=note)
        audit.record(
            by=by, action=f"guarantee.{guarantee.outcome}", obj=guarantee, after={"content_hash": content_hash}, reason=note
        )  # fmt: skip
    return guarantee


def _case(by: Actor, role: str, application_id: int) -> Application:
    if by.role != role:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    queries.case(by, application_id)
    return locked(application_id)
