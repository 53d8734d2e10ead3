"""Consents: granted and revoked by the signatory only; every read of a bank is written down first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from enterprises.queries import enterprises
from enterprises.queries.evidence import Document
from innovscore.core.dates import add_months
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.models import Organisation
from parks.roles import Role
from parks.services.pages import Page, draw

from .. import rules
from ..models import Consent, ConsentAccess, Product, ProductVersion
from ..queries import consents as queries
from ..queries import products
from ..queries.acting import organisation_of, person_of
from ..queries.card import document_of
from ..queries.package import Section, package
from ..states import GROUPS, group_labels
from . import applications, lines, webhooks
from .problems import guarded

SUBJECT = 120
"""Letters of an entry of the access log."""
TEXT_VERSION = "credit-2026.2"
TEXT = (
    "本企业同意 {bank} 为办理“{product}”查询本企业在本平台的下列信息：{groups}。授权期限 {months} 个月，至 {until} 止。"
    "本企业可以随时撤回授权；撤回后银行立即停止查询，未审批的申请暂停，已审批的合同只按当时的内容继续。不授权不影响本企业使用平台的其他功能。"
)

MORE_TEXT_VERSION = "credit-more-2026.1"
MORE_TEXT = (
    "本企业对 {bank} 办理“{product}”的授权继续有效，并同意其另外查询：{added}。合计可查询：{groups}。"
    "授权期限不变，至 {until} 止。本企业可以随时撤回授权，撤回即全部撤回。"
)


def text_for(
    *, reader: str, product: str, months: int | str, until: str, groups: Iterable[str] = rules.CREDIT_GROUPS
) -> str:
    """The words that are signed, in Chinese whoever reads; `reader` is the bank, or the guarantor of its product."""
    return TEXT.format(bank=reader, product=product, groups=_named(groups), months=months, until=until)


def words_to_add(consent: Consent, groups: Iterable[str]) -> str:
    """The words that are signed to let the bank of a consent see these groups too, until it or its renewal ends."""
    last = queries.with_renewal(consent).last() or consent
    added = [group for group in in_order(groups) if group not in consent.groups]
    return MORE_TEXT.format(
        bank=consent.organisation.name,
        product=consent.product.name,
        added=_named(added),
        groups=_named(in_order({*consent.groups, *groups})),
        until=_day_and_time(last.period.upper),
    )


def _named(groups: Iterable[str]) -> str:
    with override("zh-hans"):
        return "；".join(str(GROUPS[group]) for group in groups)


def _day_and_time(moment: dt.datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def words_of(version: ProductVersion, groups: Iterable[str] = rules.CREDIT_GROUPS) -> list[str]:
    """What is signed for a product and these groups, of each reader, before a period is chosen."""
    readers: list[tuple[str, Iterable[str]]] = [(version.product.organisation.name, in_order(groups))]
    if version.guarantor is not None:
        readers.append((version.guarantor.name, rules.GUARANTEE_GROUPS))
    open_period = {"months": "____", "until": "____"}
    return [
        text_for(reader=reader, product=version.product.name, groups=named, **open_period)
        for reader, named in readers
    ]


def in_order(groups: Iterable[str]) -> list[str]:
    """Known groups, each once, in the order of GROUPS."""
    asked = set(groups)
    return [group for group in GROUPS if group in asked]


def digest_of_words(version: ProductVersion, groups: Iterable[str] = rules.CREDIT_GROUPS) -> str:
    """By which `grant` knows that what was read is what is signed."""
    return rules.digest_of({"version": TEXT_VERSION, "words": words_of(version, groups)})


def digest_to_add(consent: Consent, groups: Iterable[str]) -> str:
    """By which `add_groups` knows that what was read is what is signed."""
    return rules.digest_of({"version": MORE_TEXT_VERSION, "words": words_to_add(consent, groups)})


def grant(
    *,
    by: Actor,
    product_code: str,
    months: int,
    groups: Iterable[str] = rules.CREDIT_GROUPS,
    read_words: str | None = None,
) -> Consent:
    """Let the bank of a product see the groups for 1, 6 or 12 months; the line is quoted at once.

    The product needs CREDIT_GROUPS; what the enterprise adds to them goes to the bank, never to the guarantor.
    `read_words` is the digest of what a page showed the signatory (None: not signed on a page). Raises Forbidden for
    others than the signatory, Refused for a wrong period or missing groups, Conflict when one holds or the words are
    others by now.
    """
    _check_signatory(by)
    chosen = in_order(groups)
    if months not in rules.CONSENT_MONTHS:
        raise Refused(code="period", field="months", message=_("授权期限只能选 1、6 或 12 个月。"))
    if not set(rules.CREDIT_GROUPS) <= set(chosen):
        raise Refused(
            code="groups",
            field="groups",
            message=_("办理该产品至少需要勾选：%(groups)s。不同意可以不授权，没有任何影响。")
            % {"groups": group_labels(rules.CREDIT_GROUPS)},
        )
    with transaction.atomic():
        enterprise = enterprises.own(by)
        if enterprise is None:
            raise NotFound(code="no_enterprise", message=_("您的单位还没有在本园区登记企业。"))
        version = products.active_version(product_code)
        if read_words is not None and read_words != digest_of_words(version, chosen):
            raise _words_changed()
        if queries.active_for(enterprise.pk, version.product_id):
            raise Conflict(code="consent_exists", message=_("对该产品已有有效授权，可在授权台账查看。"))
        common: dict[str, Any] = {
            "product": version.product, "enterprise_id": enterprise.pk, "months": months, "start": db_now(),
        }  # fmt: skip
        consent = _sign_for(by, reader=version.product.organisation, groups=chosen, **common)
        if version.guarantor is not None:
            _sign_for(by, reader=version.guarantor, groups=list(rules.GUARANTEE_GROUPS), **common)
        lines.requote(by=by, enterprise_id=enterprise.pk, version=version, consent=consent)
        audit.record(
            by=by, action="consent.granted", obj=consent, after={"digest": consent.digest, "groups": chosen}
        )
        webhooks.emit("consent.granted", organisation_id=consent.organisation_id, about=consent)
    return consent


def renew(*, by: Actor, consent_id: int, months: int) -> Consent:
    """Sign the next period in the last days of a consent. It begins where the one before ends, with the same groups.

    What stands on the consent (applications, reads of the bank) goes on; the reads before stay where they are.
    Raises Forbidden for others than the signatory, Refused for a wrong period, Conflict when it is not time yet or was done.
    """
    _check_signatory(by)
    if months not in rules.CONSENT_MONTHS:
        raise Refused(code="period", field="months", message=_("授权期限只能选 1、6 或 12 个月。"))
    with transaction.atomic(), guarded():
        old = queries.own(enterprises.own_or_404(by).pk, consent_id)
        ending = list(queries.given_together(old).select_for_update(of=("self",)).order_by("pk"))
        if not queries.may_renew(old, db_now()):
            raise Conflict(
                code="not_renewable",
                message=_("授权到期前 %(n)s 天内可以续期一次；已续期、已撤回或已到期的不能再续。")
                % {"n": rules.RENEW_DAYS},
            )
        made = [
            _sign_for(
                by, reader=one.organisation, product=one.product, enterprise_id=one.enterprise_id, months=months,
                groups=list(one.groups), start=one.period.upper, root_id=one.root_id,
            )
            for one in ending
        ]  # fmt: skip
        renewed = next(one for one in made if one.organisation_id == old.organisation_id)
        audit.record(
            by=by, action="consent.renewed", obj=renewed, after={"digest": renewed.digest, "renews": old.pk}
        )
        webhooks.emit("consent.granted", organisation_id=renewed.organisation_id, about=renewed)
    return renewed


def add_groups(*, by: Actor, consent_id: int, groups: Iterable[str], read_words: str) -> Consent:
    """Let the bank see more until the same day. The wider consent, signed anew, takes the place of the one in force, and of its renewal.

    What stands on the consent (line, applications, reads before) goes on. Raises Forbidden for others than the signatory,
    Refused when nothing is added, Conflict when the consent is over, or the words are others by now.
    """
    _check_signatory(by)
    with transaction.atomic(), guarded():
        enterprise = enterprises.own_or_404(by)
        applications.lock_open(consent_id=consent_id, enterprise_id=enterprise.pk)
        Consent.objects.select_for_update().filter(pk=consent_id).first()
        old = queries.own(enterprise.pk, consent_id)
        chosen = in_order({*old.groups, *groups})
        if not queries.may_widen(old, db_now()):
            raise Conflict(code="not_widened", message=_("这份授权现在不能增加信息：它已撤回或到期。"))
        if chosen == old.groups:
            raise Refused(code="groups", field="groups", message=_("请至少勾选一项新增的信息。"))
        if read_words != digest_to_add(old, chosen):
            raise _words_changed()
        text = words_to_add(old, chosen)
        made = []
        for one in list(queries.with_renewal(old).select_for_update()):
            wider = _create(
                by, reader=old.organisation, product=old.product, enterprise_id=enterprise.pk, groups=chosen,
                start=max(_end(one, by), one.period.lower), end=one.period.upper, root_id=old.root_id, text=text, version=MORE_TEXT_VERSION,
            )  # fmt: skip
            made.append(wider)
            after = {"digest": wider.digest, "groups": chosen, "replaces": one.pk}
            audit.record(by=by, action="consent.widened", obj=wider, after=after)
            webhooks.emit("consent.granted", organisation_id=wider.organisation_id, about=wider)
    return made[0]


def _check_signatory(by: Actor) -> None:
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以签署授权。"))


def _words_changed() -> Conflict:
    return Conflict(
        code="words_changed", message=_("授权内容在您阅读后有变化。请重新阅读下面的授权书，再签署。")
    )


def _sign_for(
    by: Actor,
    *,
    reader: Organisation,
    product: Product,
    months: int,
    groups: list[str],
    start: dt.datetime,
    **more: Any,
) -> Consent:
    """A consent for so many months in the usual words."""
    end = add_months(start, months)
    text = text_for(
        reader=reader.name, product=product.name, months=months, until=_day_and_time(end), groups=groups
    )
    return _create(by, reader=reader, product=product, groups=groups, start=start, end=end, text=text, **more)


def _create(
    by: Actor,
    *,
    reader: Organisation,
    product: Product,
    enterprise_id: int,
    groups: list[str],
    start: dt.datetime,
    end: dt.datetime,
    text: str,
    version: str = TEXT_VERSION,
    root_id: int | None = None,
) -> Consent:
    signed = {
        "text": text,
        "groups": groups,
        "from": start,
        "to": end,
        "enterprise": enterprise_id,
        "product": product.code,
    }
    with guarded():
        return Consent.objects.create(
            enterprise_id=enterprise_id,
            organisation=reader,
            product=product,
            root_id=root_id,
            groups=groups,
            period=DateTimeTZRange(start, end),
            text_version=version,
            text=text,
            digest=rules.digest_of(signed),
            granted_by_ref=person_of(by),
            granted_by_name=by.person_name,
        )


def revoke(*, by: Actor, consent_id: int) -> Consent:
    """Reads stop with the commit, renewals end too; quotes become void, the line is frozen, undecided applications are put on hold."""
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以撤回授权。"))
    with transaction.atomic(), guarded():
        enterprise = enterprises.own(by)
        own = {"enterprise_id": enterprise.pk if enterprise else 0}
        applications.lock_open(consent_id=consent_id, **own)
        consent = Consent.objects.select_for_update().filter(pk=consent_id, **own).first()
        if consent is None:
            raise NotFound(code="not_found", message=_("没有这份授权。"))
        ending = list(queries.given_together(consent).select_for_update(of=("self",)).order_by("pk"))
        if consent.revoked_at is not None or not ending:
            raise Conflict(code="consent_revoked", message=_("这份授权已经撤回或到期。"))
        for one in ending:
            _end(one, by)
        held = 0
        if consent.organisation_id == consent.product.organisation_id:
            lines.freeze(enterprise_id=consent.enterprise_id, product_id=consent.product_id)
            held = applications.hold(consent=consent, park_actor=by)
        audit.record(by=by, action="consent.revoked", obj=consent, after={"applications_on_hold": held})
        webhooks.emit("consent.revoked", organisation_id=consent.organisation_id, about=consent)
    consent.refresh_from_db()
    return consent


def _end(consent: Consent, by: Actor) -> dt.datetime:
    """Returns the moment as the database wrote it down."""
    consent.revoked_at, consent.revoked_by_ref = db_now(), person_of(by)
    consent.revoked_by_name = by.person_name
    consent.save(update_fields=["revoked_at", "revoked_by_ref", "revoked_by_name"])
    consent.refresh_from_db(fields=["revoked_at"])
    return consent.revoked_at


def read(
    *, by: Actor, consent_id: int, subject: str, groups: Iterable[str] | None = None
) -> list[Section] | None:
    """The consented package for a bank person, written into the access log first; None without an active consent."""
    opened = open_groups(by=by, consent_id=consent_id, subject=subject, groups=groups)
    return package(opened.consent.enterprise_id, opened.groups) if opened else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A read that stands in the access log: exactly these groups may be shown."""

    consent: Consent
    groups: list[str]


