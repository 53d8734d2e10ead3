"""`make run`, `make test` and their kin: starts the platform on this machine, watches it, and takes it down again.

python -m innovscore.launcher run|reset|stop|test|check|lint|bench
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import psutil
import psycopg2

from innovscore import embedded
from innovscore.embedded import ROOT, RUN, TEST, Missing

LOGS = RUN.home / "log"
RECORD = RUN.home / "run.json"
READY_SECONDS = 60
RESTARTS_A_MINUTE = 5
TOLERABLE = {"disk", "clock"}  # said, but no reason not to look at a demo
BIN = Path(sys.executable).parent


class Stopped(Exception):
    """Somebody asked us to stop: Ctrl-C, TERM or a closed terminal."""


def say(text: str) -> None:
    print(text, flush=True)


# What runs ---------------------------------------------------------------------------------------------------------


@dataclass
class Service:
    """One long-running process; its leader heads a session of its own, so that all its children can be found."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self) -> None:
        """Start the process; its output goes to its log file."""
        self.starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=os.environ | self.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def ended(self) -> int | None:
        return self.process.poll() if self.process else None

    def keeps_failing(self) -> bool:
        recent = [moment for moment in self.starts if time.monotonic() - moment < 60]
        return len(recent) > RESTARTS_A_MINUTE

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def services(values: dict[str, str], port: int) -> list[Service]:
    """Web, worker and beat, each with its own database role."""
    celery = [sys.executable, "-m", "celery", "--app", "innovscore.celery"]
    metrics = int(os.environ.get("METRICS_PORT") or 0)
    log_format = {"LOG_FORMAT": os.environ.get("LOG_FORMAT") or "text"}
    web = values | log_format | {"INNOVSCORE_PROCESS": "web", "PORT": str(port)}
    worker = (
        values
        | log_format
        | {"INNOVSCORE_PROCESS": "worker", "METRICS_PORT": str(metrics + 1 if metrics else 0)}
    )
    return [
        Service(
            "web", [sys.executable, "-m", "gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"], web
        ),
        Service(
            "worker",
            [
                *celery,
                "worker",
                "--concurrency",
                "2",
                "--loglevel",
                "INFO",
                "--without-gossip",
                "--without-mingle",
            ],
            worker,
        ),
        Service(
            "beat",
            [*celery, "beat", "--schedule", str(RUN.home / "beat"), "--pidfile", ""],
            worker | {"METRICS_PORT": "0"},
        ),
    ]


# Leftovers ---------------------------------------------------------------------------------------------------------


def _members(session: int, since: float) -> list[psutil.Process]:
    """Living processes of a session that we started; a number used again by a stranger does not count."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            ours = process.create_time() >= since - 1 and process.cwd() == str(ROOT)
            if ours and os.getsid(process.pid) == session:
                found.append(process)
    return found


def _end_session(session: int, since: float, patience: float) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        members = _members(session, since)
        leader = [process for process in members if process.pid == session]
        embedded.end(leader, signal.SIGTERM, patience)
        embedded.end(_members(session, since), signal.SIGTERM, 2)


def _clear_leftovers() -> bool:
    """End what a run that was killed left behind; whether there was anything."""
    if not RECORD.exists():
        return False
    with contextlib.suppress(ValueError, KeyError, TypeError):
        sessions = [
            (int(entry["session"]), float(entry["since"])) for entry in json.loads(RECORD.read_text())
        ]
        leaders = [
            process
            for session, since in sessions
            for process in _members(session, since)
            if process.pid == session
        ]
        embedded.end(leaders, signal.SIGTERM, 5)
        for session, since in sessions:
            _end_session(session, since, 0)
    RECORD.unlink()
    return True


def _record(running: list[Service]) -> None:
    entries = []
    for service in running:
        if service.process is None:
            continue
        with contextlib.suppress(psutil.Error):
            entries.append(
                {"session": service.process.pid, "since": psutil.Process(service.process.pid).create_time()}
            )
    embedded.write_private(RECORD, json.dumps(entries))


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """A second `make run` in the same checkout is told so; the lock dies with its holder."""
    RUN.home.mkdir(parents=True, exist_ok=True)
    lock: IO[str] = (RUN.home / "run.lock").open("a+")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Missing(
                f"this checkout is running already: {lock.read().strip() or 'starting'}. Stop it with Ctrl-C or `make stop`."
            ) from None
        lock.truncate(0)
        yield


# Preparing ---------------------------------------------------------------------------------------------------------


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Missing(f"a port number: PORT={text} is none. For example: make run PORT=8001")
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Missing(
                f"port {port} at 127.0.0.1 ({error.strerror}). Take another: make run PORT={port + 1}"
            ) from error
    return port


def _manage(values: dict[str, str], *arguments: str, show: bool = False) -> None:
    """Run one command of manage.py; its output appears when it fails (or when asked for)."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=os.environ | values,
        stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Missing(f"`manage.py {' '.join(arguments)}` failed:\n{done.stdout or ''}")


