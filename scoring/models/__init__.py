from .reviews import Anomaly, PlaceInterval, RunReview
from .runs import CurrentRun, ScoreResult, ScoreRun
from .scenarios import Scenario, WhatIfUse
from .screens import ScreenLink
from .snapshots import Snapshot, SnapshotRow

__all__ = [
    "Anomaly", "CurrentRun", "PlaceInterval", "RunReview", "Scenario", "ScoreResult", "ScoreRun", "ScreenLink", "Snapshot",
    "SnapshotRow", "WhatIfUse",
]  # fmt: skip