def open_groups(
    *, by: Actor, consent_id: int, subject: str, groups: Iterable[str] | None = None
) -> Opened | None:
    """Write a read into the access log; None without an active consent of the acting bank.

    Fails closed: the log row is refused by the database when the consent does not hold at that instant.
    """
    consent = queries.held_now(by, consent_id)
    if consent is None:
        return None
    wanted = [group for group in consent.groups if groups is None or group in groups]
    try:
        with guarded():
            _access(by, consent, wanted, subject).save()
    except Conflict:
        return None
    return Opened(consent, wanted)


def open_document(*, by: Actor, consent_id: int, file_id: int, page: int) -> tuple[Document, Page]:
    """A page of one paper of the consented list, drawn; its opening stands in the access log by name and page.

    Raises NotFound for whatever is not in the list now, or without a consent to it: nobody learns which; Refused when
    the page cannot be drawn.
    """
    missing = NotFound(code="no_document", message=_("没有这份材料，或企业没有授权查看。"))
    consent = queries.held_now(by, consent_id)
    if consent is None or "evidence" not in consent.groups:
        raise missing
    found = document_of(consent.enterprise_id, file_id)
    if found is None:
        raise missing
    drawn = draw(found.file, page, large=True)
    subject = gettext_noop("材料第 %(page)s 页：%(title)s") % {"page": drawn.number, "title": found.title}
    opened = open_groups(by=by, consent_id=consent_id, subject=subject[:SUBJECT], groups=("evidence",))
    if opened is None or not opened.groups:
        raise missing
    return found, drawn


