"""What waits for a role: one list a shell, each entry with its page and its count."""

from __future__ import annotations

from dataclasses import dataclass

from parks.actors import Actor
from parks.models import Notification

from .navigation import entries_for


@dataclass(frozen=True, slots=True)
class Task:
    """A line of the desk."""

    label: str
    url: str
    count: int | None = None
    hint: str = ""


def tasks_for(actor: Actor) -> list[Task]:
    """The pages of the role, with what waits on them."""
    return [
        Task(label=str(entry.label), url=entry.url(actor.park_code), hint=str(entry.hint))
        for entry in entries_for(actor.role)
    ]


def unread(actor: Actor) -> int:
    return Notification.objects.filter(organisation_id=actor.organisation_id, read_at__isnull=True).count()
