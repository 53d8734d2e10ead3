"""When a loan goes bad: default and write-off by two people, claim 代偿, payment by shares, recovery in the same shares."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import BEIJING, db_today
from parks.outbox import notify
from parks.roles import Role

from ..formula import in_proportion, loss_shares
from ..models import Application, Claim, ClaimShare, DefaultNotice, Recovery
from ..queries import guarantees, loans
from ..queries.acting import organisation_of, person_of
from ..states import ClaimState, Party
from .applications import locked, step
from .loans import _loan, application_of, check_day, drop_document
from .problems import guarded
from .twice import made_by, sign

DEFAULT, WRITE_OFF = "default", "write_off"
PAYING = (Role.GUARANTOR_MAKER, Role.GUARANTOR_CHECKER, Role.FUND_MANAGER)


def propose(*, by: Actor, application_id: int, reason: str, kind: str = DEFAULT) -> DefaultNotice:
    """The bank's maker proposes that a loan is in default (`kind` write_off: that the rest is written off)."""
    if not reason.strip():
        raise Refused(code="reason", field="reason", message=_("请写明理由。"))
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_MAKER, application_id)
        allowed = ("active", "overdue") if kind == DEFAULT else ("defaulted", "indemnified")
        if application.status not in allowed:
            raise Conflict(code="not_allowed_now", message=_("贷款当前状态不能进行这一步，请刷新页面。"))
        if DefaultNotice.objects.filter(application=application, kind=kind, live=True).exists():
            raise Conflict(code="proposed_already", message=_("已有待确认的提议。"))
        notice = DefaultNotice.objects.create(
            application=application, kind=kind, reason=reason, **made_by(by)
        )
        audit.record(by=by, action=f"{kind}.proposed", obj=notice, reason=reason)
    return notice


def confirm(*, by: Actor, application_id: int, kind: str = DEFAULT) -> Application:
    """The bank's checker confirms what another person proposed."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_CHECKER, application_id)
        notice = _notice(application, kind)
        sign(notice, by=by)
        step(application, kind, by=by, source=notice.pk, note=notice.reason)
        audit.record(by=by, action=f"{kind}.confirmed", obj=notice, reason=notice.reason)
    return application


def drop(*, by: Actor, application_id: int, kind: str = DEFAULT) -> None:
    """The checker does not agree; the proposal is over."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_CHECKER, application_id)
        notice = _notice(application, kind)
        DefaultNotice.objects.filter(pk=notice.pk).update(live=False)
        audit.record(by=by, action=f"{kind}.dropped", obj=notice)


def _notice(application: Application, kind: str) -> DefaultNotice:
    notices = DefaultNotice.objects.select_for_update().filter(application=application, kind=kind, live=True)
    notice = notices.filter(checker_person__isnull=True).first()
    if notice is None:
        raise Conflict(code="nothing_to_confirm", message=_("没有待确认的提议，请刷新页面。"))
    return notice