def prepare(values: dict[str, str]) -> None:
    """Roles, tables, translations, static files: whatever this code needs before it can serve."""
    from innovscore import translations

    translations.compile_all()
    static = subprocess.Popen(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | values,
    )
    try:
        _manage(values, "ensure_roles")
        _manage(values, "migrate", "--no-input", "--verbosity", "0", "--skip-checks")
    finally:
        failed = static.wait()
    if failed:
        raise Missing("`manage.py collectstatic` failed, see above.")


def _has_a_zone(values: dict[str, str]) -> bool:
    with (
        contextlib.closing(psycopg2.connect(values["DATABASE_OWNER_URL"])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT EXISTS (SELECT 1 FROM parks_park)")
        return bool(cursor.fetchone()[0])


def _load_demo(values: dict[str, str]) -> None:
    if os.environ.get("EMPTY") not in (None, "", "0") or _has_a_zone(values):
        return
    began = time.monotonic()
    say("Making the demo zone")
    _manage(values, "demo", show=True)
    say(f"Demo zone ready ({time.monotonic() - began:.0f} s)")


# Running -----------------------------------------------------------------------------------------------------------


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # stopping is not to be interrupted by a second Ctrl-C
        raise Stopped

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)


def _ask(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own address
            return int(answer.status), json.load(answer)
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return error.code, json.load(error)
        return error.code, {}
    except OSError:
        return 0, {}


def _wait_until_ready(port: int, running: list[Service]) -> None:
    end = time.monotonic() + READY_SECONDS
    body: dict[str, object] = {}
    while time.monotonic() < end:
        status, body = _ask(f"http://127.0.0.1:{port}/readyz")
        failing = body.get("failing")
        if status == 200:
            return
        if isinstance(failing, list) and failing and set(failing) <= TOLERABLE:
            say(f"Warning, not ready for production: {body.get('checks')}")
            return
        for service in running:
            if service.ended() is not None:
                raise Missing(f"{service.name} ended at once. The end of {service.log}:\n{service.tail()}")
        time.sleep(0.1)
    raise Missing(f"the web server was not ready after {READY_SECONDS} s: {body or running[0].tail()}")


def _watch(running: list[Service]) -> None:
    """Start again what dies, as a supervisor in production does."""
    while True:
        time.sleep(1)
        for service in running:
            code = service.ended()
            if code is None:
                continue
            if service.keeps_failing():
                raise Missing(
                    f"{service.name} keeps ending (exit {code}). The end of {service.log}:\n{service.tail()}"
                )
            say(
                f"{service.name} ended (exit {code}) and is started again; see {service.log.relative_to(ROOT)}"
            )
            if service.process:
                _end_session(service.process.pid, 0, 2)
            service.start()
            _record(running)


def _announce(values: dict[str, str], port: int, seconds: float) -> None:
    say(f"\nInnovscore is ready after {seconds:.0f} s:  http://127.0.0.1:{port}\n")
    if _has_a_zone(values):
        _manage(values, "demo", "--accounts", show=True)
    say(f"\nLogs: {LOGS.relative_to(ROOT)}/   Stop: Ctrl-C")


def run() -> int:
    """`make run`: everything up, until somebody stops it."""
    began = time.monotonic()
    _stop_on_signals()
    running: list[Service] = []
    try:
        with _only_one():
            try:
                if _clear_leftovers():
                    say("An earlier run had not ended cleanly: its processes are ended, its data is kept")
                _serve(began, running)
            finally:
                _take_down(running)
    except Stopped:
        say("Stopped.")
    return 0


def _serve(began: float, running: list[Service]) -> None:
    port = _port()
    (RUN.home / "run.lock").write_text(f"http://127.0.0.1:{port} (process {os.getpid()})")
    values = embedded.start(RUN)
    say(f"PostgreSQL and Redis are ready ({time.monotonic() - began:.1f} s)")
    prepare(values)
    _load_demo(values)
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir()
    for service in services(values, port):
        service.start()
        running.append(service)
        _record(running)
    _wait_until_ready(port, running)
    _announce(values, port, time.monotonic() - began)
    _watch(running)


def _take_down(running: list[Service]) -> None:
    """Web first, so that nobody asks for what is going; the servers last."""
    if running:
        say("\nStopping")
    for service in running:
        if service.process:
            service.process.terminate()
    for service in running:
        if service.process:
            _end_session(service.process.pid, 0, 10)
    RECORD.unlink(missing_ok=True)
    embedded.stop(RUN)


def stop() -> int:
    """`make stop`: end a run of this checkout, and all private servers."""
    holder = _holder()
    if holder:
        embedded.end([holder], signal.SIGTERM, 40)
    _clear_leftovers()
    stopped = [*(["the running platform"] if holder else []), *embedded.stop(RUN), *embedded.stop(TEST)]
    say("Stopped: " + (", ".join(stopped) or "nothing was running"))
    return 0


def _holder() -> psutil.Process | None:
    """The launcher of a `make run` or `make run-reset` in this checkout, other than this process."""
    runs = [["-m", "innovscore.launcher", how] for how in ("run", "reset")]

    def ours(process: psutil.Process) -> bool:
        return process.pid != os.getpid() and process.cmdline()[1:] in runs and process.cwd() == str(ROOT)

    found = embedded.processes(ours)
    return found[0] if found else None


def reset() -> int:
    """`make run-reset`: the same as a first run."""
    stop()
    names = ("postgres", "redis", "evidence", "static", "log", "env", "secrets.json")
    for path in (*(RUN.home / name for name in names), *RUN.home.glob("beat*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return run()


# Checks and tests --------------------------------------------------------------------------------------------------

Check = tuple[list[str], dict[str, str]]

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "DEBUG": "false",
    "DEMO_MODE": "false",
    "ALLOWED_HOSTS": "innovscore.example",
    "CSRF_TRUSTED_ORIGINS": "https://innovscore.example",
    "PROXY_COUNT": "1",
    "LOG_FORMAT": "json",
}


def checks() -> dict[str, Check]:
    """Name -> command and what it needs in the environment."""
    python = sys.executable
    manage = [python, "-W", "error::DeprecationWarning:innovscore", "manage.py"]
    return {
        "ruff": ([str(BIN / "ruff"), "check", "--cache-dir", ".local/ruff", "."], {}),
        "format": ([str(BIN / "ruff"), "format", "--check", "--cache-dir", ".local/ruff", "."], {}),
        "doors between rooms": ([str(BIN / "lint-imports"), "--cache-dir", ".local/imports"], {}),
        "templates": ([str(BIN / "djlint"), "templates", "--lint", "--quiet"], {}),
        "types": ([python, "-m", "mypy", "."], {}),
        "migrations complete": ([*manage, "makemigrations", "--check", "--dry-run"], {}),
        "deployment": ([*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
        "translations": ([python, "-m", "innovscore.translations", "check"], {}),
    }


LINTERS = ("ruff", "format", "doors between rooms", "templates")


def run_check(name: str) -> subprocess.CompletedProcess[str]:
    """Run one check; the servers' addresses must be in the environment."""
    command, environment = checks()[name]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def check(names: tuple[str, ...]) -> int:
    """Run the checks named, print what fails, and one summary."""
    failed = []
    for name in names:
        began = time.monotonic()
        done = run_check(name)
        say(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - began:.1f} s)")
        if done.returncode != 0:
            failed.append(name)
            say(done.stdout)
    say(
        f"{len(names) - len(failed)} of {len(names)} checks passed"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def _test_environment() -> dict[str, str]:
    values = embedded.start(TEST)
    for name in values:
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(values)
    return values


def test(arguments: list[str]) -> int:
    """Every check and every test, in one pytest run: the checks are tests of tests/ops."""
    from innovscore import translations

    began = time.monotonic()
    _test_environment()
    translations.compile_all()
    say(f"PostgreSQL and Redis for tests are ready ({time.monotonic() - began:.1f} s)")
    # a file's tests share servers; tests/conftest.py puts the longest files first
    processes = min((os.cpu_count() or 1) + 1, 4)  # browsers and databases leave cores idle
    shared = [f"--numprocesses={processes}", "--dist=loadfile", "--no-loadscope-reorder"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *shared, *arguments], cwd=ROOT, check=False
    ).returncode


def bench() -> int:
    """Every program of bench/, one after the other, on the test servers made durable by nothing: ratios, not seconds."""
    _test_environment()
    return subprocess.run([sys.executable, "-m", "bench"], cwd=ROOT, check=False).returncode


def main(arguments: list[str]) -> int:
    """One action, named as its make target."""
    action, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    actions = {
        "run": run,
        "reset": reset,
        "stop": stop,
        "bench": bench,
        "test": lambda: test(rest),
        "lint": lambda: check(LINTERS),
        "check": lambda: (_test_environment(), check(tuple(checks())))[1],
    }
    if action not in actions:
        say(__doc__ or "")
        return 2
    try:
        return actions[action]()
    except (Missing, PermissionError) as missing:
        print(f"\nMissing: {missing}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
