"""Every exported column has a head in the reader's language; the list of columns is read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from parks import audit, listing
from parks.heads import HEADS
from parks.listing import export_rows
from tests.factories import parks as people

ROOT = Path(__file__).parents[2]
ROOMS = ("parks", "indicators", "enterprises", "scoring", "rankings", "finance", "cultivation", "innovscore")


def exported_columns() -> Iterator[tuple[str, str]]:
    """(file, column) of every `listing` or `export_rows` call whose columns are written out."""
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text())
        named = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if getattr(call.func, "id", "") not in ("listing", "export_rows"):
                continue
            for word in (word for word in call.keywords if word.arg == "columns"):
                value = (
                    named.get(word.value.id, word.value) if isinstance(word.value, ast.Name) else word.value
                )
                for one in getattr(value, "elts", ()):
                    if isinstance(one, ast.Constant):
                        yield str(path.relative_to(ROOT)), str(one.value)
                    elif isinstance(one, ast.Starred):
                        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                        for name in getattr(import_module(module), ast.unparse(one.value)):
                            yield str(path.relative_to(ROOT)), name


def test_every_exported_column_has_a_head() -> None:
    columns = list(exported_columns())
    assert len(columns) > 100, "the search finds the lists"
    heads = {head.rpartition(":")[2] for head in HEADS}
    assert not [pair for pair in columns if pair[1] not in heads]
    assert not heads - {column for _file, column in columns}, "heads of no list"


@pytest.mark.parametrize(("language", "head"), [("zh-hans", "金额（元）"), ("en", "Amount (yuan)")])
def test_the_head_is_in_the_readers_language(language: str, head: str) -> None:
    rows: list[dict[str, Any]] = [{"number": "A000001", "amount": Decimal("300.00"), "is_automatic": True}]
    with override(language):
        answer = export_rows(rows, columns=("number", "amount", "is_automatic"), filename="x", kind="csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].split(",")[1] == head
    assert lines[1].split(",")[:2] == ["A000001", "300.00"]


@pytest.mark.django_db
def test_a_list_that_is_too_long_for_a_file_is_refused_and_never_cut(
    in_park: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = people.actor("park_auditor", in_park)
    for number in range(3):
        audit.record(by=auditor, action="test.line", object_type="test", object_id=str(number))
    browser, url = client_as(auditor), reverse("parks:audit", kwargs={"park": "cq"})
    whole = browser.get(url, {"export": "csv", "action": "test.line"})
    assert whole.status_code == 200 and whole.content.decode().count("test.line") == 3
    monkeypatch.setattr(listing, "EXPORT_LIMIT", 2)
    refused = browser.get(url, {"export": "csv", "action": "test.line"})
    assert refused.status_code == 422
    assert "一次最多导出 2 行。请先筛选" in refused.content.decode()
