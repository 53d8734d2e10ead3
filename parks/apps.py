from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ParksConfig(AppConfig):
    """Zones, people, access, audit, jobs, outbox, evidence store: the floor that all stand on."""

    name = "parks"

    def ready(self) -> None:
        from . import checks, tasks  # noqa: F401  # registers checks and the bell
        from .api import openapi  # noqa: F401  # registers how the API signs in

        post_migrate.connect(build_walls, sender=self, dispatch_uid="parks.walls")


def build_walls(sender: AppConfig, using: str, **_: Any) -> None:
    """After each migration the database learns the walls of every model (sent once all apps are migrated)."""
    from . import walls

    walls.build(connections[using])
