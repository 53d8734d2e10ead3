"""Jobs as pages show them."""

from __future__ import annotations

from typing import Any

from ..models import Job


def latest(*kinds: str, **where: Any) -> Job | None:
    """The newest job of these kinds in the park entered, or None."""
    return Job.objects.filter(kind__in=kinds, **where).order_by("-pk").first()
