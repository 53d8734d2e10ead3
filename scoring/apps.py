from __future__ import annotations

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Snapshots, runs, results and their explanation; the engine beside it is a library of its own."""

    name = "scoring"

    def ready(self) -> None:
        from . import tasks, todos  # noqa: F401  # the web process must know the jobs and what waits
