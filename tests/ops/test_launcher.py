"""`make run` and its kin: what they refuse, and what they clear up after a run that was killed."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from innovscore import embedded, launcher
from innovscore.embedded import Missing, Place

FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); time.sleep(300)"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    here = Place(tmp_path / ".local", durable=True)
    monkeypatch.setattr(launcher, "RUN", here)
    monkeypatch.setattr(launcher, "RECORD", here.home / "run.json")
    return here


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A service with a child, as gunicorn and Celery have, that no launcher watches any more."""
    process = subprocess.Popen([sys.executable, "-c", FAMILY], cwd=launcher.ROOT, start_new_session=True)
    yield process
    for member in launcher._members(process.pid, 0):
        member.kill()
    process.wait(5)


def test_what_a_killed_run_left_is_ended_with_its_children(
    place: Place, family: subprocess.Popen[bytes]
) -> None:
    _until_two(family.pid)
    since = psutil.Process(family.pid).create_time()
    embedded.write_private(launcher.RECORD, json.dumps([{"session": family.pid, "since": since}]))

    assert launcher._clear_leftovers() is True

    assert [one for one in launcher._members(family.pid, 0) if one.status() != psutil.STATUS_ZOMBIE] == []
    assert launcher._clear_leftovers() is False


def _until_two(session: int) -> None:
    assert embedded.wait(lambda: len(launcher._members(session, 0)) == 2, None, 20)


def test_children_are_ended_though_their_leader_was_killed(
    place: Place, family: subprocess.Popen[bytes]
) -> None:
    _until_two(family.pid)
    since = psutil.Process(family.pid).create_time()
    embedded.write_private(launcher.RECORD, json.dumps([{"session": family.pid, "since": since}]))
    os.kill(family.pid, signal.SIGKILL)
    family.wait(5)
    assert len(launcher._members(family.pid, since)) == 1

    launcher._clear_leftovers()

    assert launcher._members(family.pid, since) == []


def test_a_stranger_with_a_number_of_ours_is_left_alone(place: Place) -> None:
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(300)"], cwd="/", start_new_session=True
    )
    try:
        embedded.write_private(launcher.RECORD, json.dumps([{"session": stranger.pid, "since": 0}]))
        launcher._clear_leftovers()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(5)


def test_a_damaged_record_stops_nobody(place: Place) -> None:
    embedded.write_private(launcher.RECORD, '[{"session": ')
    assert launcher._clear_leftovers() is True


def test_a_second_run_is_told_where_the_first_is(place: Place) -> None:
    place.home.mkdir()
    with (place.home / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("http://127.0.0.1:8000")
        lock.flush()
        with pytest.raises(Missing, match="http://127.0.0.1:8000"), launcher._only_one():
            pass


def test_a_port_in_use_is_said_with_another_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        port = taker.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(Missing, match=f"PORT={port + 1}"):
            launcher._port()


@pytest.mark.parametrize("wrong", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PORT", wrong)
    with pytest.raises(Missing, match="make run PORT="):
        launcher._port()


def test_the_processes_of_a_run_have_their_own_database_roles() -> None:
    started = {service.name: service for service in launcher.services({"DATABASE_URL": "x"}, 8000)}
    assert {name: service.environment["INNOVSCORE_PROCESS"] for name, service in started.items()} == {
        "web": "web",
        "worker": "worker",
        "beat": "worker",
    }


def test_each_make_target_explains_itself() -> None:
    done = subprocess.run(["make", "help"], cwd=launcher.ROOT, capture_output=True, text=True, check=True)
    for target in ("run", "run-reset", "stop", "test", "check", "lint", "bench", "clean", "pins", "help"):
        assert f"make {target} " in done.stdout


def test_too_old_a_python_is_said_plainly() -> None:
    program = "import runpy, sys; sys.version_info = (3, 9); sys.argv = ['bootstrap', 'local']; runpy.run_path('innovscore/bootstrap.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=launcher.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
