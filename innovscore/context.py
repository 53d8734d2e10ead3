"""What every page frame shows: where we are, as whom, and the menu."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from parks.queries import inbox, memberships
from parks.scope import default_park_id

from .navigation import groups_for


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Context of all templates: demo_mode, actor, park, nav, shell_template, git_version, messages_unread."""
    actor = getattr(request, "actor", None)
    if actor is None and hasattr(request, "user"):
        membership = memberships.acting(request)
        actor = memberships.actor_of(request, membership) if membership else None
    shell = actor.shell if actor and getattr(request, "park", None) else "public"
    return {
        "demo_mode": settings.DEMO_MODE,
        "actor": actor,
        "park": getattr(request, "park", None),
        "nav": _nav(request, actor) if shell != "public" else [],
        "shell_template": f"shells/{shell}.html",
        "git_version": settings.CODE_VERSION,
        "messages_unread": _unread(actor) if shell != "public" else 0,
    }


def _unread(actor: Any) -> int:
    """Messages the person has not read; nothing outside of the park's scope, where error pages are made."""
    return inbox.unread_count(actor) if default_park_id() == actor.park_id else 0


def _nav(request: HttpRequest, actor: Any) -> list[dict[str, Any]]:
    """Groups of the menu; the entry that reaches farthest along the address is where the reader is."""
    park, groups = actor.park_code, groups_for(actor.role)
    reach = {one.route: one.reach(park, request.path) for group in groups for one in group.entries}
    farthest = max(reach.values(), default=0)
    found = []
    for group in groups:
        entries = [
            {
                "label": one.label,
                "hint": one.hint,
                "url": one.url(park),
                "active": 0 < reach[one.route] == farthest,
            }
            for one in group.entries
        ]
        here = next((one["label"] for one in entries if one["active"]), "")
        found.append({"label": group.label, "url": entries[0]["url"], "here": here, "entries": entries})
    return found
