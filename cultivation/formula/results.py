"""The answer for one firm, ready to be shown: outcome, each check with its figures and gap, amount and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from scoring.engine.expressions import Expression, Node, evaluate_exact, test_exact

from .matching import Columns, judge
from .rule import Amount, Condition, Derived, Rule
from .vocabulary import UNITS

ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = "eligible", "not_eligible", "unknown"
SHORT, OVER = ("差 %s", "%s short"), ("超出 %s", "%s over")
Known = Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: met, not_met or unknown; `figures` are (label, figure) of the names it reads.

    `gap` says how far the firm is from the bound, on which side, with unit; `missing` are labels of data that is not there, `lacks` their
    names, `clause` is where the condition stands, `names` are the known figures that it was read from.
    """

    text: str
    state: str
    figures: tuple[tuple[str, str], ...] = ()
    gap: str = ""
    missing: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    clause: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule says of a firm. `yuan` is the amount that would be paid; `steps` how it came about, with figures.

    `near` is the one condition that fails and can still be met, while all others are met.
    """

    outcome: str
    yuan: Decimal
    checks: tuple[Check, ...]
    steps: tuple[str, ...]
    missing: tuple[str, ...]
    near: Check | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"yuan": str(self.yuan)}

    @property
    def failed(self) -> list[Check]:
        return [one for one in self.checks if one.state == "not_met"]


def result_for(rule: Rule, known: Known, language: str = "zh") -> Result:
    """Judge one firm; `known` are its figures by name (万元, per cent as 12.5, flags 0 or 1), None = not known."""
    columns = Columns(1, {name: [known.get(name)] for name in rule.names})
    found = judge(rule, columns)
    values = values_of(rule, known)
    states = ["met" if yes[0] else "not_met" if no[0] else "unknown" for yes, no in found.checks]
    checks = [*_applicability(rule, values, states, language)]
    for condition, state in zip(rule.conditions, states[len(checks) :], strict=False):
        checks.append(_check(rule, condition, state, values, language))
    outcome = ELIGIBLE if found.yes[0] else NOT_ELIGIBLE if found.no[0] else UNKNOWN
    yuan = Decimal(int(found.yuan[0])) if states[-1] != "unknown" else Decimal(0)
    missing = tuple(
        dict.fromkeys(rule.label(name, language) for name in rule.names if known.get(name) is None)
    )
    steps = _steps(rule, values, yuan, language) if states[-1] != "unknown" else ()
    number = int(found.near[0])
    near = checks[number] if number >= 0 else None
    if states[-1] == "not_met" and all(state == "met" for state in states[:-1]):
        checks.append(Check(steps[0] if steps else "", "not_met"))
    return Result(outcome, yuan, tuple(checks), steps, missing if outcome == UNKNOWN else (), near)


def failed_check(rule: Rule, number: int, known: Known, language: str = "zh") -> Check:
    """The check of that number (see Outcomes.near), which is known to fail, without judging the rule again."""
    values = values_of(rule, known)
    conditions = number - bool(rule.any_of)
    if conditions < 0:
        return _applicability(rule, values, ["not_met"], language)[0]
    return _check(rule, rule.conditions[conditions], "not_met", values, language)


def values_of(rule: Rule, known: Known) -> dict[str, Decimal | None]:
    """What is known of the names that the rule reads, and the figures that it makes of them."""
    values = {name: known.get(name) for name in rule.names}
    for one in rule.derived:
        for name in one.names:
            values.setdefault(name, known.get(name))
        values[one.code] = _made(one, values)
    return values


def _made(one: Derived, values: Known) -> Decimal | None:
    if len(one.tiers) == 1 and one.tiers[0].when is None:
        return evaluate_exact(one.tiers[0].of, values)
    ((n,), (d,)) = Columns(1, {name: [values.get(name)] for name in one.names}).made(one)
    return Decimal(n) / Decimal(d) if d else None


def _applicability(rule: Rule, values: Known, states: list[str], language: str) -> list[Check]:
    if not rule.any_of:
        return []
    text = rule.body.get("who", {}).get("text") or " / ".join(
        rule.label(name, language) for name in rule.any_of
    )
    return [
        Check(
            text,
            states[0],
            _figures(rule, rule.any_of, values, language),
            "",
            *_missing(rule, rule.any_of, values, language),
        )
    ]


def _check(rule: Rule, condition: Condition, state: str, values: Known, language: str) -> Check:
    test = condition.test
    gap = _gap(rule, test.root, values, language) if state == "not_met" else ""
    labels, codes = _missing(rule, test.names, values, language) if state == "unknown" else ((), ())
    figures = _figures(rule, test.names, values, language)
    names = tuple(name for name in rule.roots(test.names) if values.get(name) is not None)
    return Check(condition.text, state, figures, gap, labels, codes, condition.clause, names)


def _missing(
    rule: Rule, names: tuple[str, ...], values: Known, language: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and names of what is not known: what a figure is made of rather than the figure."""
    unknown = [name for name in names if values.get(name) is None]
    codes = tuple(name for name in rule.roots(unknown) if values.get(name) is None) or tuple(unknown)
    return tuple(rule.label(name, language) for name in codes), codes


