"""Every E and W rule of the catalogue exists: as a check of figures, as a rule over records, or shown to the person who decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from enterprises import rules
from scoring.engine import load_scheme

SCHEME = load_scheme(Path("indicators/schemes/cq_htz_30.yaml").resolve())
INPUTS = {item["code"]: item for item in SCHEME.body["inputs"]}
WAN = 10_000


@dataclass
class Value:
    """A declared value as the rules read it."""

    amount: Decimal | None = None
    entries: list[dict[str, Any]] | None = None
    declared_amount: Decimal | None = None
    declared_entries: list[dict[str, Any]] | None = None
    reason: str = ""
    evidence_id: int | None = None


@dataclass
class World:
    """A sound declaration with some values changed, and what is known beside it."""

    changed: Mapping[str, Any] = field(default_factory=dict)
    last: Mapping[str, Decimal | None] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()

    def found(self) -> set[tuple[str, str]]:
        """(level, input) of all that fails."""
        values = {code: _value(INPUTS[code], given) for code, given in (SOUND | dict(self.changed)).items()}
        records = rules.Records(values, self.last, self.apart, 2025)
        both = [*rules.findings(SCHEME, values), *rules.record_findings(SCHEME, records)]
        return {(one.level, one.code) for one in both}


def _value(item: Mapping[str, Any], given: Any) -> Value:
    if isinstance(given, Value):
        return given
    if isinstance(given, list):
        return Value(entries=given, declared_entries=given)
    unit = WAN if item["type"] == "money" else 1
    return Value(amount=None if given is None else Decimal(str(given)) * unit)


def entry(name: str = "甲", **fields: str) -> dict[str, str]:
    return {"name": name, "level": "national", "number": "1", "date": "2025-03-01"} | fields


SOUND: dict[str, Any] = {
    "revenue": 8600, "revenue_prev": 7000, "hightech_revenue": 6000, "total_cost_expense": 8000, "net_profit": 500,
    "net_assets_begin": 3000, "net_assets_end": 3500, "total_assets_end": 6000, "total_liabilities_end": 2500,
    "tax_paid_total": 300, "equity_financing_24m": 0, "rd_expense": 688, "rd_expense_prev": 540, "rd_super_deduction_base": 600,
    "rd_super_deduction_relief": 90, "rd_equipment_invest": 50, "univ_collab_paid": 30, "tech_contract_amount": 100,
    "staff_total": 160, "rd_staff": 40, "fresh_graduates": 5, "senior_staff": 30, "golden_phoenix": [entry("王")],
    "high_level_talents": [entry("李", level="municipal")], "invention_applications": 8, "pct_applications": 1, "ip_class1": 5,
    "ip_class2": 14, "platforms": [entry("中心")], "awards": [entry("成果", level="national_1")],
    "projects": [entry("项目", level="national_lead")], "qualifications": [entry("证书", level="hnte")],
    "competitions": [entry("赛事", level="national_1")], "cc_projects": [entry("联动", level="registered")],
    "standards": [entry("标准", level="national_lead")],
}  # fmt: skip

AMOUNTS_FROM_ZERO = (
    "revenue", "revenue_prev", "total_liabilities_end", "tax_paid_total", "equity_financing_24m", "rd_expense",
    "rd_equipment_invest", "univ_collab_paid", "tech_contract_amount", "rd_staff", "fresh_graduates", "senior_staff",
    "invention_applications", "pct_applications", "ip_class1", "ip_class2",
)  # fmt: skip
CHECKED: list[tuple[str, str, World]] = [
    *(("E", code, World({code: -1})) for code in AMOUNTS_FROM_ZERO),
    ("E", "hightech_revenue", World({"hightech_revenue": 8601})),
    ("W", "hightech_revenue", World({"hightech_revenue": 5159})),  # a high-tech enterprise below 60 %
    ("E", "total_cost_expense", World({"revenue": 99, "hightech_revenue": 60, "total_cost_expense": 0})),
    ("W", "net_profit", World({"net_profit": 8601})),
    ("W", "net_profit", World({"net_profit": 3251})),  # return on net assets above 100 %
    ("W", "net_profit", World({"net_profit": -6501})),  # below -200 %
    ("E", "net_assets_end", World({"net_assets_end": Decimal("3500.00011")})),  # 1.1 yuan off the balance sheet
    ("E", "total_assets_end", World({"total_assets_end": 0})),
    ("W", "total_liabilities_end", World({"total_liabilities_end": 9001})),
    ("W", "tax_paid_total", World({"tax_paid_total": 3441})),
    ("W", "revenue_prev", World({"revenue_prev": 2149})),  # growth above 300 %
    ("W", "rd_expense_prev", World({"rd_expense_prev": 171})),
    ("W", "rd_expense", World({"rd_expense": 8601})),
    ("W", "rd_super_deduction_base", World({"rd_super_deduction_base": 689})),
    ("E", "rd_super_deduction_relief", World({"rd_super_deduction_relief": 181})),
    ("W", "rd_super_deduction_relief", World({"rd_super_deduction_relief": 151})),
    ("W", "rd_equipment_invest", World({"rd_equipment_invest": 6001})),
    ("W", "univ_collab_paid", World({"univ_collab_paid": 689})),
    ("W", "tech_contract_amount", World({"tech_contract_amount": 17201})),
    ("E", "staff_total", World({"staff_total": 0})),
    ("E", "rd_staff", World({"rd_staff": 161})),
    ("E", "rd_staff", World({"rd_staff": 0})),  # R&D expense without R&D staff
    ("E", "fresh_graduates", World({"fresh_graduates": 161})),
    ("E", "senior_staff", World({"senior_staff": 161})),
    ("E", "golden_phoenix", World({"golden_phoenix": [entry(str(n)) for n in range(161)]})),
    ("W", "invention_applications", World({"invention_applications": 81})),
    # against records
    ("E", "revenue_prev", World(last={"revenue": Decimal(7001 * WAN)})),
    ("E", "rd_expense_prev", World(last={"rd_expense": Decimal(541 * WAN)})),
    ("W", "rd_expense", World(apart=frozenset({"rd_expense"}))),
    ("W", "staff_total", World(apart=frozenset({"staff_total"}))),
    ("E", "high_level_talents", World({"high_level_talents": [entry("李"), entry("李", level="district")]})),
    ("W", "high_level_talents", World({"high_level_talents": [entry("王")]})),  # a Golden Phoenix person too
    ("E", "platforms", World({"platforms": [entry(number="")]})),
    ("E", "platforms", World({"platforms": [entry(date="")]})),
    ("E", "platforms", World({"platforms": [entry(date="2026-01-01")]})),
    ("E", "platforms", World({"platforms": [entry("同一载体"), entry("同一 载体", level="rd_center", number="2")]})),
    ("E", "awards", World({"awards": [entry(number=" ")]})),
    ("E", "awards", World({"awards": [entry("成果"), entry("成果", number="2")]})),
    ("E", "projects", World({"projects": [entry(number="")]})),
    ("W", "projects", World({"projects": [entry("联动")]})),
    ("E", "cc_projects", World({"cc_projects": [entry(date="2025-02-30")]})),
    ("E", "standards", World({"standards": [entry(number="")]})),
]  # fmt: skip
BY_HAND = {
    "hightech_revenue": [("W", "高企年报")], "total_cost_expense": [("E", "费用化的研发费用")],
    "equity_financing_24m": [("E", "进账单"), ("W", "员工持股平台")], "tech_contract_amount": [("E", "登记编号"), ("W", "关联方")],
    "golden_phoenix": [("E", "名册"), ("E", "一家企业")], "invention_applications": [("E", "申请号")],
    "pct_applications": [("E", "国际申请号")], "ip_class1": [("W", "受让")], "platforms": [("E", "未被撤销")],
    "awards": [("E", "完成单位")], "qualifications": [("E", "有效期内"), ("W", "90天")], "competitions": [("E", "认可名单")],
    "cc_projects": [("E", "四川")], "standards": [("E", "起草单位")],
}  # fmt: skip
"""What needs a register or a paper that the platform does not hold."""


def test_a_sound_declaration_fails_nothing() -> None:
    last = {"revenue": Decimal(7000 * WAN), "rd_expense": Decimal(540 * WAN)}
    assert World(last=last).found() == set()


@pytest.mark.parametrize(("level", "code", "world"), CHECKED)
def test_the_rule_speaks_at_its_level_and_field(level: str, code: str, world: World) -> None:
    assert (level, code) in world.found()


def test_every_check_of_the_scheme_was_seen_to_fail() -> None:
    seen = {pair for _level, _code, world in CHECKED for pair in world.found()}
    written = {(check.level, item.code) for item in SCHEME.inputs for check in item.checks}
    named = {
        (check["level"], code)
        for code, item in INPUTS.items()
        for check in item.get("register_checks", ())
        if "rule" in check
    }
    assert written | named == seen | {
        ("E", "total_cost_expense"), ("E", "rd_expense_prev"), ("E", "rd_super_deduction_base"), ("E", "high_level_talents"),
    }  # fmt: skip


def test_what_a_person_decides_is_written_in_the_scheme() -> None:
    shown = {
        code: [
            (check["level"], check["zh"]) for check in item.get("register_checks", ()) if "rule" not in check
        ]
        for code, item in INPUTS.items()
    }
    assert {code: len(found) for code, found in shown.items() if found} == {
        c: len(f) for c, f in BY_HAND.items()
    }
    for code, expected in BY_HAND.items():
        for (level, words), (wanted_level, part) in zip(shown[code], expected, strict=True):
            assert (level, part in words) == (wanted_level, True), (code, words)


def test_a_filed_correction_of_last_years_figure_is_let_through() -> None:
    last = {"revenue": Decimal(7001 * WAN)}
    figure = Decimal(7000 * WAN)
    filed = Value(figure, declared_amount=figure, reason="审计调整", evidence_id=1)
    assert ("E", "revenue_prev") not in World({"revenue_prev": filed}, last).found()
    for lacking in (Value(figure, declared_amount=figure, reason="审计调整"), Value(figure, evidence_id=1)):
        assert ("E", "revenue_prev") in World({"revenue_prev": lacking}, last).found()


def test_persons_of_one_name_are_told_apart_by_their_numbers() -> None:
    two = [entry("李", number="1"), entry("李", number="2")]
    assert World({"high_level_talents": two}).found() == set()
    assert World({"high_level_talents": [entry("李", number="1"), entry("李", number="")]}).found()


def test_items_of_departments_need_no_number() -> None:
    theirs = Value(entries=[entry(number="", date=""), entry(number="", date="")])
    assert World({"platforms": theirs}).found() == set()
