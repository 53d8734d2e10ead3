"""Acting for a firm: invitations that expire, letters of authority that are given, confirmed, narrowed, revoked."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
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


@dataclass(frozen=True, slots=True)
class Powers:
    """What a letter of authority 授权委托书 names: parts to fill in (none = all), whether to sign, from when until when.

    `ends_on` is excluded; without days it holds a year from today.
    """

    scope: Sequence[str] = ()
    may_sign: bool = False
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None

    def period(self) -> tuple[dt.date, dt.date]:
        """First day and end. Raises Refused unless it begins today or later and ends within three years."""
        today = db_today()
        start = self.starts_on or today
        end = self.ends_on or start + dt.timedelta(days=365)
        last = today + dt.timedelta(days=LONGEST_DAYS)
        if not today <= start < last:
            raise Refused(
                code="authority_start",
                field="authority_from",
                message=_("授权起始日须为今天或以后，三年之内。"),
            )
        if not start < end <= last:
            raise Refused(
                code="authority_end",
                field="authority_until",
                message=_("授权截止日须在起始日之后、三年之内。"),
            )
        return start, end

    @property
    def parts(self) -> list[str]:
        return sorted(set(self.scope))


EVERYTHING = Powers()
"""All parts for a year, without the right to sign."""


def invite(
    *,
    by: Actor,
    enterprise: Enterprise,
    invitee: str,
    role: str,
    powers: Powers = EVERYTHING,
    upload: UploadedFile | None = None,
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
    if role == Role.ENTERPRISE_SIGNATORY:
        if name != enterprise.legal_representative:
            raise Refused(
                code="not_the_representative",
                field="invitee",
                message=_("登记的法定代表人是 %(name)s，只能邀请本人；如已变更，请先办理变更认证。")
                % {"name": enterprise.legal_representative or "—"},
            )
        powers, upload = EVERYTHING, None
    start, end = powers.period() if role == Role.ENTERPRISE_AGENT else (None, None)
    with transaction.atomic():
        now = db_now()
        waiting = Invitation.objects.filter(
            enterprise=enterprise, used_at=None, revoked_at=None, expires_at__gt=now
        )
        if waiting.count() >= MOST_OPEN:
            raise Conflict(code="too_many_invitations", message=_("未使用的邀请过多，请先撤销一些。"))
        token = secrets.token_urlsafe(24)
        row = Invitation.objects.create(
            enterprise=enterprise, invitee=name, role=role, scope=powers.parts, may_sign=powers.may_sign, authority_from=start,
            authority_until=end, document=_paper(by, enterprise, powers, upload), digest=digest_of(token),
            invited_by_ref=by.person_id or 0, invited_by_name=by.person_name, expires_at=now + VALID,
        )  # fmt: skip
        after = {
            "invitee": name,
            "role": role,
            "scope": row.scope,
            "sign": row.may_sign,
            "until": str(end or ""),
        }
        audit.record(by=by, action="invitation.made", obj=row, after=after)
    return row, token


def _may_invite(by: Actor, enterprise: Enterprise, role: str) -> None:
    if by.role == Role.ENTERPRISE_SIGNATORY:
        return
    if role == Role.ENTERPRISE_SIGNATORY and not authority.has_signatory(enterprise):
        return
    raise Forbidden(code="signatory_only", message=_("只有法定代表人可以邀请经办人。"))


def _paper(
    by: Actor, enterprise: Enterprise, powers: Powers, upload: UploadedFile | None
) -> EvidenceFile | None:
    """The signed and stamped letter; the right to sign is not given without it."""
    if upload is not None:
        return evidence.store(by=by, organisation_id=enterprise.organisation_id, upload=upload)
    if powers.may_sign:
        raise Refused(
            code="letter_missing",
            field="document",
            message=_("授予签署权须上传法定代表人签字、加盖公章的授权委托书。"),
        )
    return None


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
    """The signed-in person takes the role that the link offers, once; an agent's begins with the letter."""
    account = Account.objects.get(pk=by.account_id or 0)
    with transaction.atomic():
        row = open_invitation(token, lock=True)
        if row.role == Role.ENTERPRISE_SIGNATORY and by.person_name != row.enterprise.legal_representative:
            raise Forbidden(
                code="other_person",
                message=_("此邀请只能由登记的法定代表人 %(name)s 本人接受。")
                % {"name": row.enterprise.legal_representative},
            )
        today = db_today()
        start = max(row.authority_from or today, today)
        if row.authority_until and row.authority_until <= start:
            raise Gone(code="authority_over", message=_("邀请中的授权已到期，请向邀请人索取新的链接。"))
        membership = _take_role(by, account, row, start)
        row.used_at, row.used_by_name = db_now(), by.person_name
        row.save(update_fields=["used_at", "used_by_name"])
        if row.role == Role.ENTERPRISE_AGENT:
            _give(
                by=by, enterprise=row.enterprise, membership=membership, document=row.document,
                powers=Powers(row.scope, row.may_sign, start, row.authority_until),
                given_by=(row.invited_by_ref, row.invited_by_name), confirmed_by=row.invited_by_name,
            )  # fmt: skip
        outbox.notify(
            organisation_id=row.enterprise.organisation_id,
            text=_("%(name)s 已接受邀请，成为本企业的%(role)s。")
            % {"name": by.person_name, "role": Role(row.role).label},
        )
        audit.record(by=by, action="invitation.accepted", obj=row, after={"membership": membership.pk})
    return membership


