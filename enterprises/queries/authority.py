"""Who may act for a firm: on which part of its declaration, and who may sign it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden, NotFound
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Membership
from parks.queries.memberships import in_force
from parks.roles import Role
from scoring.engine import Scheme

from ..models import AgentLetter, Enterprise, Invitation


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who acts or acted for a firm. `letter` rules today, `coming` is one that begins later or waits."""

    membership: Membership
    letter: AgentLetter | None
    coming: AgentLetter | None
    is_live: bool

    @property
    def is_signatory(self) -> bool:
        return self.membership.role == Role.ENTERPRISE_SIGNATORY

    @property
    def may_sign(self) -> bool:
        """May this person sign the declaration today?"""
        return self.is_live and (self.is_signatory or bool(self.letter and self.letter.may_sign))


def ruling(letters: Iterable[AgentLetter], today: dt.date) -> AgentLetter | None:
    """Of one agent's letters the one in force: a letter rules from its start until its end, or until the next begins."""
    begun = [one for one in letters if one.is_confirmed and one.revoked_at is None and one.starts_on <= today]
    last = max(begun, key=lambda one: one.starts_on, default=None)
    return last if last and today < last.ends_on else None


def letter_in_force(membership_id: int | None) -> AgentLetter | None:
    """The letter by which an agent acts today."""
    return ruling(AgentLetter.objects.filter(membership_id=membership_id or 0), db_today())


def ending(today: dt.date, *, within: int) -> list[AgentLetter]:
    """Letters in force that end within so many days, with nothing confirmed to follow them."""
    soon = AgentLetter.objects.filter(
        ends_on__gt=today, ends_on__lte=today + dt.timedelta(days=within), starts_on__lte=today
    )
    agents = in_force(Membership.objects.filter(pk__in=soon.values("membership")))
    held: dict[int, list[AgentLetter]] = {}
    for letter in AgentLetter.objects.filter(membership__in=agents, revoked_at__isnull=True).select_related(
        "membership__account"
    ):
        held.setdefault(letter.membership_id, []).append(letter)
    found = [ruling(letters, today) for letters in held.values()]
    return [
        one
        for one in found
        if one is not None
        and (one.ends_on - today).days <= within
        and not any(_follows(other, one) for other in held[one.membership_id])
    ]


def _follows(other: AgentLetter, one: AgentLetter) -> bool:
    return other.is_confirmed and one.starts_on < other.starts_on <= one.ends_on < other.ends_on


def colleagues(enterprise: Enterprise) -> list[Colleague]:
    """Everybody with a role for the firm: those in force first, the legal representative on top."""
    today = db_today()
    letters: dict[int, list[AgentLetter]] = {}
    for letter in AgentLetter.objects.filter(enterprise=enterprise, revoked_at__isnull=True).order_by(
        "starts_on"
    ):
        letters.setdefault(letter.membership_id, []).append(letter)
    members = Membership.objects.filter(organisation_id=enterprise.organisation_id).select_related(
        "account__person"
    )
    found = [_colleague(member, letters.get(member.pk, []), today) for member in members.order_by("pk")]
    return sorted(found, key=lambda one: (not one.is_live, not one.is_signatory))


def _colleague(member: Membership, letters: list[AgentLetter], today: dt.date) -> Colleague:
    rules = ruling(letters, today)
    coming = next((one for one in letters if one.starts_on > today or not one.is_confirmed), None)
    ended = member.ends_on is not None and member.ends_on <= today
    return Colleague(member, rules, coming, member.starts_on <= today and not ended)


def signers(enterprise: Enterprise) -> list[Colleague]:
    """Who may sign the firm's declaration today."""
    return [one for one in colleagues(enterprise) if one.may_sign]


def colleague(enterprise: Enterprise, membership_id: int) -> Membership:
    """One of the firm's people; raises NotFound."""
    found = Membership.objects.filter(
        organisation_id=enterprise.organisation_id, pk=membership_id
    ).select_related("account__person")
    row = found.first()
    if row is None:
        raise NotFound(code="not_found", message=_("没有找到这位人员。"))
    return row


def letters(enterprise: Enterprise) -> QuerySet[AgentLetter]:
    """All letters of authority of a firm, newest first."""
    return AgentLetter.objects.filter(enterprise=enterprise).select_related("document").order_by("-pk")


def invitations(enterprise: Enterprise) -> QuerySet[Invitation]:
    return Invitation.objects.filter(enterprise=enterprise).order_by("-pk")


def has_signatory(enterprise: Enterprise) -> bool:
    """Does the legal representative have an account for the firm?"""
    return any(one.is_live and one.is_signatory for one in colleagues(enterprise))


def may_sign(actor: Actor) -> bool:
    """The legal representative, or an agent whose letter in force says so."""
    if actor.role == Role.ENTERPRISE_SIGNATORY:
        return True
    if actor.role != Role.ENTERPRISE_AGENT:
        return False
    letter = letter_in_force(actor.membership_id)
    return letter is not None and letter.may_sign


def require(actor: Actor, scheme: Scheme, *, dimension: str = "", code: str = "") -> None:
    """Raise Forbidden when the actor's letter of authority does not reach a dimension, or any that uses an input.

    An agent without any letter came with an import of the office: such a one fills in everything and signs nothing.
    """
    if actor.role != Role.ENTERPRISE_AGENT:
        return
    own = list(AgentLetter.objects.filter(membership_id=actor.membership_id or 0))
    if not own:
        return
    letter = ruling(own, db_today())
    if letter is None:
        raise Forbidden(
            code="no_authority",
            message=_("您的授权尚未生效或已到期，请由法定代表人在“人员与授权”中给予授权。"),
        )
    asked = {dimension} if dimension else {one.dimension for one in scheme.indicators if code in one.inputs}
    if letter.scope and asked and not asked & set(letter.scope):
        raise Forbidden(
            code="outside_authority",
            message=_("您的授权不含这一部分，请由法定代表人调整授权，或交给负责的同事。"),
        )
