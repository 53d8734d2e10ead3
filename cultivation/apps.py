from __future__ import annotations

from django.apps import AppConfig


class CultivationConfig(AppConfig):
    name = "cultivation"

    def ready(self) -> None:
        from . import tasks, todos  # noqa: F401  # the web process must know the jobs and what waits
