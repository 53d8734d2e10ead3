from __future__ import annotations

from django.apps import AppConfig


class CultivationConfig(AppConfig):
    name = "cultivation"

    def ready(self) -> None:
        from . import receivers, tasks, todos  # noqa: F401  # connects them; the web process must know the jobs and what waits