def _figures(rule: Rule, names: tuple[str, ...], values: Known, language: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (rule.label(name, language), figure(value, rule.unit(name), language))
        for name in names
        if (value := values.get(name)) is not None
    )


def _gap(rule: Rule, node: Node, values: Known, language: str) -> str:
    """By how much the first comparison that fails is missed, below its bound or above it."""
    if node.kind in ("and", "or"):
        return next((gap for arg in node.args if (gap := _gap(rule, arg, values, language))), "")
    if node.kind not in ("<", "<=", ">", ">="):
        return ""
    left, right = (evaluate_exact(Expression("", arg, (), False), values) for arg in node.args)
    if left is None or right is None:
        return ""
    difference = right - left if node.kind in (">", ">=") else left - right
    name = next((arg.name for arg in node.args if arg.kind == "name"), "")
    if difference < 0 or difference == 0 and node.kind in (">=", "<="):
        return ""
    bound_first = node.args[0].kind != "name" and node.args[1].kind == "name"
    words = SHORT if (node.kind in (">", ">=")) != bound_first else OVER
    return words[not language.startswith("zh")] % figure(
        difference, rule.unit(name) if name else "count", language
    )


def figure(value: Decimal, unit: str, language: str = "zh") -> str:
    """A figure with its unit, at most two decimals; money in 万元, in English in yuan."""
    if unit == "flag":
        return "✓" if value else "✗"
    chinese = language.startswith("zh")
    word = UNITS[unit][not chinese]
    if unit == "wan" and not chinese:
        value *= 10_000
    return f"{_short(value)}{' ' if word and unit != 'percent' else ''}{word}"


def _short(value: Decimal) -> str:
    text = f"{value:,.4f}" if value and abs(value) < 1 else f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def _money(wan: Decimal, language: str) -> str:
    """Cut to the yuan, as it is paid: 14.8 万元, 148,000 yuan."""
    wan = wan.quantize(Decimal("0.0001"), ROUND_DOWN)
    if not language.startswith("zh"):
        return f"{wan * 10_000:,.0f} yuan"
    return f"{wan:,.4f}".rstrip("0").rstrip(".") + " 万元"


def paying(rule: Rule, values: Known) -> Amount | None:
    """The tier by which the rule pays: the first that holds."""
    return next((one for one in rule.amounts if one.when is None or test_exact(one.when, values)), None)


def _steps(rule: Rule, values: Known, yuan: Decimal, language: str) -> tuple[str, ...]:
    """The computation in one or two lines: 350 × 5% = 17.5 万元; 上限 100 万元."""
    amount = paying(rule, values)
    if amount is None:
        return ()
    line, paid = _line(amount, values, language)
    wan = yuan / 10_000
    cap = f" → ≤ {_money(wan, language)}" if paid > wan and paid - wan >= Decimal("0.0001") else ""
    return (f"{amount.text + '：' if amount.text else ''}{line}{cap}",)


def _line(amount: Amount, values: Known, language: str) -> tuple[str, Decimal]:
    base = evaluate_exact(amount.of, values) or Decimal(0)
    steps = base / amount.per
    paid = (Decimal(int(steps)) if amount.whole else steps) * amount.pays
    if amount.kind == "fixed_wan":
        return _money(paid, language), paid
    if amount.kind == "rate":
        return (
            f"{_money(base, language)} × {_short(amount.pays * 100)}% = {_money(paid, language)}",
            paid,
        )
    count = f"{_short(base)} ÷ {_short(amount.per)}"
    steps_shown = f"⌊{count}⌋" if amount.whole else count
    return f"{steps_shown} × {_money(amount.pays, language)} = {_money(paid, language)}", paid
