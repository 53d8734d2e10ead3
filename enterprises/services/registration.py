"""Enterprise certification 企业认证: register, correct, decide (domain rule: nobody decides on an own application)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Account, Membership, Organisation, SubPark
from parks.roles import Role
from parks.services import evidence, people

from ..models import Certification, Enterprise
from ..queries import reviews
from ..queries.matching import FIELDS
from ..states import CERTIFICATION_TRANSITIONS, CaseKind, CertificationState
from . import authority, moves
from .authority import EVERYTHING, Powers

FAULTS = {
    "length": gettext_lazy("统一社会信用代码应为 18 位，请检查。"),
    "character": gettext_lazy(
        "第 %(position)s 位是“%(character)s”。统一社会信用代码只含数字和字母，且不含 I、O、S、V、Z。"
    ),
    "organisation_check": gettext_lazy("第 17 位校验码应为 %(expected)s，请核对第 9 至 17 位。"),
    "check": gettext_lazy(
        "第 18 位校验码应为 %(expected)s，请逐位核对。确认与营业执照一致时，可填写说明申请人工核验。"
    ),
}


CERTIFIED_FIELDS = tuple(name for name in FIELDS if name != "founded_on")
"""What is certified and may change later: name, legal representative, address."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """What an enterprise states about itself."""

    uscc: str
    name: str
    legal_representative: str
    registered_address: str
    founded_on: dt.date
    industry: str
    sub_park: SubPark | None
    uscc_reason: str = ""
    operating_address: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """What is handed in with an application: the business licence, an agent's signed letter and what it names."""

    licence: UploadedFile | None = None
    letter: UploadedFile | None = None
    powers: Powers = EVERYTHING


NO_PAPERS = Papers()


def check_uscc(text: str, *, reason: str = "") -> str:
    """The normalised code. Raises Refused saying which position is wrong; with a reason a check character may fail."""
    code = codes.normalise(text)
    fault = codes.fault(code)
    if fault is None or (reason.strip() and fault.code in ("check", "organisation_check")):
        return code
    params = {"position": fault.position, "character": fault.character, "expected": fault.expected}
    raise Refused(code=f"uscc_{fault.code}", field="uscc", message=str(FAULTS[fault.code]) % params)


def register(*, by: Actor, particulars: Particulars, role: str, papers: Papers = NO_PAPERS) -> Enterprise:
    """Register an enterprise and submit it for certification; `by` becomes its `role` (signatory or agent).

    Who acted for the firm in this park before (a rejected application, an earlier stay) acts for it no more.
    Raises Refused for a wrong code or missing paper, Conflict when the firm is in a park already.
    """
    code = check_uscc(particulars.uscc, reason=particulars.uscc_reason)
    if role == Role.ENTERPRISE_SIGNATORY and by.person_name != particulars.legal_representative.strip():
        raise Refused(
            code="not_the_representative",
            field="role",
            message=_("您的姓名是 %(name)s，与所填法定代表人不同，请选择“经办人”并上传授权委托书。")
            % {"name": by.person_name},
        )
    account = Account.objects.get(pk=by.account_id or 0)
    try:
        with transaction.atomic():
            organisation, _new = Organisation.objects.get_or_create(
                kind=Organisation.Kind.ENTERPRISE, uscc=code, defaults={"name": particulars.name}
            )
            enterprise = Enterprise.objects.create(
                organisation=organisation, uscc=code, member_from=db_today(), **_fields(particulars, code)
            )
            _check_sub_park(particulars)
            authority.end_all(by=by, enterprise=enterprise, reason=_("企业重新登记"))
            membership = people.grant_role(by=by, account=account, organisation=organisation, role=role)
            case = Certification.objects.create(enterprise=enterprise)
            if role == Role.ENTERPRISE_AGENT:
                _keep_letter(by, case, membership, papers, needed=True)
            moves.begin_stay(by=by, enterprise=enterprise)
            _submit(by, case, papers)
    except IntegrityError as error:
        raise Conflict(
            code="enterprise_exists",
            field="uscc",
            message=_("这家企业已在某个园区登记。请联系本企业的法定代表人邀请您，或联系园区办公室。"),
        ) from error
    return enterprise


def _check_sub_park(particulars: Particulars) -> None:
    """Where a zone has sub-parks, the address lies in one of them."""
    if particulars.sub_park is None and SubPark.objects.exists():
        raise Refused(
            code="sub_park_missing",
            field="sub_park",
            message=_("请选择注册地址所在的园区（核心区或拓展园）。"),
        )


def _keep_letter(
    by: Actor, case: Certification, membership: Membership, papers: Papers, *, needed: bool
) -> None:
    """The letter of the agent who applies lies with the application and waits for its decision."""
    if papers.letter is None and not needed:
        return
    case.letter = authority.register_letter(
        by=by, enterprise=case.enterprise, membership=membership, powers=papers.powers, upload=papers.letter
    ).document