def _take_role(by: Actor, account: Account, row: Invitation, starts_on: dt.date) -> Membership:
    held = Membership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=db_today()),
        account=account, organisation_id=row.enterprise.organisation_id, role=row.role,
    )  # fmt: skip
    if held.exists():
        raise Conflict(
            code="has_role", message=_("您已经是这家企业的%(role)s。") % {"role": Role(row.role).label}
        )
    return people.grant_role(
        by=by, account=account, organisation=row.enterprise.organisation, role=row.role, starts_on=starts_on
    )


def revoke_invitation(*, by: Actor, enterprise: Enterprise, invitation_id: int) -> None:
    """A link that was not used yet opens nothing any more."""
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(enterprise=enterprise, pk=invitation_id).first()
        if row is None or row.used_at is not None or row.revoked_at is not None:
            raise Conflict(code="not_open", message=_("这个邀请已使用或已撤销。"))
        row.revoked_at = db_now()
        row.save(update_fields=["revoked_at"])
        audit.record(by=by, action="invitation.revoked", obj=row)


def register_letter(
    *, by: Actor, enterprise: Enterprise, membership: Membership, powers: Powers, upload: UploadedFile | None
) -> AgentLetter:
    """The letter that an agent hands in with the firm's application: it counts once the park has certified the firm."""
    if upload is None:
        raise Refused(
            code="letter_missing",
            field="letter",
            message=_("经办人登记须上传法定代表人签字、加盖公章的授权委托书。"),
        )
    return _give(
        by=by, enterprise=enterprise, membership=membership, powers=powers,
        document=_paper(by, enterprise, powers, upload), given_by=(None, enterprise.legal_representative),
        confirmed_by="",
    )  # fmt: skip


def confirm_letters(*, by: Actor, enterprise: Enterprise) -> None:
    """The park has seen the papers of the application: the letters handed in with it count from now on."""
    for row in AgentLetter.objects.filter(
        enterprise=enterprise, confirmed_at__isnull=True, revoked_at__isnull=True
    ):
        row.confirmed_at, row.confirmed_by_name = db_now(), by.person_name
        row.save(update_fields=["confirmed_at", "confirmed_by_name"])
        audit.record(by=by, action="letter.confirmed", obj=row, after={"sign": row.may_sign})


def change_letter(
    *,
    by: Actor,
    enterprise: Enterprise,
    membership: Membership,
    powers: Powers,
    upload: UploadedFile | None = None,
) -> AgentLetter:
    """The legal representative gives an agent other powers: narrower, wider, longer, with or without the right to sign."""
    _signatory_only(by)
    if membership.role != Role.ENTERPRISE_AGENT:
        raise Conflict(code="not_an_agent", message=_("只能调整经办人的授权。"))
    powers.period()
    with transaction.atomic():
        locked = Membership.objects.select_for_update().get(pk=membership.pk)
        if locked.ends_on is not None and locked.ends_on <= db_today():
            raise Conflict(code="role_ended", message=_("这位经办人的授权已终止，请重新邀请。"))
        row = _give(
            by=by, enterprise=enterprise, membership=membership, powers=powers,
            document=_paper(by, enterprise, powers, upload), given_by=(by.person_id, by.person_name),
            confirmed_by=by.person_name,
        )  # fmt: skip
        _tell(membership, enterprise, by, _("%(name)s 的授权已由 %(by)s 调整，请在“人员与授权”中查看。"))
    return row


def _give(
    *,
    by: Actor,
    enterprise: Enterprise,
    membership: Membership,
    powers: Powers,
    document: EvidenceFile | None,
    given_by: tuple[int | None, str],
    confirmed_by: str,
) -> AgentLetter:
    """A letter that begins today replaces all others; one that begins later leaves the present one in force till then."""
    start, end = powers.period()
    with transaction.atomic():
        replaced = AgentLetter.objects.filter(membership=membership, revoked_at__isnull=True)
        if start > db_today():
            replaced = replaced.filter(starts_on__gte=start)
        replaced.update(
            revoked_at=db_now(), revoked_by_name=by.person_name, revoked_reason=_("由新的授权替代")
        )
        row = AgentLetter.objects.create(
            enterprise=enterprise, membership=membership, agent_name=membership.account.person.name, scope=powers.parts,
            may_sign=powers.may_sign, starts_on=start, ends_on=end, document=document, given_by_ref=given_by[0],
            given_by_name=given_by[1], confirmed_at=db_now() if confirmed_by else None, confirmed_by_name=confirmed_by,
        )  # fmt: skip
        membership.ends_on = end
        membership.save(update_fields=["ends_on"])
        after = {
            "scope": row.scope,
            "sign": row.may_sign,
            "from": start.isoformat(),
            "until": end.isoformat(),
        }
        audit.record(by=by, action="letter.given", obj=row, after=after)
    return row


