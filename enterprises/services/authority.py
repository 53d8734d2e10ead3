"""Acting for a firm: invitations that expire, letters of authority that are given, narrowed, revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Gone, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Account, EvidenceFile, Membership
from parks.roles import ENTERPRISE, Role
from parks.services import evidence, people

from ..models import AgentLetter, Enterprise, Invitation
from ..queries import authority

VALID = dt.timedelta(hours=72)
LONGEST_DAYS = 366 * 3
MOST_OPEN = 20


def invite(
    *,
    by: Actor,
    enterprise: Enterprise,
    invitee: str,
    role: str,
    scope: Iterable[str] = (),
    authority_until: dt.date | None = None,
) -> tuple[Invitation, str]:
    """A link for one person; the clear token is given once. The legal representative invites agents; while no legal
    representative has an account, an agent may invite the one whose name stands in the licence.
    """
    if role not in ENTERPRISE:
        raise Refused(code="role_unknown", field="role", message=_("请选择经办人或法定代表人。"))
    _may_invite(by, enterprise, role)
    name = invitee.strip()
    if not name:
        raise Refused(code="name_missing", field="invitee", message=_("请填写被邀请人的姓名。"))
    if role == Role.ENTERPRISE_SIGNATORY and name != enterprise.legal_representative:
        raise Refused(
            code="not_the_representative",
            field="invitee",
            message=_("登记的法定代表人是 %(name)s，只能邀请本人；如已变更，请先办理变更认证。")
            % {"name": enterprise.legal_representative or "—"},
        )
    ends_on = _end(authority_until) if role == Role.ENTERPRISE_AGENT else None
    with transaction.atomic():
        now = db_now()
        waiting = Invitation.objects.filter(
            enterprise=enterprise, used_at=None, revoked_at=None, expires_at__gt=now
        )
        if waiting.count() >= MOST_OPEN:
            raise Conflict(code="too_many_invitations", message=_("未使用的邀请过多，请先撤销一些。"))
        token = secrets.token_urlsafe(24)
        row = Invitation.objects.create(
            enterprise=enterprise, invitee=name, role=role, scope=sorted(set(scope)), authority_until=ends_on,
            digest=digest_of(token), invited_by_ref=by.person_id or 0, invited_by_name=by.person_name, expires_at=now + VALID,
        )  # fmt: skip
        after = {"invitee": name, "role": role, "scope": row.scope, "until": str(ends_on or "")}
        audit.record(by=by, action="invitation.made", obj=row, after=after)
    return row, token


def _may_invite(by: Actor, enterprise: Enterprise, role: str) -> None:
    if by.role == Role.ENTERPRISE_SIGNATORY:
        return
    if role == Role.ENTERPRISE_SIGNATORY and not authority.has_signatory(enterprise):
        return
    raise Forbidden(code="signatory_only", message=_("只有法定代表人可以邀请经办人。"))


def _end(day: dt.date | None) -> dt.date:
    """The end of an authority: after today, at most three years away, a year when nothing is said."""
    today = db_today()
    end = day or today + dt.timedelta(days=365)
    if not today < end <= today + dt.timedelta(days=LONGEST_DAYS):
        raise Refused(
            code="authority_end", field="authority_until", message=_("授权截止日须在今天之后、三年之内。")
        )
    return end


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_invitation(token: str, *, lock: bool = False) -> Invitation:
    """The invitation of a link. Raises Gone, saying why, when it is used, revoked, over or none."""
    rows = Invitation.objects.select_related("enterprise")
    row = (rows.select_for_update(of=("self",)) if lock else rows).filter(digest=digest_of(token)).first()
    if row is None:
        raise Gone(code="no_invitation", message=_("邀请链接无效，请向邀请人索取新的链接。"))
    for code, is_so, message in (
        ("used", row.used_at is not None, _("这个邀请链接已使用过，每个链接只能用一次。")),
        ("revoked", row.revoked_at is not None, _("这个邀请已被撤销。")),
        ("expired", row.expires_at <= db_now(), _("邀请链接已超过 72 小时，请向邀请人索取新的链接。")),
    ):
        if is_so:
            raise Gone(code=f"invitation_{code}", message=message)
    return row


def accept(*, by: Actor, token: str) -> Membership:
    """The signed-in person takes the role that the link offers, once."""
    account = Account.objects.get(pk=by.account_id or 0)
    with transaction.atomic():
        row = open_invitation(token, lock=True)
        if row.role == Role.ENTERPRISE_SIGNATORY and by.person_name != row.enterprise.legal_representative:
            raise Forbidden(
                code="other_person",
                message=_("此邀请只能由登记的法定代表人 %(name)s 本人接受。")
                % {"name": row.enterprise.legal_representative},
            )
        membership = _take_role(by, account, row)
        row.used_at, row.used_by_name = db_now(), by.person_name
        row.save(update_fields=["used_at", "used_by_name"])
        if row.role == Role.ENTERPRISE_AGENT:
            give_letter(
                by=by,
                enterprise=row.enterprise,
                membership=membership,
                scope=row.scope,
                ends_on=row.authority_until,
                given_by=(row.invited_by_ref, row.invited_by_name),
            )
        outbox.notify(
            organisation_id=row.enterprise.organisation_id,
            text=_("%(name)s 已接受邀请，成为本企业的%(role)s。")
            % {"name": by.person_name, "role": Role(row.role).label},
        )
        audit.record(by=by, action="invitation.accepted", obj=row, after={"membership": membership.pk})
    return membership


def _take_role(by: Actor, account: Account, row: Invitation) -> Membership:
    today = db_today()
    live = Membership.objects.filter(
        account=account, organisation_id=row.enterprise.organisation_id, role=row.role, starts_on__lte=today
    )
    if any(one.ends_on is None or one.ends_on > today for one in live):
        raise Conflict(
            code="has_role", message=_("您已经是这家企业的%(role)s。") % {"role": Role(row.role).label}
        )
    return people.grant_role(by=by, account=account, organisation=row.enterprise.organisation, role=row.role)


def revoke_invitation(*, by: Actor, enterprise: Enterprise, invitation_id: int) -> None:
    """A link that was not used yet opens nothing any more."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(enterprise=enterprise, pk=invitation_id).first()
        if row is None or row.used_at is not None or row.revoked_at is not None:
            raise Conflict(code="not_open", message=_("这个邀请已使用或已撤销。"))
        row.revoked_at = db_now()
        row.save(update_fields=["revoked_at"])
        audit.record(by=by, action="invitation.revoked", obj=row)


