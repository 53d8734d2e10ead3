from __future__ import annotations

from django.apps import AppConfig


class RankingsConfig(AppConfig):
    """Boards, notices, objections, publication, certificates, the special fund and the public pages."""

    name = "rankings"

    def ready(self) -> None:
        from . import receivers, search, tasks  # noqa: F401  # the web process must know the job to ask for it
