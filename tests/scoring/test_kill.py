"""kill -9 of worker, web, PostgreSQL and Redis during a run, ten times in random order, on servers of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests import databases
from tests.conftest import ROOT
from tests.settings import SOURCE_OWNER_URL

KILLS = 10


@pytest.mark.slow
def test_whatever_is_killed_the_run_ends_in_one_consistent_result() -> None:
    """The drill on a small zone; a kill that meets no running job counts as failed there."""
    migrated = urlsplit(SOURCE_OWNER_URL)._replace(path=f"/{databases.migrated()}").geturl()
    environment = os.environ | {"KILLS": str(KILLS), "UNITS": "300", "HURRY": "1", "MIGRATED": migrated}
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills.kills"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert f"{KILLS} tried, 0 failed" in done.stdout, said
