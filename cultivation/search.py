"""What of this room can be searched: registered with parks.search when the application starts."""

from __future__ import annotations

from django.db.models import QuerySet

from enterprises.queries import enterprises
from parks import access
from parks.clock import BEIJING
from parks.search import Asked, Hit, Listed, register

from .filters import BroadcastFilter, GatheringFilter, LibraryFilter, VersionFilter
from .models import Broadcast, Gathering, PolicyVersion
from .queries import broadcasts, gatherings, policies


def _own(asked: Asked) -> int:
    """The reader's firm, 0 for none."""
    firm = enterprises.own(asked.actor) if asked.actor else None
    return firm.pk if firm else 0


def _rules(asked: Asked, rows: list[PolicyVersion]) -> list[Hit]:
    return [
        Hit(
            row.title,
            asked.url("cultivation:policy_edit", version_id=row.pk),
            f"{row.policy.code} {row.number} {row.get_state_display()}",
        )
        for row in rows
    ]


def _policies(asked: Asked, rows: list[PolicyVersion]) -> list[Hit]:
    """A firm is led to what the policy means for it, everybody else to its card."""
    is_firm = access.may(asked.role, "cultivation:policy")
    route = "cultivation:policy" if is_firm else "cultivation:public_policy"
    return [Hit(row.title, asked.url(route, version_id=row.pk), " ".join(row.tags)) for row in rows]


def _sent(asked: Asked, rows: list[Broadcast]) -> list[Hit]:
    return [
        Hit(row.title, asked.url("cultivation:notice_office", broadcast_id=row.pk), _day(row)) for row in rows
    ]


def _received(asked: Asked) -> QuerySet[Broadcast]:
    return broadcasts.to_enterprise(_own(asked))


def _own_notices(asked: Asked, rows: list[Broadcast]) -> list[Hit]:
    return [Hit(row.title, asked.url("cultivation:notice", broadcast_id=row.pk), _day(row)) for row in rows]


def _day(row: Broadcast) -> str:
    return str(row.sent_at.astimezone(BEIJING).date())


def _events(asked: Asked, rows: list[Gathering]) -> list[Hit]:
    """An event is opened by the office or a firm; the public reads the list."""
    routes = [one for one in ("cultivation:event", "cultivation:own_event") if access.may(asked.role, one)]
    return [
        Hit(
            row.title,
            asked.url(routes[0], gathering_id=row.pk) if routes else asked.url("cultivation:public_events"),
            str(row.starts_at.astimezone(BEIJING).date()),
        )
        for row in rows
    ]


register(
    Listed("policies", "cultivation:policy_rules", lambda _asked: policies.versions(), _rules, VersionFilter, "title"),
    Listed("policies", "cultivation:public_policies", lambda asked: policies.public_versions(asked.zone), _policies, LibraryFilter, "title"),
    Listed("messages", "cultivation:notices", lambda _asked: broadcasts.sent(), _sent, BroadcastFilter, "title"),
    Listed("messages", "cultivation:notice", _received, _own_notices, BroadcastFilter, "title", is_page=False),
    Listed("events", "cultivation:events", lambda _asked: gatherings.everything(), _events, GatheringFilter, "title"),
    Listed("events", "cultivation:own_events", lambda asked: gatherings.for_firm(_own(asked)), _events, GatheringFilter, "title"),
    Listed("events", "cultivation:public_events", lambda asked: gatherings.public(asked.zone), _events, GatheringFilter, "title"),
)  # fmt: skip
