"""What other rooms' news mean for lending."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from scoring.signals import run_made_current, run_unpublished

from .services import corrections


@receiver(run_made_current)
def scores_were_corrected(sender: Any, run: Any, previous: Any, by: Any, **_kwargs: Any) -> None:
    """A new run counts for a year: quotes that stand on the run before may no longer be used."""
    if previous is not None:
        corrections.supersede(by=by, snapshot_id=previous.snapshot_id)


@receiver(run_unpublished)
def scores_were_withdrawn(sender: Any, run: Any, by: Any, **_kwargs: Any) -> None:
    """A year's boards were withdrawn: lending goes by the year before, and quotes that stand on this one end."""
    corrections.supersede(by=by, snapshot_id=run.snapshot_id, withdrawn=True)
