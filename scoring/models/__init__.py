from .runs import CurrentRun, ScoreResult, ScoreRun
from .snapshots import Snapshot, SnapshotRow

__all__ = ["CurrentRun", "ScoreResult", "ScoreRun", "Snapshot", "SnapshotRow"]
