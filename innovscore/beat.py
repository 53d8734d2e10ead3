"""Beat's scheduler. What it remembers of its last runs may be torn by a crash; it begins anew then instead of never."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Celery's own starts again after some kinds of damage only (5.6: not after an index that points behind a cut file)."""

    def setup_schedule(self) -> Any:
        try:
            super().setup_schedule()
        except EOFError:
            self._store.close()
            self._remove_db()
            super().setup_schedule()
