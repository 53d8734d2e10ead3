"""Jobs of this room."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task

from parks.actors import Actor
from parks.jobs import JobHandle, job
from parks.models import Park
from parks.scope import park_scope

from .queries import claims as claim_queries
from .queries import matching as matching_queries
from .queries.telling import KIND as TELL
from .services import claims, matching, platforms, reminders, telling

log = structlog.get_logger(__name__)


@job(matching_queries.KIND)
def match(job: JobHandle) -> dict[str, Any]:
    """All firms against all policies. Safe to run twice: one pointer says which run counts."""
    return matching.run(job)


@job(claim_queries.DRAFT)
def draft(job: JobHandle) -> dict[str, Any]:
    """Ready-made claims of one policy, for all firms or none."""
    return claims.draft(job)


@job(TELL)
def tell(job: JobHandle) -> dict[str, Any]:
    """Messages to many firms."""
    return telling.run(job)


@shared_task(name="cultivation.remind", ignore_result=True)
def remind() -> None:
    """What has ended ends, what ends soon is told, in every park; a park that fails keeps no other from it."""
    for park in Park.objects.order_by("pk"):
        try:
            with park_scope(park.pk):
                by = Actor.system(park)
                platforms.expire(by=by)
                reminders.remind(by=by)
                platforms.remind(by=by)
        except Exception:
            log.exception("reminders of cultivation failed", park=park.code)
