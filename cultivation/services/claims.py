"""Claims 政策兑现 from the pre-filled form to the confirmed payment; every step is an event that the database checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enterprises.queries import enterprises, reviews
from enterprises.services import library
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit, jobs, workdays
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.models import EvidenceFile, Job, Park
from parks.outbox import notify
from parks.queries import benefits as register
from parks.scope import park_scope
from parks.services import benefits

from .. import formula
from ..models import Claim, ClaimEvent, ClaimNotice, ClaimPaper, PolicyVersion
from ..queries import claims as queries
from ..queries import matching, matching_facts, policies
from ..states import (
    BOOKS_MONEY,
    CLAIM_STEPS,
    CLAIM_WORKING_DAYS,
    FIRM,
    NEEDS_NOTE,
    NOTICE_WORKING_DAYS,
    REFUSAL_REASONS,
    ClaimState,
    PolicyState,
)
from ..wording import language
from . import telling
from .refusals import guarded

FIRMS_A_REPORT = 100
FORWARD = ("review", "joint", "notice", "approve")
TOLD = {
    "return": gettext_lazy("您的政策兑现申请被退回补正，请查看原因。"),
    "refuse": gettext_lazy("您的政策兑现申请未通过，请查看原因。"),
    "notice": gettext_lazy("您的政策兑现申请进入公示。"),
    "pay": gettext_lazy("您的政策兑现资金已登记拨付，请留意到账。"),
    "confirm": gettext_lazy("您的政策兑现已办结。"),
    "recall": gettext_lazy("园区要求退回已兑现的政策资金，请查看原因。"),
    "drop_recall": gettext_lazy("园区撤销了对政策资金的追缴。"),
    "recover": gettext_lazy("政策资金已退回，追缴办结。"),
}


def file(
    *, by: Actor, version_id: int, inputs: Mapping[str, Decimal | None], account: Mapping[str, str],
    evidence_ids: Iterable[int] = (), upload: UploadedFile | None = None,
) -> Claim:  # fmt: skip
    """A firm files a claim: judged on its verified data and what it adds, papers attached, submitted in one act.

    Raises Refused when the policy says no or cannot say, Conflict when the thing is claimed already or the budget is used up.
    """
    enterprise = enterprises.own_or_404(by)
    version = policies.get_released(version_id)
    _open(version)
    with transaction.atomic(), guarded():
        judged = _judged(version, enterprise.pk, inputs)
        claim = Claim.objects.create(
            policy_id=version.policy_id, version=version, enterprise=enterprise, subject=policies.rule_of(version).subject,
            inputs=_kept(inputs), **judged, **account,
        )  # fmt: skip
        _attach(by, claim, evidence_ids, upload)
        _step(by=by, claim=claim, event="submit")
    return claim


def correct(
    *, by: Actor, claim_id: int, inputs: Mapping[str, Decimal | None], account: Mapping[str, str],
    evidence_ids: Iterable[int] = (), upload: UploadedFile | None = None,
) -> Claim:  # fmt: skip
    """A draft that was made for the firm, or a returned claim, with what the firm says now; submitted in the same act."""
    with transaction.atomic(), guarded():
        claim = _locked(by, claim_id)
        if claim.state not in (ClaimState.DRAFT, ClaimState.RETURNED):
            raise Conflict(code="not_allowed_now", message=_("申请已提交，不能修改。"))
        if claim.state == ClaimState.DRAFT:
            _in_force(claim.version)
            _open(claim.version)
        said = _judged(claim.version, claim.enterprise_id, inputs) | {"inputs": _kept(inputs), **account}
        for name, value in said.items():
            setattr(claim, name, value)
        claim.save(update_fields=said)
        _attach(by, claim, evidence_ids, upload)
        _step(by=by, claim=claim, event="submit")
    return claim


def prepare(*, by: Actor, version_id: int) -> Job:
    """免申即享: ask for the drafts of a policy; while one such job waits or runs, that one is returned.

    Raises Refused when firms have to add data, Conflict outside its period.
    """
    version = policies.get_released(version_id)
    _open(version)
    rule = policies.rule_of(version)
    if not rule.body.get("automatic") or rule.inputs:
        raise Refused(code="not_automatic", message=_("这项政策需要企业补充数据，不能免申即享。"))
    return jobs.request(
        kind=queries.DRAFT,
        park_id=by.park_id,
        dedupe_key=str(version.pk),
        by=by,
        args={"version": version.pk},
    )


def draft(job: jobs.JobHandle) -> dict[str, Any]:
    """The job: a draft for every firm that the verified data alone make eligible; the firm confirms its account only.

    Firms that claimed the thing already, or whose better policy of the group is another, get none. All drafts and
    messages are written in one transaction that proves the job is still ours: a worker that dies leaves nothing.
    """
    with park_scope(job.park_id), guarded():
        version = policies.get_released(job.args["version"])
        rule = policies.rule_of(version)
        rivals = [row for row in policies.in_force() if policies.rule_of(row).subject == rule.subject]
        taken, drafts = matching.claimants(rule.subject), []
        firms = [firm for firm in matching_facts.firms() if firm.id not in taken]
        for number, firm in enumerate(firms):
            if number % FIRMS_A_REPORT == 0:
                job.report(number, len(firms), _("逐家比对"))
            best = matching.highest(matching.offer(row, firm.known) for row in rivals)[:1]
            if not best or best[0].version.pk != version.pk:
                continue
            drafts.append(Claim(
                policy_id=version.policy_id, version=version, enterprise_id=firm.id, subject=rule.subject, is_automatic=True,
                account_name=firm.name, **_record(rule, best[0].result, firm, firm.known),
            ))  # fmt: skip
        job.report(len(firms), len(firms), _("生成 %(n)s 份申请，等待企业确认账户") % {"n": len(drafts)})
        Claim.objects.bulk_create(drafts, ignore_conflicts=True)  # a firm that files meanwhile has its own
        made = Claim.objects.filter(
            version=version, state=ClaimState.DRAFT, enterprise__in=[one.enterprise_id for one in drafts]
        )
        houses = list(made.values_list("enterprise__organisation_id", flat=True))
        url = reverse(
            "cultivation:claim_file", kwargs={"park": job.actor.park_code, "version_id": version.pk}
        )
        text = _("“%(title)s”免申即享：请确认收款账户。") % {"title": version.title}
        telling.tell(by=job.actor, url=url, words={text: houses})
        audit.record(by=job.actor, action="claims.prepared", obj=version, after={"firms": len(houses)})
        job.guard()
    return {"firms": len(houses)}


def step(
    *, by: Actor, claim_id: int, event: str, note: str = "", reason: str = "", paid_on: dt.date | None = None, paid_reference: str = ""
) -> Claim:  # fmt: skip
    """One step by who the table of steps says: review, return, refuse, joint, notice, approve, pay, confirm, withdraw, recall, recover.

    Raises Refused for what is missing, Conflict when it is not this step's turn, Forbidden when another person has to act.
    """
    if event in NEEDS_NOTE and not note.strip() or event == "refuse" and reason not in REFUSAL_REASONS:
        raise Refused(code="reason_missing", field="note", message=_("请写明原因（不予兑现请选择原因）。"))
    with transaction.atomic(), guarded():
        claim = _locked(by, claim_id)
        booked = {"paid_on": paid_on, "paid_reference": paid_reference} if event in BOOKS_MONEY else {}
        if booked:
            _payment(claim, event, paid_on, paid_reference)
        _step(by=by, claim=claim, event=event, note=note, reason=reason, **booked)
        claim.refresh_from_db()
        if event == "notice":
            _announce(claim, by.park_id)
        if event == "refuse":
            _take_down(claim)
        if event in TOLD:
            _tell(claim, claim.enterprise.organisation_id, by.park_code, TOLD[event])
    return claim


def _payment(claim: Claim, event: str, paid_on: dt.date | None, reference: str) -> None:
    """Money goes out from the approval on, and comes back from its payment on."""
    approved = claim.events.filter(event="approve").order_by("-seq").first()
    first = approved.at.astimezone(BEIJING).date() if approved else db_today()
    message = _("请填写拨付日期（%(first)s 审定当天至今天）和凭证号。")
    if event == "recover":
        first = claim.paid_on or first
        message = _("请填写追回日期（%(first)s 拨付当天至今天）和凭证号。")
    if paid_on is None or not reference.strip() or not first <= paid_on <= db_today():
        raise Refused(code="payment", field="paid_on", message=message % {"first": first})


def _step(*, by: Actor, claim: Claim, event: str, **more: Any) -> None:
    target = next(
        (to for state, name, role, to in CLAIM_STEPS if (state, name, role) == (claim.state, event, by.role)),
        None,
    )
    if target is None or by.person_id is None:
        raise Conflict(
            code="not_allowed_now",
            message=_("申请当前为“%(state)s”，不能进行这一步。") % {"state": claim.get_state_display()},
        )
    if by.role not in FIRM and reviews.has_conflict(
        enterprise_id=claim.enterprise_id, person_id=by.person_id
    ):
        raise Forbidden(code="conflict_of_interest", message=_("您已申报与该企业有利益关系，须回避。"))
    if event not in dict(queries.steps_for(by, claim, list(queries.events(claim)))):
        raise _not_you(claim, event)
    today = db_today()
    if event == "submit":
        more["due_on"] = workdays.add_working_days(today, CLAIM_WORKING_DAYS)
    if event == "notice":
        last = workdays.add_working_days(today, NOTICE_WORKING_DAYS)
        more["notice_ends_at"] = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), BEIJING)
    ClaimEvent.objects.create(
        claim=claim, from_state=claim.state, event=event, role=by.role, to_state=target, person_ref=by.person_id,
        person_name=by.person_name, **more,
    )  # fmt: skip
    _register(claim, event)
    audit.record(
        by=by,
        action=f"claim.{event}",
        obj=claim,
        after={"state": target, "amount": claim.amount},
        reason=more.get("note", ""),
    )
    claim.state = target


def _register(claim: Claim, event: str) -> None:
    """The register of public money knows a claim from each submission until it is returned, refused, withdrawn or paid back.

    Raises Conflict where the policy excludes what the firm has this year, when it is filed and at each step towards payment.
    """
    organisation, subject = claim.enterprise.organisation_id, f"policy:{claim.subject}"
    if event in ("return", "refuse", "withdraw", "recover"):
        benefits.let_go(organisation_id=organisation, subject=subject)
    if event not in ("submit", *FORWARD):
        return
    excluded = (
        register.of_this_year(organisation)
        .filter(scheme__in=policies.rule_of(claim.version).not_with)
        .exclude(subject=subject)
        .first()
    )
    if excluded is not None:
        message = _("本年度已享受“%(label)s”（%(scheme)s），按规定不能同时享受。")
        raise Conflict(
            code="excluded",
            message=message % {"label": excluded.label, "scheme": excluded.get_scheme_display()},
        )
    if event != "submit":
        return
    benefits.hold(
        organisation_id=organisation,
        scheme="policy_claim",
        subject=subject,
        label=claim.version.title,
        amount=claim.amount,
    )


def _not_you(claim: Claim, event: str) -> Conflict | Forbidden:
    if event == "approve" and claim.notice_ends_at and claim.notice_ends_at > db_now():
        return Conflict(code="notice_runs", message=_("公示期未满，不能审定。"))
    if event == "return":
        return Conflict(code="returned_twice", message=_("已退回两次，不能再退回；请通过或不予兑现。"))
    return Forbidden(code="same_person", message=_("您已办理过前一步，这一步请由另一位同事办理。"))


def _judged(
    version: PolicyVersion, enterprise_id: int, inputs: Mapping[str, Decimal | None]
) -> dict[str, Any]:
    """What a claim keeps of the judgement. Raises Refused with the reason when it is not a yes."""
    rule, firm = policies.rule_of(version), matching_facts.firm(enterprise_id)
    known = firm.known | {one.code: inputs.get(one.code) for one in rule.inputs}
    result = formula.result_for(rule, known, language())
    if result.outcome == formula.ELIGIBLE:
        return _record(rule, result, firm, known)
    if result.outcome == formula.UNKNOWN:
        message = _("还缺数据：%(what)s。") % {"what": "、".join(result.missing)}
        raise Refused(code="data_missing", message=message)
    failed = "；".join(f"{one.text}{_('，') + one.gap if one.gap else ''}" for one in result.failed)
    raise Refused(code="not_eligible", message=_("不符合条件：%(what)s。") % {"what": failed})


def _in_force(version: PolicyVersion) -> None:
    if version.state != PolicyState.RELEASED:
        message = _("这项政策已停用或换了新版本，请撤回这份申请，再按现行政策申请。")
        raise Conflict(code="not_in_force", message=message)


def _open(version: PolicyVersion) -> None:
    today = db_today()
    if version.starts_on and today < version.starts_on or version.ends_on and today > version.ends_on:
        raise Conflict(code="not_open", message=_("不在这项政策的申报期内。"))


def _record(
    rule: formula.Rule, result: formula.Result, firm: matching_facts.Firm, known: Mapping[str, Decimal | None]
) -> dict[str, Any]:
    """Amount and judgement with the figures that decided and their year, as they were at that time."""
    figures = {
        name: None if (value := known.get(name)) is None else f"{value.normalize():f}" for name in rule.names
    }
    return {"amount": result.yuan, "result": result.as_dict() | {"known": figures, "year": firm.year}}


def _kept(inputs: Mapping[str, Decimal | None]) -> dict[str, str]:
    return {name: str(value) for name, value in inputs.items() if value is not None}


def _attach(by: Actor, claim: Claim, evidence_ids: Iterable[int], upload: UploadedFile | None) -> None:
    """The papers chosen from the firm's library, and a new one, which joins the library."""
    ids = set(evidence_ids)
    own = list(EvidenceFile.objects.filter(organisation_id=claim.enterprise.organisation_id, pk__in=ids))
    if len(own) < len(ids):
        raise Refused(code="no_such_paper", field="papers", message=_("请从材料库中选择文件。"))
    if upload is not None:
        own.append(library.add(by=by, organisation_id=claim.enterprise.organisation_id, upload=upload)[0])
    ClaimPaper.objects.filter(claim=claim).exclude(evidence__in=own).delete()
    ClaimPaper.objects.bulk_create(
        [ClaimPaper(claim=claim, evidence=row) for row in own], ignore_conflicts=True
    )


