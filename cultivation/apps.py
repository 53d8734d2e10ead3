from __future__ import annotations

from django.apps import AppConfig


class CultivationConfig(AppConfig):
    name = "cultivation"

    def ready(self) -> None:
        from . import policies_todos, tasks  # noqa: F401  # registered when the application starts
