"""docker-compose.yml without Docker: the specification's schema, no default secret, and each command really run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import psycopg2
import pytest
import redis
import yaml

from innovscore import embedded, launcher

ROOT = embedded.ROOT
FILE = ROOT / "docker-compose.yml"
SECRETS = {
    "SECRET_KEY",
    "POSTGRES_PASSWORD",
    "OWNER_PASSWORD",
    "WEB_PASSWORD",
    "WORKER_PASSWORD",
    "REDIS_PASSWORD",
}
LONG_RUNNING = {"postgres", "redis", "web", "worker", "beat", "proxy"}
OURS = {"migrate", "web", "worker", "beat"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def test_the_file_obeys_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    errors = [
        f"{list(error.path)}: {error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(compose)
    ]
    assert errors == []


def test_no_secret_has_a_default_and_each_missing_one_is_named() -> None:
    uses = re.findall(r"\$\{(\w+)([^}]*)\}", FILE.read_text(encoding="utf-8"))
    assert {name for name, _ in uses} >= SECRETS
    wrong = [f"{name}{rest}" for name, rest in uses if name in SECRETS and not rest.startswith(":?")]
    assert wrong == []


def test_no_process_gets_more_database_than_it_needs(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        values = json.dumps(compose["services"][name]["environment"])
        assert "OWNER_PASSWORD" not in values, name
        assert ("WORKER_PASSWORD" in values) == (name != "web"), name


def test_each_service_is_watched_limited_and_without_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["deploy"]["resources"]["limits"]["memory"], name
        if name in LONG_RUNNING:
            assert service["healthcheck"]["test"], name
        if name in OURS | {"proxy"}:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
        if name != "proxy":
            assert "ports" not in service, f"{name} is reached from outside"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).exists(), f"{name}: {source}"


def test_servers_are_up_before_those_who_need_them(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully", name


def test_the_image_holds_no_secret_and_runs_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    final = text.split("\nFROM ")[-1]
    assert re.search(r"^USER innovscore$", final, re.MULTILINE)
    assert "SECRET_KEY" not in final
    assert not re.search(r"^(ENV|ARG) .*(SECRET|PASSWORD|DATABASE_URL)", text, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".env", ".local", ".venv", "*.key", "*.pem"} <= set(ignored)


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PATH": path} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_web_command_is_accepted_by_gunicorn(compose: dict[str, Any], db: None) -> None:
    command = compose["services"]["web"]["command"]
    done = _run(
        [*command[:1], "--check-config", *command[1:]], **launcher.PRODUCTION, INNOVSCORE_PROCESS="web"
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_celery_commands_are_understood(compose: dict[str, Any], db: None, name: str) -> None:
    command = [re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in compose["services"][name]["command"]]
    environment = launcher.PRODUCTION | {"INNOVSCORE_PROCESS": "worker"}
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / command[0]), *command[1:]], cwd=ROOT, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        output = _read_until(process, "ready" if name == "worker" else "beat")
    finally:
        process.terminate()
        process.wait(30)
    assert output is not None


def _read_until(process: subprocess.Popen[str], word: str) -> str | None:
    assert process.stdout is not None
    seen = ""
    limit = threading.Timer(60, process.kill)
    limit.start()
    for line in process.stdout:
        seen += line
        if word in line:
            break
    limit.cancel()
    assert word in seen, seen
    return seen


def test_the_release_script_is_valid_shell_and_does_roles_tables_static(db: None, tmp_path: Path) -> None:
    done = _run(["sh", "deploy/release.sh"], INNOVSCORE_PROCESS="owner")
    assert done.returncode == 0, done.stdout


def test_redis_starts_by_its_script_with_a_password(tmp_path: Path) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on PATH: apt-get install redis-server")
    port = embedded.free_port()
    environment = {
        "REDIS_PASSWORD": "of-this-test", "REDIS_CONFIG": str(tmp_path / "redis.conf"), "REDIS_DIR": str(tmp_path), "REDIS_PORT": str(port)
    }  # fmt: skip
    process = subprocess.Popen(
        ["sh", "deploy/redis-start.sh"], cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL
    )
    try:
        client = redis.Redis(port=port, password="of-this-test", decode_responses=True)
        _until(client.ping)
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        process.wait(10)


def _until(ask: Any) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            if ask():
                return
        except redis.ConnectionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


@pytest.fixture
def bare_server(tmp_path: Path) -> Iterator[str]:
    place = embedded.Place(tmp_path / "server", durable=False)
    place.home.mkdir()
    yield embedded.start_postgres(place)
    embedded.stop(place)


def test_the_database_is_made_with_an_owner_who_is_no_superuser(bare_server: str) -> None:
    psql = embedded.postgres_bin()
    if not (psql / "psql").exists():
        pytest.skip("these PostgreSQL binaries have no psql")
    parts = urlsplit(bare_server)
    done = _run(
        ["sh", "deploy/postgres-init.sh"], PATH=f"{psql}{os.pathsep}{os.environ['PATH']}", PGHOST="127.0.0.1", PGPORT=str(parts.port),
        PGPASSWORD=parts.password or "", POSTGRES_USER=parts.username or "", OWNER_PASSWORD="o'wner \\ $1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=parts.port,
        user="innovscore_owner",
        password="o'wner \\ $1",
        dbname="innovscore",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
    connection.close()


def test_the_proxy_configuration_is_valid() -> None:
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("no caddy on PATH: apt-get install caddy")
    for tls in ("", "tls internal"):
        done = _run(
            [caddy, "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile"],
            ALLOWED_HOSTS="a.example, b.example",
            TLS=tls,
        )
        assert done.returncode == 0, done.stdout


def test_scripts_are_valid_shell() -> None:
    for script in (*sorted((ROOT / "deploy").glob("*.sh")), ROOT / ".ci" / "run"):
        done = _run(["bash", "-n", str(script)])
        assert done.returncode == 0, f"{script}: {done.stdout}"


def test_the_clock_forgets_its_last_runs_with_a_restart_and_still_does_the_daily_work() -> None:
    """beat keeps its schedule in a tmpfs: what is counted in hours since the start would never come."""
    from innovscore.settings import CELERY_BEAT_SCHEDULE

    long = [
        name
        for name, one in CELERY_BEAT_SCHEDULE.items()
        if isinstance(one["schedule"], float) and one["schedule"] > 3600
    ]
    assert long == []
