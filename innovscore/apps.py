from __future__ import annotations

from django.apps import AppConfig


class InnovscoreConfig(AppConfig):
    """The roof: pages and commands that join rooms."""

    name = "innovscore"

    def ready(self) -> None:
        from . import checks, starter_tasks, tasks  # noqa: F401  # registers checks, 新手任务 and jobs
