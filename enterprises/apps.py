from __future__ import annotations

from django.apps import AppConfig


class EnterprisesConfig(AppConfig):
    name = "enterprises"

    def ready(self) -> None:
        from . import search, tasks, todos  # noqa: F401  # the web process must know the jobs, what waits and what can be found
