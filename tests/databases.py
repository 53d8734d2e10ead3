"""Databases of tests: migrated once for each state of the tables, copied for each run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from innovscore import embedded
from tests.settings import SOURCE_OWNER_URL

ROOT = Path(__file__).resolve().parent.parent
FOUNDATION = (
    "*/migrations/*.py",
    "*/sql/*.sql",
    "*/models/*.py",
    "*/states.py",
    "parks/*.py",
    "requirements.txt",
)
"""What the migrated database depends on."""


def admin(*statements: str) -> None:
    """Run statements as the owner, outside any test database."""
    connection = psycopg2.connect(SOURCE_OWNER_URL)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def create(name: str, *, template: str) -> None:
    """A database anew, as a copy."""
    admin(
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{template}" ENCODING \'UTF8\'',
    )


def drop(name: str) -> None:
    admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def alone(what: str) -> Iterator[None]:
    """One process at a time does this in a checkout."""
    with (embedded.TEST.home / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrated() -> str:
    """The name of a migrated database to copy from; made when the tables have changed since the last one."""
    digest = hashlib.sha256()
    for pattern in FOUNDATION:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    name = f"test_migrated_{digest.hexdigest()[:12]}"
    with alone("migrated"):
        known = _known()
        if name not in known:
            _migrate("test_migrating")
            admin(
                *(f'DROP DATABASE IF EXISTS "{old}"' for old in known),
                f'ALTER DATABASE "test_migrating" RENAME TO "{name}"',
            )
    return name


def _known() -> list[str]:
    connection = psycopg2.connect(SOURCE_OWNER_URL)
    with connection, connection.cursor() as cursor:
        cursor.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'test\_migrated\_%'")
        found = [str(name) for (name,) in cursor.fetchall()]
    connection.close()
    return found


def _migrate(name: str) -> None:
    create(name, template="template0")
    names = embedded.DATABASE_NAMES
    urls = {key: urlsplit(os.environ[key])._replace(path=f"/{name}").geturl() for key in names}
    environment = (
        os.environ | urls | {"INNOVSCORE_PROCESS": "owner", "DJANGO_SETTINGS_MODULE": "innovscore.settings"}
    )
    for command in (["ensure_roles"], ["migrate", "--skip-checks", "-v0"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
