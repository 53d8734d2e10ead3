"""Parsers run where they cannot take the machine with them."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from innovscore.core import confined
from innovscore.core.confined import Excess, Limits, Unfit, run

SMALL = Limits(memory=64 << 20, seconds=1)
WIDE = Limits(memory=512 << 20, seconds=20)


def ask(name: str, limits: Limits = SMALL, **arguments: Any) -> list[Any]:
    return list(run(f"tests.core.work:{name}", b"abc", limits, **arguments))


def gone(pid: int) -> bool:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_values_come_back_as_they_are_computed() -> None:
    assert ask("echo", times=3) == ["abc"] * 3


def test_memory_beyond_the_limit_ends_the_child_and_nothing_else() -> None:
    with pytest.raises(Excess):
        ask("hoard", megabytes=200)
    assert ask("hoard", WIDE, megabytes=200) == [200], "it is the limit that stopped it"
    assert ask("echo") == ["abc"]


def test_time_beyond_the_limit_ends_the_child() -> None:
    with pytest.raises(Excess):
        ask("spin")


def test_a_child_that_says_nothing_is_ended(monkeypatch: Any) -> None:
    monkeypatch.setattr(confined, "WAIT", 0.1)
    answers = run("tests.core.work:wait", b"", SMALL)
    pid = next(answers)
    with pytest.raises(Excess):
        next(answers)
    assert gone(pid)


def test_who_stops_reading_ends_the_child() -> None:
    answers = run("tests.core.work:spin", b"", WIDE)
    pid = next(answers)
    answers.close()
    assert gone(pid)


def test_the_child_knows_no_secrets() -> None:
    (names,) = ask("secrets")
    assert not {name for name in names if "URL" in name or "SECRET" in name or "KEY" in name}


def test_refusals_and_faults_cross_over() -> None:
    with pytest.raises(Unfit) as caught:
        ask("refuse")
    assert (caught.value.code, caught.value.most) == ("file_old", 7)
    with pytest.raises(RuntimeError, match="ours"):
        ask("fail")


def test_a_helper_that_was_killed_is_started_again() -> None:
    ask("echo")
    _door, process = confined._kept[os.getpid()]
    process.kill()
    process.wait()
    assert ask("echo") == ["abc"]