def give_letter(
    *,
    by: Actor,
    enterprise: Enterprise,
    membership: Membership,
    scope: Iterable[str],
    ends_on: dt.date | None,
    document: EvidenceFile | None = None,
    given_by: tuple[int | None, str] | None = None,
) -> AgentLetter:
    """A letter of authority for an agent; one that was in force ends with it. Scope: dimensions, none = all."""
    end, dimensions = _end(ends_on), sorted(set(scope))
    giver, giver_name = given_by or (by.person_id, by.person_name)
    with transaction.atomic():
        _end_letters(membership, by=by, reason=_("由新的授权替代"))
        row = AgentLetter.objects.create(
            enterprise=enterprise, membership=membership, agent_name=membership.account.person.name, scope=dimensions,
            starts_on=db_today(), ends_on=end, document=document, given_by_ref=giver, given_by_name=giver_name,
        )  # fmt: skip
        membership.scope, membership.ends_on = {"dimensions": dimensions} if dimensions else {}, end
        membership.save(update_fields=["scope", "ends_on"])
        audit.record(
            by=by, action="letter.given", obj=row, after={"scope": dimensions, "until": end.isoformat()}
        )
    return row


def change_letter(
    *,
    by: Actor,
    enterprise: Enterprise,
    membership: Membership,
    scope: Iterable[str],
    ends_on: dt.date | None,
    upload: UploadedFile | None = None,
) -> AgentLetter:
    """The legal representative narrows or extends what an agent may do, perhaps with the signed letter."""
    _signatory_only(by)
    if membership.role != Role.ENTERPRISE_AGENT:
        raise Conflict(code="not_an_agent", message=_("只能调整经办人的授权。"))
    with transaction.atomic():
        document = (
            evidence.store(by=by, organisation_id=enterprise.organisation_id, upload=upload)
            if upload
            else None
        )
        return give_letter(
            by=by,
            enterprise=enterprise,
            membership=membership,
            scope=scope,
            ends_on=ends_on,
            document=document,
        )


def revoke(*, by: Actor, membership: Membership, reason: str) -> None:
    """The legal representative ends an agent's authority at once: the agent's next request is refused."""
    _signatory_only(by)
    if membership.pk == by.membership_id:
        raise Conflict(code="own_role", message=_("不能撤销自己的身份。"))
    if membership.role != Role.ENTERPRISE_AGENT:
        raise Conflict(code="not_an_agent", message=_("法定代表人的身份随变更认证终止。"))
    with transaction.atomic():
        _end_letters(membership, by=by, reason=reason.strip() or _("由法定代表人撤销"))
        people.end_role(by=by, membership=membership, reason=reason.strip())


def _signatory_only(by: Actor) -> None:
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以给予、调整和撤销授权。"))


def _end_letters(membership: Membership, *, by: Actor, reason: str) -> None:
    AgentLetter.objects.filter(membership=membership, revoked_at__isnull=True).update(
        revoked_at=db_now(), revoked_by_name=by.person_name, revoked_reason=reason[:300]
    )


def end_former_signatories(*, by: Actor, enterprise: Enterprise) -> int:
    """After a change of the legal representative nobody else signs. Returns how many roles ended."""
    ended, today = 0, db_today()
    for one in authority.colleagues(enterprise):
        name = one.membership.account.person.name
        if one.is_live and one.is_signatory and name != enterprise.legal_representative:
            people.end_role(by=by, membership=one.membership, reason=f"legal representative changed {today}")
            ended += 1
    return ended