def file_claim(*, by: Actor, application_id: int, note: str = "") -> Claim:
    """The bank claims the guarantor's and the pool's parts of the principal outstanding, split to the cent."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_MAKER, application_id)
        version, pledge = application.product_version, guarantees.granted(application_id)
        if pledge is None and version.pool_id is None:
            raise Conflict(code="no_cover", message=_("该贷款没有担保或资金池分担，不能申请代偿。"))
        if application.status != "defaulted":
            raise Conflict(code="not_allowed_now", message=_("认定违约后才能申请代偿，请刷新页面。"))
        cover = pledge.cover_ratio if pledge else Decimal(0)
        shares = {
            Party.BANK: 1 - cover - version.pool_share,
            Party.GUARANTOR: cover,
            Party.POOL: version.pool_share,
        }
        amounts = loss_shares(application.drawn, shares, pool_cap=loans.pool_left(application))
        claim = Claim.objects.create(
            application=application, loss=application.drawn, amount=application.drawn - amounts[Party.BANK], note=note,
            filed_by_ref=person_of(by), filed_by_name=by.person_name,
        )  # fmt: skip
        houses = {
            Party.BANK: application.organisation_id,
            Party.GUARANTOR: version.guarantor_id,
            Party.POOL: version.pool_id,
        }
        for party, house in houses.items():
            if house is not None:
                ClaimShare.objects.create(
                    claim=claim,
                    party=party,
                    organisation_id=house,
                    share=shares[party],
                    amount=amounts[party],
                )
        step(application, "claim_file", by=by, source=claim.pk, note=note)
        for house in {version.guarantor_id, version.pool_id}:
            if house is not None:
                notify(
                    organisation_id=house,
                    text=_("贷款 %(number)s 申请代偿。") % {"number": application.number},
                    url=reverse("finance:case", args=[by.park_code, application.pk]),
                )
        audit.record(by=by, action="claim.filed", obj=claim, after={str(k): v for k, v in amounts.items()})
    return claim


def review_claim(*, by: Actor, claim_id: int, opinion: str, reason: str = "") -> Claim:
    """The first person of the paying side says `accept` or `refuse` (with a reason)."""
    if opinion not in ("accept", "refuse"):
        raise Refused(code="opinion", field="opinion", message=_("请选择受理或不予代偿。"))
    if opinion == "refuse" and not reason.strip():
        raise Refused(code="reason", field="reason", message=_("不予代偿时请写明理由。"))
    with transaction.atomic(), guarded():
        _application, claim = _claim(by, claim_id)
        if claim.state != ClaimState.FILED or claim.checker_person is not None:
            raise Conflict(code="not_allowed_now", message=_("该代偿申请已处理，请刷新页面。"))
        claim.maker_person, claim.maker_name = person_of(by), by.person_name
        claim.opinion, claim.reason = opinion, reason
        claim.save(update_fields=["maker_person", "maker_name", "opinion", "reason"])
        audit.record(by=by, action="claim.reviewed", obj=claim, after={"opinion": opinion}, reason=reason)
    return claim


def decide_claim(*, by: Actor, claim_id: int) -> Claim:
    """Another person of the paying side confirms the first one's opinion."""
    with transaction.atomic(), guarded():
        application, claim = _claim(by, claim_id)
        if claim.state != ClaimState.FILED or not claim.opinion:
            raise Conflict(code="not_allowed_now", message=_("该代偿申请还没有初审意见，或已处理。"))
        sign(claim, by=by)
        step(application, f"claim_{claim.opinion}", by=by, source=claim.pk, note=claim.reason)
        claim.refresh_from_db()
        audit.record(by=by, action=f"claim.{claim.state}", obj=claim, reason=claim.reason)
    return claim


def record_payment(
    *, by: Actor, share_id: int, bank_ref: str, value_date: dt.date | None = None
) -> ClaimShare:
    """One person of a paying party records the payment of its share."""
    day = value_date or db_today()
    with transaction.atomic(), guarded():
        _application, share = _share(by, share_id)
        check_day(day, since=share.claim.created_at.astimezone(BEIJING).date())
        if share.checker_person is not None:
            raise Conflict(code="confirmed_already", message=_("这笔代偿款已支付。"))
        share.maker_person, share.maker_name, share.bank_ref, share.value_date = (
            person_of(by), by.person_name, bank_ref, day,
        )  # fmt: skip
        share.save(update_fields=["maker_person", "maker_name", "bank_ref", "value_date"])
        audit.record(by=by, action="claim_payment.recorded", obj=share, after={"amount": share.amount})
    return share


def confirm_payment(*, by: Actor, share_id: int) -> ClaimShare:
    """Another person of the party confirms; the claim is done when every party has paid."""
    with transaction.atomic(), guarded():
        application, share = _share(by, share_id)
        if share.maker_person is None:
            raise Conflict(code="not_recorded", message=_("还没有登记付款。"))
        sign(share, by=by)
        step(application, "pay", by=by, source=share.pk)
        waiting = share.claim.shares.exclude(party=Party.BANK).filter(
            amount__gt=0, checker_person__isnull=True
        )
        if not waiting.exists():
            step(application, "indemnify", by=None)
        audit.record(by=by, action="claim_payment.confirmed", obj=share, after={"amount": share.amount})
    return share