def _submit(by: Actor, case: Certification, papers: Papers) -> None:
    if papers.licence is not None:
        case.licence = evidence.store(
            by=by, organisation_id=case.enterprise.organisation_id, upload=papers.licence
        )
    _move(by=by, case=case, event="submit")


def request_change(
    *, by: Actor, enterprise: Enterprise, wanted: dict[str, str], upload: UploadedFile | None
) -> Certification:
    """A certified firm's name, legal representative or address has changed: certify again, with the new licence.

    What was certified stays in force until the office decides. A returned change is corrected by asking again.
    """
    changes = {
        name: [getattr(enterprise, name), text]
        for name in CERTIFIED_FIELDS
        if (text := wanted.get(name, "").strip()) and text != getattr(enterprise, name)
    }
    if not changes:
        raise Refused(
            code="nothing_changed", message=_("没有变更内容：请填写与已认证不同的名称、法定代表人或地址。")
        )
    with transaction.atomic():
        locked = Enterprise.objects.select_for_update(of=("self",)).get(pk=enterprise.pk)
        if locked.certification_state != CertificationState.CERTIFIED:
            raise Conflict(code="not_certified", message=_("只有已认证的企业可以办理变更认证。"))
        case = _open_case(locked)
        if case is not None and case.state != CertificationState.RETURNED:
            raise Conflict(code="change_open", message=_("已有变更申请在审核，请等待结果。"))
        case = case or Certification(enterprise=locked, kind=CaseKind.CHANGE)
        if upload is None and case.licence is None:
            raise Refused(code="licence_missing", field="licence", message=_("请上传变更后的营业执照。"))
        case.changes = changes
        case.save()
        _submit(by, case, Papers(licence=upload))
    return case


def suspend(*, by: Actor, enterprise: Enterprise, reason: str) -> None:
    """Certification rests, e.g. while the register shows the firm as cancelled; no new declaration until it is resumed."""
    _set_state(by, enterprise, event="suspend", reason=reason)


def resume(*, by: Actor, enterprise: Enterprise, reason: str) -> None:
    """A suspended certification is in force again."""
    _set_state(by, enterprise, event="certify", reason=reason)


def _set_state(by: Actor, enterprise: Enterprise, *, event: str, reason: str) -> None:
    if not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请填写原因。"))
    with transaction.atomic():
        locked = Enterprise.objects.select_for_update(of=("self",)).get(pk=enterprise.pk)
        before = locked.certification_state
        target = CERTIFICATION_TRANSITIONS.get((before, event))
        if target is None or before not in (CertificationState.CERTIFIED, CertificationState.SUSPENDED):
            raise Conflict(
                code="wrong_state",
                message=_("企业当前为“%(state)s”，不能执行此操作。")
                % {"state": locked.get_certification_state_display()},
            )
        locked.certification_state = target
        locked.save(update_fields=["certification_state"])
        outbox.notify(
            organisation_id=locked.organisation_id,
            text=_("企业认证状态：%(state)s。%(reason)s")
            % {"state": locked.get_certification_state_display(), "reason": reason.strip()},
        )
        audit.record(
            by=by, action=f"enterprise.{event}", obj=locked, before={"state": before}, after={"state": target},
            reason=reason.strip(),
        )  # fmt: skip


def resubmit(
    *, by: Actor, enterprise: Enterprise, particulars: Particulars, papers: Papers = NO_PAPERS
) -> None:
    """Correct a returned application and submit it again; the code itself stays, an odd one with its reason."""
    check_uscc(enterprise.uscc, reason=particulars.uscc_reason)
    with transaction.atomic():
        case = _open_case(enterprise)
        if case is None or case.state != CertificationState.RETURNED or case.kind != CaseKind.FIRST:
            raise Conflict(code="not_returned", message=_("当前没有需要补正的认证申请。"))
        _check_sub_park(particulars)
        fields = _fields(particulars, enterprise.uscc)
        for name, value in fields.items():
            setattr(enterprise, name, value)
        enterprise.save(update_fields=list(fields))
        moves.correct_stay(by=by, enterprise=enterprise)
        if by.role == Role.ENTERPRISE_AGENT:
            membership = Membership.objects.select_related("account__person").get(pk=by.membership_id or 0)
            _keep_letter(by, case, membership, papers, needed=case.letter_id is None)
        _submit(by, case, papers)


