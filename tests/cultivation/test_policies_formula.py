"""Policy rules as data: the worked cases to the yuan, three-valued answers, and what always holds of an amount."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cultivation import formula

FOLDER = Path(__file__).parents[2] / "cultivation" / "policies"
RULES = {path.stem: formula.load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
LARGE = {
    "above_scale_manufacturing": 1,
    "output": 12_000,
    "output_yoy": 6,
    "output_yoy_2022Q1": 5,
    "value_added_increase": 730,
}
MID = {"above_scale_manufacturing": 1, "output": 10_000, "output_yoy": 10, "value_added_increase": 250}
RD = {"rd_intensity": 8, "rd_expense": 688, "rd_expense_prev": 540, "rd_increase": 148}


def result(code: str, facts: dict[str, Any]) -> formula.Result:
    known = {name: None if value is None else Decimal(str(value)) for name, value in facts.items()}
    return formula.result_for(RULES[code], {"enterprise": Decimal(1)} | known)


def paid(found: formula.Result) -> Decimal:
    return found.yuan if found.outcome == formula.ELIGIBLE else Decimal(0)


@pytest.mark.parametrize(
    ("code", "facts", "yuan"),
    [
        ("hz32_output_reward_large", LARGE, 70_000),
        ("hz32_output_reward_large", LARGE | {"output_yoy_2022Q1": 8}, 0),
        ("hz32_output_reward_large", LARGE | {"output": 10_000}, 0),
        ("hz32_output_reward_mid", MID, 20_000),
        ("hz32_output_reward_mid", MID | {"output": 2_000}, 20_000),
        ("hz32_output_reward_mid", MID | {"output_yoy": "9.9"}, 0),
        ("hz32_domestic_equipment", {"in_catalogue": 1, "investment": 350}, 175_000),
        ("hz32_domestic_equipment", {"in_catalogue": 1, "investment": "99.99"}, 0),
        ("hz32_domestic_equipment", {"in_catalogue": 1, "investment": 2_600}, 1_000_000),
        ("hz32_rd_growth", {"hnte": 1, "rd_increase_over_prev_year": 1_999}, 0),
        ("hz32_rd_growth", {"hnte": 1, "rd_increase_over_prev_year": 2_000}, 2_000_000),
        ("hz32_rd_growth", {"hnte": 1, "rd_increase_over_prev_year": 9_000}, 2_000_000),
        ("hz32_tech_contract", {"tech_contract_new": 1_250}, 20_000),
        ("hz32_tech_contract", {"tech_contract_new": 499}, 0),
        ("cqhtz25_hnte_first", {"hnte": 1, "hnte_prev": 0}, 300_000),
        ("cqhtz25_hnte_renewal", {"hnte": 1, "hnte_renewed": 1}, 150_000),
        ("cqhtz25_rd_growth", RD, 148_000),
        ("cqhtz25_rd_growth", RD | {"rd_expense": 2_040, "rd_increase": 1_500}, 1_000_000),
    ],
)
def test_worked_cases_pay_to_the_yuan(code: str, facts: dict[str, Any], yuan: int) -> None:
    assert paid(result(code, facts)) == yuan


@pytest.mark.parametrize("code", RULES)
def test_every_shipped_rule_is_green(code: str) -> None:
    assert [case for case in formula.run_tests(RULES[code]) if not case.is_green] == []


def test_the_computation_ends_in_what_is_paid() -> None:
    found = result("cqhtz25_rd_growth", RD | {"rd_increase": "137.724744"})
    assert (found.yuan, found.steps) == (137_724, ("137.7247 万元 × 10% = 13.7724 万元",))
    found = result("cqhtz25_rd_growth", RD | {"rd_increase": "137.7248"})
    assert (found.yuan, found.steps) == (137_724, ("137.7248 万元 × 10% = 13.7724 万元",))


def test_a_failed_condition_says_by_how_much() -> None:
    found = result("cqhtz25_rd_growth", RD | {"rd_intensity": "2.1"})
    (failed,) = found.failed
    assert (failed.text, failed.gap) == ("研发费用占营业收入3%以上", "差 0.9%")


def test_missing_data_is_named_and_a_certain_no_stays_no() -> None:
    assert result("hz32_output_reward_large", LARGE | {"output_yoy_2022Q1": None}).missing == (
        "上年一季度产值同比增速",
    )
    assert result("hz32_output_reward_large", {"output": 9_000}).outcome == formula.NOT_ELIGIBLE


def test_who_fails_by_the_past_is_not_nearly_there() -> None:
    again = result("cqhtz25_hnte_first", {"hnte": 1, "hnte_prev": 1})
    assert (again.outcome, again.near) == (formula.NOT_ELIGIBLE, None)
    never = result("cqhtz25_hnte_first", {"hnte": 0, "hnte_prev": 0})
    assert never.near is not None and never.near.text == "是有效的高新技术企业"


def test_one_of_several_groups_is_enough_although_the_others_are_unknown() -> None:
    assert (
        result("hz32_rd_growth", {"hnte": 1, "rd_increase_over_prev_year": 2_000}).outcome == formula.ELIGIBLE
    )
    assert (
        result("hz32_rd_growth", {"hnte": 0, "rd_increase_over_prev_year": 2_000}).outcome == formula.UNKNOWN
    )


def test_an_amount_is_cut_to_the_yuan() -> None:
    assert paid(result("hz32_domestic_equipment", {"in_catalogue": 1, "investment": "100.00039"})) == 50_000


def test_the_formula_is_exact_to_the_yuan() -> None:
    paid = result(
        "cqhtz25_rd_growth", RD | {"rd_expense": Decimal("782.06"), "rd_increase": Decimal("242.06")}
    )
    assert (paid.yuan, paid.steps) == (242_060, ("242.06 万元 × 10% = 24.206 万元",))


def test_the_formula_is_shown_with_figures() -> None:
    assert result("hz32_output_reward_large", LARGE).steps == ("⌊730 ÷ 100⌋ × 1 万元 = 7 万元",)
    assert result("hz32_domestic_equipment", {"in_catalogue": 1, "investment": 2_600}).steps == (
        "2,600 万元 × 5% = 130 万元 → ≤ 100 万元",
    )


def test_in_english_money_is_in_yuan() -> None:
    known = {"in_catalogue": Decimal(1), "investment": Decimal("2600.5")}
    found = formula.result_for(RULES["hz32_domestic_equipment"], known, "en")
    assert found.steps == ("26,005,000 yuan × 5% = 1,300,250 yuan → ≤ 1,000,000 yuan",)
    assert ("装备投资额", "26,005,000 yuan") in [pair for check in found.checks for pair in check.figures]


def test_a_tier_by_which_no_case_is_paid_is_named() -> None:
    """Written from the lowest bound upwards, the first tier covers the second; of the cases none is red."""
    body = dict(RULES["hz32_domestic_equipment"].body) | {
        "amount": {"tiers": [
            {"when": "investment >= 100 wan", "fixed_wan": 5},
            {"when": "investment >= 1000 wan", "fixed_wan": 50},
        ]},
        "tests": [{"name": "一", "facts": {"in_catalogue": 1, "investment": 200}, "outcome": "eligible", "amount_wan": 5}],
    }  # fmt: skip
    rule = formula.load_body(body)
    cases = formula.run_tests(rule)
    assert all(case.is_green for case in cases) and formula.untried(rule, cases) == [2]


def test_a_case_says_why() -> None:
    rule = RULES["hz32_domestic_equipment"]
    body = dict(rule.body) | {"tests": [
        {"name": "够", "facts": {"in_catalogue": 1, "investment": 200}, "outcome": "eligible"},
        {"name": "不够", "facts": {"in_catalogue": 1, "investment": 99}, "outcome": "eligible"},
        {"name": "缺", "facts": {"in_catalogue": 1}, "outcome": "eligible"},
    ]}  # fmt: skip
    enough, short, missing = formula.run_tests(formula.load_body(body))
    assert enough.why == "200 万元 × 5% = 10 万元"
    assert "99 万元" in short.why and missing.why == rule.label("investment")


@pytest.mark.parametrize(
    ("old", "new", "meant"),
    [
        ("investment >= 100 wan", "investmnt >= 100 wan", "investment"),
        ("investment >= 100 wan", "高新技术企业 == 1", "hnte"),
        ("investment >= 100 wan", "hnte == true", "1"),
        ("conditions:", "condition:", "conditions"),
    ],
)
def test_a_name_that_is_nearly_right_is_told(old: str, new: str, meant: str) -> None:
    with pytest.raises(formula.RuleError) as caught:
        formula.load(TEXT.replace(old, new, 1))
    assert meant in [one.meant for one in caught.value.findings]


wan = st.decimals(0, 100_000, places=2)


@settings(max_examples=60, deadline=None)
@given(wan, wan)
def test_more_investment_never_pays_less_and_never_above_the_cap(one: Decimal, two: Decimal) -> None:
    less, more = sorted((one, two))
    low, high = (
        paid(result("hz32_domestic_equipment", {"in_catalogue": 1, "investment": value}))
        for value in (less, more)
    )
    assert low <= high <= 1_000_000


@settings(max_examples=60, deadline=None)
@given(wan)
def test_whole_steps_pay_for_nothing_in_between(value: Decimal) -> None:
    amount = paid(result("hz32_tech_contract", {"tech_contract_new": value}))
    assert amount == min(value // 500 * 10_000, 2_000_000)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {name: st.none() | wan for name in ("revenue_prev", "service_contract")}
            | {"tech_sme": st.sampled_from([None, 0, 1])}
        ),
        min_size=1,
        max_size=8,
    )
)
def test_many_firms_at_once_get_the_answer_of_each_alone(rows: list[dict[str, Any]]) -> None:
    rule = RULES["xm_torch_voucher"]
    values = {name: [None if row[name] is None else Decimal(row[name]) for row in rows] for name in rows[0]}
    found = formula.judge(rule, formula.Columns(len(rows), values))
    for number, row in enumerate(rows):
        alone = result("xm_torch_voucher", row)
        assert (bool(found.yes[number]), bool(found.no[number])) == (
            alone.outcome == formula.ELIGIBLE, alone.outcome == formula.NOT_ELIGIBLE,
        )  # fmt: skip
        if alone.outcome == formula.ELIGIBLE:
            assert found.yuan[number] == alone.yuan


TEXT = (FOLDER / "hz32_domestic_equipment.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("investment >= 100 wan", "investment >= 100", "conditions[2].test", "unit_wrong"),
        ("investment >= 100 wan", "investment >= 100 %", "conditions[2].test", "unit_wrong"),
        ("investment >= 100 wan", "turnover >= 100 wan", "conditions[2].test", "no_such_name"),
        ("investment >= 100 wan", "investment >=", "conditions[2].test", "expression"),
        ("investment >= 100 wan", "investment + 100", "conditions[2].test", "no_condition"),
        ("investment >= 100 wan", "ln(investment) >= 1", "conditions[2].test", "no_such_function"),
        ("rate: 0.05", "rate: 5", "amount.rate", "too_large"),
        ("rate: 0.05", "rate: 0.05, fixed_wan: 3", "amount", "one_kind"),
        ("cap_wan: 100", "cap_wan: -1", "cap_wan", "not_above"),
        ("cap_wan: 100", "cap: 100", "cap", "no_such_key"),
        ("title: 国产化装备采购奖励\n", "", "", "missing"),
        ("code: investment", "code: revenue", "inputs[2].code", "name_taken"),
        ("label: 2023年", "label: 2023年, starts: 2023-02-30", "period.starts", "no_day"),
    ],
)
def test_a_fault_names_key_and_line(old: str, new: str, path: str, code: str) -> None:
    text = TEXT.replace(old, new, 1)
    with pytest.raises(formula.RuleError) as caught:
        formula.load(text)
    found = caught.value.findings[0]
    assert (found.path, found.code) == (path, code)
    assert (
        found.line == 0
        or path.rpartition(".")[2].split("[")[0] in text.splitlines()[found.line - 1]
        or found.line == 1
    )


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1", "a: &x 1\nb: *x", "code: x\ncode: y", "\0", "9" * 70_000]
)
def test_what_is_no_rule_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(formula.RuleError):
        formula.load(text)


def test_the_blank_rule_is_the_same_in_both_languages_but_for_its_explanations() -> None:
    assert formula.load(formula.BLANKS["en"]).body == formula.load(formula.BLANKS["zh"]).body