def _announce(claim: Claim, park_id: int) -> None:
    park = Park.objects.get(pk=park_id)
    assert claim.notice_ends_at is not None  # noqa: S101  # the step set it
    ClaimNotice.objects.create(
        claim=claim, uscc=claim.enterprise.uscc, name=claim.enterprise.name, title=claim.version.title, amount=claim.amount,
        contact=f"{park.contact_office} {park.contact_phone}".strip(), ends_at=claim.notice_ends_at,
    )  # fmt: skip


def _take_down(claim: Claim) -> None:
    """What was on notice will not be paid: the public reads that too."""
    if (row := ClaimNotice.objects.filter(claim=claim).first()) is not None:
        row.pk, row.is_end, row.begins_at = None, True, db_now()
        row.save(force_insert=True)


def _tell(claim: Claim, organisation_id: int, park_code: str, text: Any) -> None:
    url = reverse("cultivation:claim", kwargs={"park": park_code, "claim_id": claim.pk})
    notify(organisation_id=organisation_id, text=str(text), url=url, kind="decision")


def _locked(by: Actor, claim_id: int) -> Claim:
    queries.visible(by, claim_id)
    row = (
        Claim.objects.select_for_update(of=("self",))
        .select_related("version", "enterprise").filter(pk=claim_id).first()
    )  # fmt: skip
    if row is None:
        raise NotFound(code="no_such_claim", message=_("没有这份申请。"))
    return row
