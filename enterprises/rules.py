"""Pure rules of declarations: which values count, which checks of the scheme fail."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring.engine import Scheme
from scoring.engine.expressions import test_exact

WAN = Decimal(10_000)
UNITS = {"wan": WAN, "yuan": Decimal(1)}
SLIP, ROUND_SLIP = Decimal(1000), Decimal(100)
"""From which multiple of a known figure a unit slip is likely: for any figure, and for one that ends in 0000 as typed."""
APART = Decimal(20)
"""Percent by which two sources of the same figure may differ without words."""
DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
RD_PER_HEAD = (Decimal(30_000), Decimal(1_000_000))
"""R&D expense per R&D staff that is plausible, yuan."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that fails: level E blocks, W needs an explanation. `codes` are the inputs it is about."""

    level: str
    code: str
    codes: tuple[str, ...]
    zh: str
    en: str
    flag: str = ""


def environment(scheme: Scheme, values: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Names of the scheme's expressions: money in its unit, counts, number of list items; None = missing.

    `values` has per input code an object with `amount` (yuan or units) and `entries`.
    """
    unit = UNITS[scheme.money_unit]
    found: dict[str, Decimal | None] = {}
    for item in scheme.inputs:
        value = values.get(item.code)
        if value is None:
            found[item.code] = None
        elif item.is_list:
            found[item.code] = None if value.entries is None else Decimal(len(value.entries))
        else:
            amount = value.amount
            found[item.code] = amount / unit if amount is not None and item.type == "money" else amount
    return found


def findings(scheme: Scheme, values: Mapping[str, Any]) -> list[Finding]:
    """All checks of the scheme that fail; a check over a missing value is not asked."""
    env = environment(scheme, values)
    failed = []
    for item in scheme.inputs:
        for check in item.checks:
            names = check.expression.names
            if any(env.get(name) is None for name in names):
                continue
            if not test_exact(check.expression, env):
                failed.append(Finding(check.level, item.code, names, check.zh, check.en, check.flag))
    return failed


@dataclass(frozen=True, slots=True)
class Records:
    """What checks against records look at: the declared values, last cycle's verified figures, and which inputs two
    departments state more than 20 % apart. The cut-off is the end of the evaluation year.
    """

    values: Mapping[str, Any]
    last: Mapping[str, Decimal | None]
    apart: Collection[str]
    year: int

    def stated(self, code: str) -> list[dict[str, Any]]:
        """List items that the firm states itself; those of departments have been seen by them."""
        value = self.values.get(code)
        return list(value.declared_entries or []) if value else []


def record_findings(scheme: Scheme, records: Records) -> list[Finding]:
    """All checks against records that name a rule and fail; what is not known is not asked."""
    failed = []
    for item in scheme.body["inputs"]:
        for check in item.get("register_checks", ()):
            rule = RECORD_RULES.get(check.get("rule", ""))
            of = check.get("of", ())
            if rule and item["code"] in records.values and not rule(records, item, *of):
                names = (item["code"], *(name for name in of if name in records.values))
                failed.append(Finding(check["level"], item["code"], names, check["zh"], check["en"]))
    return failed


def previous_codes(scheme: Scheme) -> dict[str, str]:
    """Inputs that repeat a figure of the cycle before: code -> the code it had there."""
    return {
        item["code"]: check["of"][0]
        for item in scheme.body["inputs"]
        for check in item.get("register_checks", ())
        if check.get("rule") == "previous_verified"
    }


def _previous_verified(records: Records, item: Mapping[str, Any], of: str) -> bool:
    """As it was verified, or corrected with reason and paper, which is the correction that is filed."""
    value, before = records.values[item["code"]], records.last.get(of)
    is_filed = bool(value.declared_amount is not None and value.reason and value.evidence_id)
    return before is None or value.amount is None or value.amount == before or is_filed


def _sources_agree(records: Records, item: Mapping[str, Any]) -> bool:
    return item["code"] not in records.apart


def _numbered(records: Records, item: Mapping[str, Any]) -> bool:
    return all(str(entry.get("number", "")).strip() for entry in records.stated(item["code"]))


def _dated(records: Records, item: Mapping[str, Any]) -> bool:
    """Every item has its day, none after the cut-off."""
    days = [day_of(str(entry.get("date", ""))) for entry in records.stated(item["code"])]
    return all(day is not None and day.year <= records.year for day in days)


def _once_each(records: Records, item: Mapping[str, Any]) -> bool:
    """Nothing is named twice; only persons of one name may be two, told apart by their numbers."""
    numbers: dict[str, list[str]] = {}
    for entry in records.stated(item["code"]):
        numbers.setdefault(_plain(entry.get("name")), []).append(_plain(entry.get("number")))
    if item["type"] != "person_list":
        return all(len(found) == 1 for found in numbers.values())
    return all(
        len(found) == 1 or (all(found) and len(set(found)) == len(found)) for found in numbers.values()
    )


def _not_also_in(records: Records, item: Mapping[str, Any], of: str) -> bool:
    other = records.values.get(of)
    names = {_plain(entry.get("name")) for entry in (other.entries or [])} if other else set()
    return not any(_plain(entry.get("name")) in names for entry in records.stated(item["code"]))


def _share_with_level(records: Records, item: Mapping[str, Any], *of: str) -> bool:
    """Who holds a level has at least this share of the whole, in percent."""
    whole, listed, level, least = of
    part, total, held = (records.values.get(code) for code in (item["code"], whole, listed))
    if not (part and total and held) or part.amount is None or not total.amount:
        return True
    holds = any(entry.get("level") == level for entry in held.entries or [])
    return not holds or part.amount * 100 >= total.amount * Decimal(least)


RECORD_RULES: dict[str, Callable[..., bool]] = {
    "previous_verified": _previous_verified, "sources_agree": _sources_agree, "numbered": _numbered, "dated": _dated,
    "once_each": _once_each, "not_also_in": _not_also_in, "share_with_level": _share_with_level,
}  # fmt: skip
"""Rules that a scheme's `register_checks` may name; the others are decided by a person."""


def day_of(text: str) -> dt.date | None:
    """A day as people write it: 2025-03-01, 2025/3/1, 2025.3.1, 2025年3月1日."""
    match = DAY.fullmatch(text.strip())
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _plain(text: object) -> str:
    return "".join(unicodedata.normalize("NFKC", str(text or "")).split()).casefold()


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What differs between two states of a list; a changed row is one dropped and one added."""

    dropped: list[dict[str, Any]]
    added: list[dict[str, Any]]
    kept: int

    def __bool__(self) -> bool:
        return bool(self.dropped or self.added)


def row_changes(
    before: Sequence[Mapping[str, Any]] | None, after: Sequence[Mapping[str, Any]] | None
) -> RowChanges:
    """Compare the rows of a list, whatever their order; a field that is empty is as one that is absent."""
    left = [_filled(row) for row in after or ()]
    dropped = []
    for row in map(_filled, before or ()):
        if row in left:
            left.remove(row)
        else:
            dropped.append(row)
    return RowChanges(dropped, left, kept=len(after or ()) - len(left))


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in row.items() if said not in ("", None)}


def may_be_negative(item: Any) -> bool:
    """May a figure be below zero: no error check of its own forbids it."""
    below = {item.code: Decimal(-1)}
    own = [
        check for check in item.checks if check.level == "E" and set(check.expression.names) == {item.code}
    ]
    return item.type == "money" and all(test_exact(check.expression, below) for check in own)


def may_not_apply(scheme: Scheme, code: str) -> bool:
    """May an input be declared not applicable: only where an indicator that uses it allows it."""
    return any(code in indicator.inputs and indicator.not_applicable for indicator in scheme.indicators)


def unit_slip(amount: Decimal | None, known: Decimal | None) -> bool:
    """Was a figure probably typed in yuan where 万元 was meant? Compared with last year's or the department's figure.

    Both in yuan. A figure a thousand times the known one, or a hundred times when it ends in four zeros of 万元.
    """
    if not amount or not known or known <= 0 or amount <= 0:
        return False
    ratio = amount / known
    ends_round = amount % (WAN * WAN) == 0
    return ratio >= SLIP or (ratio > ROUND_SLIP and ends_round)


def column_slip(compared: int, large: int, small: int) -> int:
    """Is a whole column in the wrong unit: 1 when most figures that can be compared slip upwards, -1 downwards, else 0."""
    most = max(large, small)
    if not most or 2 * most <= compared:
        return 0
    return 1 if large >= small else -1


def difference(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """How far two figures of the same thing are apart, in percent of the larger; None when one is missing."""
    if one is None or other is None:
        return None
    larger = max(abs(one), abs(other))
    return Decimal(0) if larger == 0 else abs(one - other) / larger * 100


def rd_per_head_odd(rd_expense: Decimal | None, rd_staff: Decimal | None) -> Decimal | None:
    """R&D expense per R&D staff in yuan when it is below 3 or above 100 万元, else None."""
    if not rd_expense or not rd_staff:
        return None
    per_head = rd_expense / rd_staff
    return per_head if per_head < RD_PER_HEAD[0] or per_head > RD_PER_HEAD[1] else None
