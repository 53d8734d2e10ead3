"""Beat starts again whatever a crash left of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from innovscore.beat import Scheduler
from innovscore.celery import app


@pytest.mark.parametrize("left", [b"", b"\x80", b"not a pickle"])
def test_a_torn_memory_of_the_last_runs_is_begun_anew(tmp_path: Path, left: bytes) -> None:
    file = str(tmp_path / "beat")
    Scheduler(app, schedule_filename=file).close()
    for path in tmp_path.iterdir():
        if path.suffix != ".dir":
            path.write_bytes(left)
    again = Scheduler(app, schedule_filename=file)
    assert set(app.conf.beat_schedule) <= set(again.schedule)
    again.close()


def test_beat_uses_it() -> None:
    assert app.conf.beat_scheduler == "innovscore.beat.Scheduler"