def record_recovery(
    *, by: Actor, application_id: int, amount: Decimal, value_date: dt.date, bank_ref: str
) -> Recovery:
    """Record money got back (yuan); its parts follow what each party still bears. Another person confirms."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_id)
        check_day(value_date, since=loans.covered_since(application.pk))
        borne = loans.borne(application)
        if application.status != "indemnified":
            raise Conflict(
                code="not_allowed_now", message=_("代偿完成后、未核销时才能登记追偿，请刷新页面。")
            )
        if not 0 < amount <= sum(borne.values()):
            raise Refused(
                code="amount", field="amount",
                message=_("追偿金额须大于 0 且不超过未追回的 %(n)s 元。") % {"n": f"{sum(borne.values()):,.2f}"},
            )  # fmt: skip
        parts = in_proportion(amount, borne)
        made = Recovery.objects.create(
            application=application, organisation_id=organisation_of(by), amount=amount, value_date=value_date, bank_ref=bank_ref,
            bank_part=parts[Party.BANK], guarantor_part=parts[Party.GUARANTOR], pool_part=parts[Party.POOL], **made_by(by),
        )  # fmt: skip
        audit.record(by=by, action="recovery.recorded", obj=made, after={str(k): v for k, v in parts.items()})
    return made


def confirm_recovery(*, by: Actor, recovery_id: int) -> Recovery:
    """Another person confirms; the loan is recovered when nobody bears anything any more."""
    with transaction.atomic(), guarded():
        application = _loan(by, Role.BANK_OPS, application_of(Recovery, recovery_id))
        made = Recovery.objects.select_for_update().get(pk=recovery_id)
        sign(made, by=by)
        step(application, "recover", by=by, source=made.pk)
        if not sum(loans.borne(application).values()):
            step(application, "settle", by=None)
        audit.record(by=by, action="recovery.confirmed", obj=made, after={"amount": made.amount})
    return made


def drop_recovery(*, by: Actor, recovery_id: int) -> None:
    """Take back the record of a recovery that nobody confirmed."""
    application_id = application_of(Recovery, recovery_id)
    drop_document(by=by, application_id=application_id, waiting=loans.unconfirmed_recoveries, pk=recovery_id)


def _claim(by: Actor, claim_id: int) -> tuple[Application, Claim]:
    """A claim on the acting organisation, locked after its application. A guarantor decides where there is one."""
    found = Claim.objects.filter(pk=claim_id, shares__organisation_id=organisation_of(by)).first()
    if by.role not in PAYING or found is None:
        raise NotFound(code="not_found", message=_("没有这笔代偿申请。"))
    application = locked(found.application_id)
    if by.role == Role.FUND_MANAGER and guarantees.granted(application.pk):
        raise Forbidden(
            code="guarantor_decides", message=_("有担保的贷款由担保机构受理，资金池在受理后付款。")
        )
    return application, Claim.objects.select_for_update().get(pk=claim_id)


def _share(by: Actor, share_id: int) -> tuple[Application, ClaimShare]:
    found = (
        ClaimShare.objects.select_related("claim")
        .filter(pk=share_id, organisation_id=organisation_of(by))
        .first()
    )
    if by.role not in PAYING or found is None:
        raise NotFound(code="not_found", message=_("没有这笔代偿款。"))
    application = locked(found.claim.application_id)
    share = ClaimShare.objects.select_for_update(of=("self",)).select_related("claim").get(pk=share_id)
    if share.claim.state != ClaimState.ACCEPTED:
        raise Conflict(code="not_allowed_now", message=_("代偿申请受理后才能付款，请刷新页面。"))
    return application, share