def note_list_reads(
    *, by: Actor, consent_ids: Iterable[int], subject: str, groups: Sequence[str] = ("id",)
) -> set[int]:
    """A bank person sees these groups in a list: one row a consent, person and day. Returns the consents that hold, or are renewed.

    The consents are held still meanwhile, so that one insert is enough whatever is being revoked.
    """
    asked = dict(Consent.objects.filter(pk__in=set(consent_ids)).values_list("pk", "root_id"))
    granted = queries.granted_to(by).filter(root_id__in=asked.values(), groups__contains=list(groups))
    try:
        with guarded():
            holding = list(granted.select_for_update(of=("self",), no_key=True).order_by("pk"))
            today = ConsentAccess.objects.filter(
                consent__in=holding, person_ref=person_of(by), subject=subject, at__date=db_today()
            )
            noted = set(today.values_list("consent_id", flat=True))
            ConsentAccess.objects.bulk_create(
                _access(by, consent, list(groups), subject) for consent in holding if consent.pk not in noted
            )
    except Conflict:
        return set()
    roots = {consent.root_id for consent in holding}
    return {number for number, root in asked.items() if root in roots}


def _access(by: Actor, consent: Consent, groups: list[str], subject: str) -> ConsentAccess:
    return ConsentAccess(
        consent=consent,
        enterprise_id=consent.enterprise_id,
        organisation_id=organisation_of(by),
        person_ref=person_of(by),
        person_name=by.person_name,
        role=by.role,
        groups=groups,
        subject=subject,
        request_id=by.request_id,
    )
