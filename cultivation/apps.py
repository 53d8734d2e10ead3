from __future__ import annotations

from django.apps import AppConfig


class CultivationConfig(AppConfig):
    name = "cultivation"

    def ready(self) -> None:
        from . import receivers, search, tasks, todos  # noqa: F401  # connects them; the web process must know jobs, todos and lists
