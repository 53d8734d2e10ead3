"""A zone from one table of firms with external ids."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from enterprises.models import Declaration, Enterprise
from enterprises.queries import cycles, verified
from enterprises.services import zones
from innovscore.core import uscc as codes
from parks.models import Park
from parks.scope import park_scope

pytestmark = pytest.mark.django_db
MAPPING = {
    "id": "id", "name": "firm", "group": "sector",
    "columns": {"revenue": {"column": "sales", "factor": 10000}, "rd_expense": {"column": "rd", "factor": 10000}, "staff_total": "staff"},
}  # fmt: skip
ROWS = [
    ("id", "firm", "sector", "sales", "rd", "staff"),
    ("X-1", "Alpha", "chem", "100", "10", "5"),
    ("X-2", "Beta", "chem", "", "7.5", ""),
    ("X-2", "Beta again", "chem", "1", "1", "1"),
    ("", "Nobody", "chem", "1", "1", "1"),
    ("X-3", "Gamma", "auto", "n.k.", "1", "1"),
    ("X-4", "Delta", "auto", "-5", "1", "1"),
    ("X-5", "Empty", "auto", "", "", ""),
]


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    table, mapping = tmp_path / "firms.csv", tmp_path / "map.yaml"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(ROWS)
    mapping.write_text(yaml.safe_dump(MAPPING))
    return [
        "--park",
        "rd",
        "--year",
        "2018",
        "--file",
        str(table),
        "--mapping",
        str(mapping),
        "--skip-checks",
    ]


def run(files: list[str], *more: str) -> None:
    call_command("import_zone", *files, *more)


def test_a_table_becomes_a_zone_and_every_unused_row_is_listed(files: list[str], tmp_path: Path) -> None:
    listed = tmp_path / "rejects.csv"
    run(
        files,
        "--create-park",
        "Test zone",
        "--scheme",
        "rd_companies_8",
        "--accept",
        "--rejects",
        str(listed),
    )
    park = Park.objects.get(code="rd")
    with park_scope(park.pk):
        cases = {case.uscc: case for case in verified.facts_for(cycles.of_year(2018))}
        alpha = Enterprise.objects.get(external_id="X-1")
        assert cases[alpha.uscc].values["revenue"].amount == Decimal(1_000_000)
        assert cases[alpha.uscc].stage_override == "chem"
        names = {e.name for e in Enterprise.objects.filter(uscc__in=cases)}
    assert names == {"Alpha", "Beta", "Gamma"}
    with listed.open(encoding="utf-8-sig") as file:
        reasons = [(row["row"], row["id"], row["reason"]) for row in csv.DictReader(file)]
    assert ("5", "", "没有编号") in reasons
    assert any(row == "4" and "重复" in why for row, _id, why in reasons)
    assert any(row == "6" and "sales" in why for row, _id, why in reasons)
    assert any(key == "X-4" and "不能为负数" in why for _row, key, why in reasons)
    assert any(key == "X-5" and "没有任何数值" in why for _row, key, why in reasons)


def test_made_up_codes_pass_the_check_and_are_the_same_everywhere(files: list[str]) -> None:
    made = zones.synthetic_codes("rd", ["X-1", "X-2"])
    assert made == zones.synthetic_codes("rd", ["X-2", "X-1"])
    assert made != zones.synthetic_codes("other", ["X-1", "X-2"])
    for code in made.values():
        assert codes.fault(code) is None
        assert code[2:8] == zones.EXTERNAL_AREA
    moved = zones.synthetic_codes("rd", ["X-1"], taken=[made["X-1"]])
    assert moved["X-1"] != made["X-1"]


def test_importing_again_is_refused_and_changes_nothing(files: list[str]) -> None:
    run(files, "--create-park", "Test zone", "--scheme", "rd_companies_8", "--accept")
    park = Park.objects.get(code="rd")
    with park_scope(park.pk):
        before = (Enterprise.objects.count(), Declaration.objects.filter(state="verified").count())
    with pytest.raises(CommandError, match="已经写入过"):
        run(files)
    with park_scope(park.pk):
        assert (Enterprise.objects.count(), Declaration.objects.filter(state="verified").count()) == before


def test_without_zone_cycle_or_column_it_says_what_is_missing(files: list[str], park: Any) -> None:
    with pytest.raises(CommandError, match="--create-park"):
        run(files)
    files[1] = "R&D 2018"
    with pytest.raises(CommandError, match="园区代码"):
        run(files, "--create-park", "Test zone", "--scheme", "rd_companies_8")
    files[1] = "rd"
    with pytest.raises(CommandError):
        run(files, "--create-park", "Test zone", "--scheme", "no_such_scheme")
    assert [one.code for one in Park.objects.all()] == ["cq"]
    files[1] = "cq"
    with pytest.raises(CommandError, match="年度"):
        run(files)
    Path(files[7]).write_text("id: nonsense\ncolumns: {revenue: sales}")
    with pytest.raises(CommandError, match="nonsense"):
        run(files, "--scheme", "rd_companies_8")
    Path(files[7]).write_text("id: id\ncolumns: {revenue: {column: sales, factor: 7}}")
    with pytest.raises(CommandError):
        run(files, "--scheme", "rd_companies_8")
    with park_scope(park.pk):
        assert not Enterprise.objects.exists()
