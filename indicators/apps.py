from __future__ import annotations

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "indicators"

    def ready(self) -> None:
        from . import search, todos  # noqa: F401  # the web process must know what waits and what can be found
