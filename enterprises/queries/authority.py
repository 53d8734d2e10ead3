"""Who may act for a firm, and on which part of its declaration."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden, NotFound
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Membership
from parks.roles import Role
from scoring.engine import Scheme

from ..models import AgentLetter, Enterprise, Invitation


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who acts or acted for a firm, with the letter in force."""

    membership: Membership
    letter: AgentLetter | None
    is_live: bool

    @property
    def is_signatory(self) -> bool:
        return self.membership.role == Role.ENTERPRISE_SIGNATORY

    @property
    def scope(self) -> list[str]:
        return list(self.membership.scope.get("dimensions", []))


def colleagues(enterprise: Enterprise) -> list[Colleague]:
    """Everybody with a role for the firm: those in force first, the legal representative on top."""
    today = db_today()
    letters = {
        letter.membership_id: letter
        for letter in AgentLetter.objects.filter(enterprise=enterprise, revoked_at__isnull=True)
    }
    members = Membership.objects.filter(organisation_id=enterprise.organisation_id).select_related(
        "account__person"
    )
    found = [
        Colleague(m, letters.get(m.pk), m.starts_on <= today and (m.ends_on is None or m.ends_on > today))
        for m in members.order_by("pk")
    ]
    return sorted(found, key=lambda one: (not one.is_live, not one.is_signatory))


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
    return AgentLetter.objects.filter(enterprise=enterprise).order_by("-pk")


def invitations(enterprise: Enterprise) -> QuerySet[Invitation]:
    return Invitation.objects.filter(enterprise=enterprise).order_by("-pk")


def has_signatory(enterprise: Enterprise) -> bool:
    """Does the legal representative have an account for the firm?"""
    return any(one.is_live and one.is_signatory for one in colleagues(enterprise))


def scope_of(actor: Actor) -> frozenset[str]:
    """Dimensions that an agent's letter names; empty = all of them."""
    if actor.role != Role.ENTERPRISE_AGENT or actor.membership_id is None:
        return frozenset()
    membership = Membership.objects.filter(pk=actor.membership_id).only("scope").first()
    return frozenset(membership.scope.get("dimensions", [])) if membership else frozenset()


def require(actor: Actor, scheme: Scheme, *, dimension: str = "", code: str = "") -> None:
    """Raise Forbidden when the actor's letter of authority does not reach a dimension, or any that uses an input."""
    scope = scope_of(actor)
    if not scope:
        return
    asked = {dimension} if dimension else {one.dimension for one in scheme.indicators if code in one.inputs}
    if not asked or scope & asked:
        return
    raise Forbidden(
        code="outside_authority",
        message=_("您的授权不含这一部分，请由法定代表人调整授权，或交给负责的同事。"),
    )
