"""Facts of this room that higher rooms may act on; sent inside the transaction that makes them true."""

from django.dispatch import Signal

# sender ScoreRun; run (the run), previous (the run that was current before, or None), by (Actor)
run_made_current = Signal()

# sender Snapshot; snapshot, by (Actor)
cycle_frozen = Signal()

# sender ScoreRun; run, reason (str), by (Actor): no board of the run is final any more
run_unpublished = Signal()
