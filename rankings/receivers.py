"""What other rooms' news mean for boards."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from enterprises.signals import publication_declared

from .services import profiles, releases


@receiver(publication_declared, dispatch_uid="rankings.publication_declared")
def a_firm_declared(sender: Any, enterprise: Any, by: Any, **_kwargs: Any) -> None:
    """A firm that refuses to be shown: its profile goes, and no list with its name is released."""
    if not enterprise.publication_refused:
        return
    profiles.end(by=by, enterprise_id=enterprise.pk)
    releases.refused(by=by, enterprise_id=enterprise.pk)