def decide(
    *, by: Actor, case: Certification, event: str, reason: str = "", sub_park: SubPark | None = None
) -> None:
    """Certify, return or reject a submitted application. Returning and rejecting need a reason; not one's own.

    With `sub_park` a certified firm is in that sub-park from today: its address was found to lie there.
    """
    if event not in ("certify", "return", "reject"):
        raise Refused(code="unknown_event", message=_("不支持的审核动作。"))
    if event != "certify" and not reason.strip():
        raise Refused(
            code="reason_missing",
            field="reason",
            message=_("请填写退回或不通过的原因，一次性写明需要补正的全部内容。"),
        )
    with transaction.atomic():
        locked = (
            Certification.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=case.pk)
        )
        if locked.submitted_by_ref == by.person_id:
            raise Forbidden(code="own_case", message=_("不能审核自己提交的申请，请由另一位审核员处理。"))
        if reviews.has_conflict(enterprise_id=locked.enterprise_id, person_id=by.person_id):
            raise Forbidden(code="conflict_of_interest", message=_("您已申报与该企业有利益关系，须回避。"))
        if event == "certify":
            _admit_code(by, locked, reason.strip())
            _apply_changes(by, locked)
            authority.confirm_letters(by=by, enterprise=locked.enterprise)
            if sub_park is not None and sub_park.pk != locked.enterprise.sub_park_id:
                moves.to_sub_park(
                    by=by,
                    enterprise=locked.enterprise,
                    sub_park=sub_park,
                    on=None,
                    reason=reason or _("按注册地址认定"),
                )
        _move(by=by, case=locked, event=event, reason=reason.strip())
        if event == "reject" and locked.kind == CaseKind.FIRST:
            moves.release(by=by, enterprise=locked.enterprise)


def _admit_code(by: Actor, case: Certification, reason: str) -> None:
    """A code that fails its check is admitted against the licence, in words, on record."""
    firm = case.enterprise
    if not firm.uscc_override_reason or case.kind != CaseKind.FIRST:
        return
    if case.licence is None:
        raise Refused(
            code="licence_missing", message=_("该代码未通过校验，须有营业执照才能核验，请退回补正。")
        )
    if not reason:
        raise Refused(
            code="reason_missing", field="reason", message=_("该代码未通过校验，认证时请写明核验依据。")
        )
    audit.record(
        by=by, action="uscc.overridden", obj=firm, after={"uscc": firm.uscc},
        reason=f"{firm.uscc_override_reason} / {reason}",
    )  # fmt: skip


def _apply_changes(by: Actor, case: Certification) -> None:
    """What was asked for is certified now; nobody but the legal representative that was certified signs as one."""
    enterprise = case.enterprise
    for name, (_before, after) in case.changes.items():
        setattr(enterprise, name, after)
    if case.changes:
        enterprise.save(update_fields=list(case.changes))
    if "name" in case.changes:
        Organisation.objects.filter(pk=enterprise.organisation_id).update(name=enterprise.name)
    authority.end_former_signatories(by=by, enterprise=enterprise)
    if "legal_representative" in case.changes:
        authority.end_signing(by=by, enterprise=enterprise)


def _fields(particulars: Particulars, code: str) -> dict[str, object]:
    return {
        "name": particulars.name,
        "legal_representative": particulars.legal_representative,
        "registered_address": particulars.registered_address,
        "operating_address": particulars.operating_address.strip(),
        "founded_on": particulars.founded_on,
        "industry": particulars.industry,
        "sub_park": particulars.sub_park,
        "uscc_override_reason": particulars.uscc_reason.strip() if codes.fault(code) else "",
    }


def _open_case(enterprise: Enterprise) -> Certification | None:
    open_states = ("draft", "submitted", "returned")
    return (
        Certification.objects.select_for_update(of=("self",))
        .filter(enterprise=enterprise, state__in=open_states)
        .first()
    )


def _move(*, by: Actor, case: Certification, event: str, reason: str = "") -> None:
    before = case.state
    target = CERTIFICATION_TRANSITIONS.get((before, event))
    if target is None:
        label = case.get_state_display()
        raise Conflict(
            code="wrong_state",
            message=_("申请当前为“%(state)s”，不能执行此操作。请刷新页面。") % {"state": label},
        )
    case.state, case.reason = target, reason
    if event == "submit":
        case.submitted_by_ref, case.submitted_at = by.person_id, db_now()
        case.decided_by_ref, case.decided_by_name, case.decided_at = None, "", None
    else:
        case.decided_by_ref, case.decided_by_name, case.decided_at = by.person_id, by.person_name, db_now()
    case.save()
    if case.kind == CaseKind.FIRST:
        Enterprise.objects.filter(pk=case.enterprise_id).update(certification_state=target)
    if event != "submit":
        text = _("企业认证结果：%(state)s。%(reason)s") % {
            "state": case.get_state_display(),
            "reason": reason,
        }
        outbox.notify(organisation_id=case.enterprise.organisation_id, text=text)
    audit.record(
        by=by,
        action=f"certification.{event}",
        obj=case,
        before={"state": before} | {name: pair[0] for name, pair in case.changes.items()},
        after={"state": target} | {name: pair[1] for name, pair in case.changes.items()},
        reason=reason,
    )
