"""Applications: submitted by the signatory, worked on by two people of the bank, every step a row of history.

Locks are taken in the order pool, guarantor, group, consent, line, application. Who may do which step stands in `states.TRANSITIONS`; the
database checks it again, moves the state and gives the reserved amount back where a step ends the application.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.roles import Role
from parks.workdays import deadline_after

from .. import rules
from ..models import Application, ApplicationEvent, Consent, CreditLine, ProductVersion
from ..queries import consents, products
from ..queries import lines as line_queries
from ..queries.acting import person_of
from ..states import MACHINE, OPEN_STATES, ApplicationState
from ..states import TRANSITIONS as ALLOWED
from . import locks, webhooks
from .problems import guarded

SYSTEM = "system"


def submit(
    *, by: Actor, product_code: str, amount: Decimal, term_months: int, purpose: str, client_ref: str
) -> Application:
    """Apply for `amount` yuan within the line; the amount is reserved in the same transaction, then screened.

    Raises Forbidden for others than the signatory, Refused for amount or term, Conflict when consent, quote or line
    do not allow it.
    """
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以提交申请。"))
    with transaction.atomic(), guarded():
        enterprise = enterprises.own(by)
        if enterprise is None:
            raise NotFound(code="no_enterprise", message=_("您的单位还没有在本园区登记企业。"))
        version = products.active_version(product_code)
        _check_request(version, amount, term_months)
        consent, line = _basis(enterprise.pk, version)
        now = db_now()
        application = Application.objects.create(
            line=line,
            enterprise_id=enterprise.pk,
            organisation_id=consent.organisation_id,
            product_version=version,
            quote_id=line.quote_id,
            consent=consent,
            amount=amount,
            term_months=term_months,
            purpose=purpose,
            client_ref=client_ref,
            contact_due_at=deadline_after(now, rules.CONTACT_WORKING_DAYS),
            lapses_at=deadline_after(now, rules.LAPSE_WORKING_DAYS),
            created_by_ref=person_of(by),
            created_by_name=by.person_name,
        )
        step(application, "submit", by=by)
        step(application, "screen", by=None)
        if version.guarantor_id:
            step(application, "offer_guarantee", by=None)
        audit.record(
            by=by,
            action="application.submitted",
            obj=application,
            after={"amount": amount, "term_months": term_months},
        )
    return application


def _check_request(version: ProductVersion, amount: Decimal, term_months: int) -> None:
    check_least(version, amount)
    if not version.term_min <= term_months <= version.term_max:
        raise Refused(
            code="term", field="term_months",
            message=_("期限须在 %(low)s 至 %(high)s 个月之间。") % {"low": version.term_min, "high": version.term_max},
        )  # fmt: skip


def check_least(version: ProductVersion, amount: Decimal) -> None:
    """Raises Refused for less than the product lends."""
    if amount < version.min_amount:
        raise Refused(
            code="amount",
            field="amount",
            message=_("金额不能少于该产品的起贷金额 %(least)s 万元。请提高金额，或选择其他产品。")
            % {"least": f"{version.min_amount / 10_000:,.2f}"},
        )


def _basis(enterprise_id: int, version: ProductVersion) -> tuple[Consent, CreditLine]:
    """The consent and line an application stands on, the consent locked."""
    consent = consents.active_for(enterprise_id, version.product_id)
    if consent is None:
        raise Conflict(code="consent_missing", message=_("请先授权银行查询，再提交申请。"))
    Consent.objects.select_for_update().get(pk=consent.pk)
    line = line_queries.of_product(enterprise_id, version.product_id)
    if line is None:
        raise Conflict(code="line_missing", message=_("目前没有可用的授信额度，请查看原因。"))
    if line.quote.product_version_id != version.pk:
        raise Conflict(
            code="terms_changed", message=_("产品条款已更新。请在金融超市重新测算额度，再提交申请。")
        )
    return consent, line


def withdraw(*, by: Actor, application_id: int, note: str = "") -> Application:
    """The signatory takes the application back; the reserved amount is free at once."""
    with transaction.atomic(), guarded():
        enterprise = enterprises.own(by)
        application = locked(application_id, enterprise_id=enterprise.pk if enterprise else 0)
        step(application, "withdraw", by=by, note=note)
        audit.record(by=by, action="application.withdrawn", obj=application, reason=note)
    return application


def hold(*, consent: Consent, park_actor: Actor) -> int:
    """Put undecided applications of a consent on hold; they lapse in ten days. Returns how many."""
    held = 0
    for pk in (
        Application.objects.filter(consent__root_id=consent.root_id, status__in=OPEN_STATES)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        application = locked(pk)
        if application.status == ApplicationState.ON_HOLD:
            continue
        step(application, "hold", by=None)
        application.lapses_at = db_now() + dt.timedelta(days=rules.HOLD_DAYS)
        application.save(update_fields=["lapses_at"])
        held += 1
    return held


def due_to_lapse() -> list[int]:
    """Open applications whose time is over."""
    due = Application.objects.filter(status__in=OPEN_STATES, lapses_at__lte=db_now()).order_by("pk")
    return list(due.values_list("pk", flat=True))


def lapse(*, by: Actor, application_id: int) -> bool:
    """End an open application whose time is over; False when somebody was faster."""
    with transaction.atomic(), guarded():
        application = locked(application_id)
        if application.status not in OPEN_STATES:
            return False
        step(application, "lapse", by=None)
        audit.record(by=by, action="application.lapsed", obj=application)
    return True


def lock_open(*, consent_id: int, enterprise_id: int) -> None:
    """Lock the open applications of a consent, so that they and their counters come before the consent (see locks)."""
    rows = Application.objects.filter(
        consent__in=consents.chain_of(consent_id), enterprise_id=enterprise_id, status__in=OPEN_STATES
    )
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        locked(pk)


def locked(application_id: int, **whose: int | None) -> Application:
    """An application locked after what is locked before it (see locks); raises NotFound when it is not `whose`."""
    found = (
        Application.objects.filter(pk=application_id, **whose)
        .values("line_id", "consent_id", "enterprise_id", "product_version_id")
        .first()
    )
    if found is None:
        raise NotFound(code="not_found", message=_("没有这笔申请。"))
    locks.counters(found["product_version_id"], found["enterprise_id"], application_id)
    list(consents.chain_of(found["consent_id"]).select_for_update().order_by("pk"))
    CreditLine.objects.select_for_update().get(pk=found["line_id"])
    return Application.objects.select_for_update().get(pk=application_id)


def step(
    application: Application,
    event: str,
    *,
    by: Actor | None,
    reserve: Decimal | None = None,
    reason_code: str = "",
    note: str = "",
    source: int | None = None,
) -> ApplicationEvent:
    """Write one step (`by=None`: the system) that stands on the document `source`. Raises Conflict when the table of transitions does not list it."""
    role = by.role if by else SYSTEM
    application.refresh_from_db()
    target = next(
        (
            to
            for machine, state, name, who, to in ALLOWED
            if (machine, state, name, who) == (MACHINE, application.status, event, role)
        ),
        None,
    )
    if target is None:
        raise Conflict(
            code="not_allowed_now",
            message=_("申请当前为“%(state)s”，不能进行这一步。请刷新页面后查看。")
            % {"state": application.get_status_display()},
        )
    row = ApplicationEvent.objects.create(
        application=application,
        machine=MACHINE,
        from_state=application.status,
        event=event,
        role=role,
        to_state=target,
        reserve=application.reserved if reserve is None else reserve,
        person_ref=by.person_id if by else None,
        person_name=by.person_name if by else "",
        reason_code=reason_code,
        note=note,
        source_id=source,
    )
    application.refresh_from_db()
    if event in webhooks.OF_STEPS:
        webhooks.emit(
            webhooks.OF_STEPS[event], organisation_id=application.organisation_id, about=application
        )
    return row
