"""Starts the test servers when they are not running, so that `pytest tests/x` works without `make`.

Several runs at once in one checkout must not meet: each takes the first free slot (a lock held until its process
ends), and the slot numbers its database and its Redis database.
"""

from __future__ import annotations

import fcntl
import os
from typing import IO
from urllib.parse import urlsplit

from innovscore import embedded

REDIS_DATABASES = 16  # what a Redis has when nobody configured it
_held: list[IO[str]] = []


def prepare() -> tuple[str, str]:
    """Put the addresses of this run's database and Redis into the environment.

    Returns the owner's URL of the server's ordinary database (from which the test database is made) and the name
    of the test database. A child process keeps what its parent took, except the processes that share one run's files
    (pytest-xdist): each of those takes a slot of its own.
    """
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    if os.environ.get("TEST_SLOT_OF") == process:
        return os.environ["TEST_SOURCE_OWNER_URL"], urlsplit(os.environ["DATABASE_URL"]).path.lstrip("/")
    values = embedded.start(embedded.TEST)
    slot = _take_slot()
    database = f"test_innovscore_{slot}"
    source = os.environ.get("TEST_SOURCE_OWNER_URL", values["DATABASE_OWNER_URL"])
    for name in embedded.DATABASE_NAMES:
        values[name] = _with_path(values[name], database)
    values["REDIS_URL"] = _with_path(values["REDIS_URL"], str(slot % REDIS_DATABASES))
    for name in values:
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(values, TEST_SLOT_OF=process, TEST_SOURCE_OWNER_URL=source)
    return source, database


def _with_path(url: str, path: str) -> str:
    return urlsplit(url)._replace(path=f"/{path}").geturl()


def _take_slot() -> int:
    for slot in range(64):
        lock = (embedded.TEST.home / f"slot-{slot}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return slot
    raise RuntimeError("64 test runs are going on in this checkout already; is one hanging?")
