"""What children of `confined` are made to do in tests."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from innovscore.core.confined import Unfit


def echo(file: BinaryIO, *, times: int = 1) -> Iterator[Any]:
    for _n in range(times):
        yield file.read().decode()
        file.seek(0)


def hoard(file: BinaryIO, *, megabytes: int) -> Iterator[int]:
    kept = [bytes(1 << 20) for _n in range(megabytes)]
    yield len(kept)


def spin(file: BinaryIO) -> Iterator[Any]:
    yield os.getpid()
    while True:
        pass


def secrets(file: BinaryIO) -> Iterator[Any]:
    yield sorted(os.environ)


def refuse(file: BinaryIO) -> Iterator[Any]:
    yield 1
    raise Unfit("file_old", 7)


def fail(file: BinaryIO) -> Iterator[Any]:
    yield 1
    raise LookupError("ours")


def wait(file: BinaryIO) -> Iterator[Any]:
    yield os.getpid()
    time.sleep(600)
