"""The bank decides with two people: one proposes, another approves, returns or rejects exactly that content."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Notification
from parks.outbox import notify
from parks.roles import Role

from .. import rules
from ..models import Application, Decision, ProductVersion
from ..queries import applications as queries
from ..queries import consents, guarantees
from ..queries.acting import person_of
from ..states import REJECT_REASONS, ApplicationState, QuoteState
from .applications import check_least, locked, step
from .problems import guarded

OUTCOMES = {"approve": "approved", "return": "returned", "reject": "rejected"}
TOLD = {
    "approve": gettext_lazy("%(bank)s 已通过申请 %(number)s，请等待银行登记合同后签署。"),
    "reject": gettext_lazy("%(bank)s 未通过申请 %(number)s，原因见申请页；已预留的额度已释放。"),
}
"""What the enterprise is told; a return stays in the bank."""


def acknowledge(*, by: Actor, application_id: int, note: str = "") -> Application:
    """The bank has been in touch with the enterprise; stops the clock of the first contact."""
    with transaction.atomic(), guarded():
        application = _for(by, Role.BANK_MAKER, application_id)
        step(application, "acknowledge", by=by, note=note)
        audit.record(by=by, action="application.acknowledged", obj=application)
    return application


def propose(
    *, by: Actor, application_id: int, amount: Decimal, rate: Decimal, term_months: int, note: str = ""
) -> Decision:
    """Propose amount (yuan, at most what was applied for), rate (fraction a year, in the band) and term."""
    with transaction.atomic(), guarded():
        application = _for(by, Role.BANK_MAKER, application_id)
        version = _terms(application)
        for terms in {application.product_version, version}:
            _check_proposal(terms, application.amount, amount, rate, term_months)
        if application.status not in (ApplicationState.SCREENED, ApplicationState.GUARANTEED):
            raise Conflict(
                code="not_allowed_now", message=_("申请不在待受理状态，不能提出方案。请刷新页面。")
            )
        if application.product_version.guarantor_id and not guarantees.granted(application.pk):
            raise Conflict(code="guarantee_missing", message=_("该产品须先由担保机构复核通过，再提出方案。"))
        content = content_of(
            application, version, amount=amount, rate=rate, term_months=term_months, maker=by.person_id
        )
        decision = Decision.objects.create(
            application=application,
            amount=amount,
            rate=rate,
            term_months=term_months,
            content=content,
            content_hash=rules.digest_of(content),
            maker_person=person_of(by),
            maker_name=by.person_name,
            note=note,
        )
        step(application, "propose", by=by, note=note)
        audit.record(by=by, action="decision.proposed", obj=decision, after=content)
    return decision


def _terms(application: Application) -> ProductVersion:
    """The terms in force, by which a proposal must go too. Raises Conflict when they share the risk otherwise."""
    version = queries.active_product_version(application) or application.product_version
    if rules.sharing(version) != rules.sharing(application.product_version):
        raise Conflict(
            code="terms_changed",
            message=_("产品条款已更新为 %(version)s，担保或分担方式已变。请企业撤回后按新条款重新申请。")
            % {"version": version},
        )
    return version


def content_of(
    application: Application,
    version: ProductVersion,
    *,
    amount: Decimal,
    rate: Decimal,
    term_months: int,
    maker: int | None,
) -> dict[str, Any]:
    """What both people put their names to; canonical and hashed."""
    quote = application.line.quote
    pledge = guarantees.granted(application.pk)
    return {
        "application": application.pk, "applied": str(application.amount), "amount": str(amount), "rate": str(rate),
        "term_months": term_months, "purpose": application.purpose, "product": version.digest,
        "quote": quote.digest, "snapshot": quote.snapshot_id, "consent": application.consent_id, "maker": maker,
        "guarantee": pledge.content_hash if pledge else "",
    }  # fmt: skip


def decide(
    *, by: Actor, application_id: int, outcome: str, content_hash: str, reason: str = "", note: str = ""
) -> Decision:
    """Another person approves, returns or rejects what was proposed (`content_hash` is what they saw).

    Raises Forbidden for the same person, Conflict when the content, the consent, the quote or the line has changed,
    Refused without a reason where one is needed.
    """
    if outcome not in OUTCOMES:
        raise Refused(code="outcome", field="outcome", message=_("请选择通过、退回或不通过。"))
    _check_reason(outcome, reason, note)
    with transaction.atomic(), guarded():
        application = _for(by, Role.BANK_CHECKER, application_id)
        decision = application.decisions.select_for_update().filter(live=True).first()
        if decision is None or decision.outcome or application.status != ApplicationState.PROPOSED:
            raise Conflict(
                code="nothing_to_decide", message=_("没有待复核的方案，可能已被处理，请刷新页面。")
            )
        if decision.maker_person == by.person_id:
            raise Forbidden(code="same_person", message=_("提出方案的人不能复核，请由另一位同事复核。"))
        if decision.content_hash != content_hash or rules.digest_of(decision.content) != content_hash:
            raise Conflict(code="content_changed", message=_("方案内容已改变，请重新查看后再决定。"))
        if outcome == "approve":
            _check_basis(application, decision)
        _decide(by, decision, outcome, reason, note)
        step(application, outcome, by=by, reserve=decision.amount, reason_code=reason, note=note)
        if outcome in TOLD:
            notify(
                organisation_id=application.enterprise.organisation_id,
                kind=Notification.Kind.DECISION,
                text=TOLD[outcome] % {"number": application.number, "bank": application.organisation.name},
                url=reverse("finance:loan", args=[by.park_code, application.pk]),
            )
        audit.record(
            by=by,
            action=f"decision.{OUTCOMES[outcome]}",
            obj=decision,
            after={"content_hash": content_hash, "reason": reason},
            reason=note,
        )
    return decision


def _decide(by: Actor, decision: Decision, outcome: str, reason: str, note: str) -> None:
    decision.outcome, decision.checker_person, decision.checker_name = (
        OUTCOMES[outcome],
        by.person_id,
        by.person_name,
    )
    decision.reasons, decision.note = [reason] if reason else [], note
    decision.live = outcome == "approve"
    decision.save(update_fields=["outcome", "checker_person", "checker_name", "reasons", "note", "live"])


def _check_reason(outcome: str, reason: str, note: str) -> None:
    if outcome == "reject" and reason not in REJECT_REASONS:
        raise Refused(code="reason", field="reason", message=_("不通过时请选择原因，企业会看到这个原因。"))
    if outcome == "return" and not note.strip():
        raise Refused(code="note", field="note", message=_("退回时请写明需要修改什么。"))


def _check_proposal(
    version: ProductVersion, applied: Decimal, amount: Decimal, rate: Decimal, term_months: int
) -> None:
    check_least(version, amount)
    if amount > version.cap:
        raise Refused(
            code="amount", field="amount",
            message=_("拟批金额不能超过该产品的单户上限 %(cap)s 万元。") % {"cap": f"{version.cap / 10_000:,.2f}"},
        )  # fmt: skip
    if amount > applied:
        raise Refused(
            code="amount",
            field="amount",
            message=_("金额不能超过企业申请的 %(n)s 元。") % {"n": f"{applied:,.2f}"},
        )
    if not version.rate_low <= rate <= version.rate_high:
        raise Refused(
            code="rate", field="rate",
            message=_("年利率须在 %(low)s%% 至 %(high)s%% 之间。") % {"low": _percent(version.rate_low), "high": _percent(version.rate_high)},
        )  # fmt: skip
    if not version.term_min <= term_months <= version.term_max:
        raise Refused(
            code="term", field="term_months",
            message=_("期限须在 %(low)s 至 %(high)s 个月之间。") % {"low": version.term_min, "high": version.term_max},
        )  # fmt: skip


def _check_basis(application: Application, decision: Decision) -> None:
    """Consent, quote and line as they are now; the trigger of the event checks the same again."""
    if not consents.holds(application.consent_id):
        raise Conflict(code="consent_over", message=_("授权已撤回或到期，不能通过。"))
    version = queries.active_product_version(application) or application.product_version
    if version.digest != decision.content["product"]:
        raise Conflict(
            code="terms_changed",
            message=_("产品条款已更新为 %(version)s，方案按旧条款提出，请退回后重新提出。")
            % {"version": version},
        )
    quote, line = application.line.quote, application.line
    is_former = quote.product_version_id != version.pk
    if is_former or quote.state != QuoteState.LIVE or quote.expires_at <= db_now():
        raise Conflict(code="quote_over", message=_("授信额度的测算已失效，请企业重新测算后再复核。"))
    if line.reserved + line.drawn - application.reserved + decision.amount > line.quoted_limit:
        raise Conflict(code="line_cut", message=_("授信额度已调低，方案金额超过现有额度，请退回修改。"))


def _for(by: Actor, role: str, application_id: int) -> Application:
    """The application, locked, when it is addressed to the acting bank and the consent holds."""
    if by.role != role:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    queries.for_bank(by, application_id)
    application = locked(application_id, organisation_id=by.organisation_id)
    if not application:
        raise NotFound(code="not_found", message=_("没有这笔申请。"))
    return application


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}"
