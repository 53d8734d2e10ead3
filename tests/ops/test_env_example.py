""".env.example documents every setting that is read anywhere, and none that is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from innovscore.embedded import ROOT

# Read by gunicorn itself, by the shell or by Python; or given by one process of ours to its children.
INNER = {"DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR", "LC_ALL", "PATH", "HOSTNAME", "DATABASE_NAMES"}
OF_GUNICORN = {"FORWARDED_ALLOW_IPS"}
FILES = ["innovscore", "parks", "indicators", "enterprises", "scoring", "rankings", "finance"]


def documented() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read_by_code() -> set[str]:
    names: set[str] = set()
    for room in FILES:
        for file in (ROOT / room).rglob("*.py"):
            names |= set(_names(file))
    return names


def _names(file: Path) -> Iterator[str]:
    """Names in env.str("X"), os.environ.get("X"), os.environ["X"], _outer("X") and in tuples of *_URL names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if re.fullmatch(r"env\.(str|bool|int|list)|os\.environ\.(get|pop|setdefault)|_outer", called):
                yield str(node.args[0].value)
        if (
            isinstance(node, ast.Subscript)
            and ast.unparse(node.value) == "os.environ"
            and isinstance(node.slice, ast.Constant)
        ):
            yield str(node.slice.value)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"DATABASE_(\w+_)?URL", node.value)
        ):
            yield node.value


def read_by_compose() -> set[str]:
    return set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))


def test_every_setting_that_is_read_is_documented() -> None:
    assert read_by_code() - INNER - set(documented()) == set()
    assert read_by_compose() - set(documented()) == set()


def test_nothing_is_documented_that_nobody_reads() -> None:
    assert set(documented()) - read_by_code() - read_by_compose() - OF_GUNICORN == set()


def test_the_example_holds_no_usable_secret() -> None:
    secret = {
        name: value for name, value in documented().items() if re.search(r"SECRET|PASSWORD|_URL$", name)
    }
    assert len(secret) >= 9
    assert {name: value for name, value in secret.items() if value} == {}


def test_each_setting_says_what_it_is_for() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    explained = False
    for line in lines:
        if not line:
            explained = False
        elif line.startswith("#"):
            explained = True
        else:
            assert explained, f"{line} has no comment above it"