def revoke(*, by: Actor, enterprise: Enterprise, membership: Membership, reason: str) -> None:
    """The legal representative ends an agent's authority at once: the agent's next request is refused."""
    _signatory_only(by)
    if membership.pk == by.membership_id:
        raise Conflict(code="own_role", message=_("不能撤销自己的身份。"))
    if membership.role != Role.ENTERPRISE_AGENT:
        raise Conflict(code="not_an_agent", message=_("法定代表人的身份随变更认证终止。"))
    with transaction.atomic():
        _end_letters(membership, by=by, reason=reason.strip() or _("由法定代表人撤销"))
        people.end_role(by=by, membership=membership, reason=reason.strip())
        _tell(membership, enterprise, by, _("%(name)s 的授权已由 %(by)s 撤销。"))


def _tell(membership: Membership, enterprise: Enterprise, by: Actor, text: str) -> None:
    """The agent and the colleagues hear of it."""
    outbox.notify(
        organisation_id=enterprise.organisation_id,
        text=text % {"name": membership.account.person.name, "by": by.person_name},
        url=reverse("enterprises:people", kwargs={"park": by.park_code}),
    )


def _signatory_only(by: Actor) -> None:
    if by.role != Role.ENTERPRISE_SIGNATORY:
        raise Forbidden(code="signatory_only", message=_("只有法定代表人可以给予、调整和撤销授权。"))


def _end_letters(membership: Membership, *, by: Actor, reason: str) -> None:
    AgentLetter.objects.filter(membership=membership, revoked_at__isnull=True).update(
        revoked_at=db_now(), revoked_by_name=by.person_name, revoked_reason=reason[:300]
    )


def right_to_sign(by: Actor) -> AgentLetter | None:
    """The letter by which an agent signs now, None for the legal representative. Raises Forbidden without the right.

    Call it inside the transaction that signs: the role stays locked until its end, so an authority that is revoked
    or replaced at the same moment either comes first and forbids, or waits until the signature stands.
    """
    today = db_today()
    role = (
        Membership.objects.select_for_update()
        .filter(
            Q(ends_on__isnull=True) | Q(ends_on__gt=today), pk=by.membership_id or 0, starts_on__lte=today
        )
        .first()
    )
    if role is not None and role.role == Role.ENTERPRISE_SIGNATORY:
        return None
    letter = authority.letter_in_force(role.pk) if role and role.role == Role.ENTERPRISE_AGENT else None
    if letter is None or not letter.may_sign:
        raise Forbidden(
            code="signatory_only",
            message=_("申报须由法定代表人或有签署权限的经办人签署提交。请通知其登录签署。"),
        )
    return letter


def end_former_signatories(*, by: Actor, enterprise: Enterprise) -> None:
    """Nobody but the legal representative that is certified signs as one."""
    for one in authority.colleagues(enterprise):
        name = one.membership.account.person.name
        if one.is_signatory and one.is_live and name != enterprise.legal_representative:
            people.end_role(by=by, membership=one.membership, reason=_("法定代表人变更"))


def end_signing(*, by: Actor, enterprise: Enterprise) -> None:
    """After a change of the legal representative nobody signs in the former one's name; agents go on filling in."""
    signing = AgentLetter.objects.filter(
        enterprise=enterprise, may_sign=True, revoked_at__isnull=True, ends_on__gt=db_today()
    ).select_related("membership__account__person", "document")
    for letter in signing.order_by("starts_on"):
        _give(
            by=by, enterprise=enterprise, membership=letter.membership, document=letter.document,
            powers=Powers(letter.scope, False, max(letter.starts_on, db_today()), letter.ends_on),
            given_by=(letter.given_by_ref, letter.given_by_name), confirmed_by=by.person_name,
        )  # fmt: skip


def end_all(*, by: Actor, enterprise: Enterprise, reason: str) -> None:
    """Nobody acts for the firm in this park any more."""
    for one in authority.colleagues(enterprise):
        ends_on = one.membership.ends_on
        if ends_on is None or ends_on > db_today():
            _end_letters(one.membership, by=by, reason=reason)
            people.end_role(by=by, membership=one.membership, reason=reason)
