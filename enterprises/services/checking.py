"""Checking a department's table cell by cell, one row at a time: what is good, what is wrong and why."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.queries.schemes import name_of
from innovscore.core import uscc as codes
from innovscore.core.money import CENT, LARGEST, UNITS, NotANumber, parse_money, parse_plain
from innovscore.core.problems import Refused
from scoring.engine import Scheme
from scoring.engine.expressions import test_exact

from .. import rules
from ..models import Enterprise
from .mappings import BY_USCC, REGISTER, ColumnMapping
from .spreadsheets import column_letters

MOST_FAULTS = 500
MOST_CHANGES = 50
MOST_LISTS = 20_000
Value = tuple[str, str, str | None, str | None]
"""USCC, input code, amount in yuan or units, list items as JSON."""
REASONS = {
    "empty": gettext_lazy("没有数值"),
    "approximate": gettext_lazy("不能是约数"),
    "range": gettext_lazy("不能是区间"),
    "form": gettext_lazy("不是数字"),
    "too_large": gettext_lazy("数值过大"),
    "precision": gettext_lazy("小数位过多"),
    "count": gettext_lazy("应为不小于 0 的整数"),
}
OTHER_UNITS = {(1, "万元"): "元", (1, "亿元"): "万元", (-1, "元"): "万元", (-1, "万元"): "亿元"}
"""What a column is probably in when its figures are 10,000 times too large (1) or too small (-1) for the unit said."""
LONGEST = {"name": 200, "legal_representative": 80, "registered_address": 300, "status": 40}
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)")


@dataclass(slots=True)
class Slips:
    """How a money column compares with what was known: figures compared, far too large, far too small."""

    compared: int = 0
    large: int = 0
    small: int = 0
    example: dict[str, str] = field(default_factory=dict)

    def add(self, uscc: str, amount: Decimal, known: Decimal) -> None:
        large, small = rules.unit_slip(amount, known), rules.unit_slip(known, amount)
        self.compared += 1
        self.large += large
        self.small += small
        if (large or small) and not self.example:
            self.example = {"uscc": uscc, "before": str(known), "after": str(amount)}


@dataclass(slots=True)
class Report:
    """What a pass over a file found. A fault names row, column, cell, the text and why; `most` of them are kept."""

    most: int = MOST_FAULTS
    read: int = 0
    matched: int = 0
    unmatched: list[str] = field(default_factory=list)
    values: int = 0
    row_values: int = 0
    register: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    fault_count: int = 0
    bad_rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    new: int = 0
    same: int = 0
    changed: int = 0
    changes: list[dict[str, str]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    note: str = ""
    """Why nothing was checked, when the columns are still to be chosen."""
    slips: dict[str, Slips] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    """Columns whose unit somebody has to confirm before anything is written."""

    def fault(self, row: int, column: str, place: int, text: object, why: str) -> None:
        self.fault_count += 1
        self.reasons[why] += 1
        if len(self.faults) < self.most:
            cell = f"{column_letters(place + 1)}{row}"
            entry = {"row": row, "column": column, "cell": cell, "text": str(text)[:80], "why": why}
            self.faults.append(entry)

    def ask_units(self, mapping: ColumnMapping) -> None:
        """Note the money columns whose figures look as if they were in another unit than said."""
        for head, (code, unit) in mapping.columns.items():
            found = self.slips.get(code)
            if found is None or head in mapping.sure:
                continue
            way = rules.column_slip(found.compared, found.large, found.small)
            other = OTHER_UNITS.get((way, unit or "元"))
            if other:
                count = found.large if way > 0 else found.small
                entry = {
                    "head": head,
                    "unit": unit or "元",
                    "other": other,
                    "compared": found.compared,
                    "count": count,
                }
                self.questions.append(entry | found.example)

    def as_data(self) -> dict[str, Any]:
        return {
            "read": self.read, "matched": self.matched, "unmatched": self.unmatched[:MOST_FAULTS], "unmatched_count": len(self.unmatched),
            "values": self.values, "row_values": self.row_values, "register": self.register, "faults": self.faults[:MOST_FAULTS],
            "fault_count": self.fault_count, "bad_rows": self.bad_rows, "reasons": self.reasons.most_common(20), "new": self.new,
            "same": self.same, "changed": self.changed, "changes": self.changes, "heads": self.heads, "note": self.note,
            "questions": self.questions,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A checked row: its good values, its register particulars, and whether nothing in it is wrong."""

    number: int
    values: list[Value]
    particulars: dict[str, Any] | None
    is_sound: bool


def known_firms(by: str) -> dict[str, str]:
    """USCC by normalised key of the firms that belong to the park."""
    members = Enterprise.objects.filter(member_to__isnull=True).exclude(**{by: ""}).values_list(by, "uscc")
    return {codes.normalise(key): uscc for key, uscc in members.iterator(chunk_size=5000)}


def key_text(cell: object) -> str:
    """An id as text; spreadsheets give whole numbers as floats."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell or "").strip()


class Checker:
    """One pass over the rows of a table. Raises Refused when no column names the firm, or none holds anything."""

    def __init__(
        self,
        scheme: Scheme,
        mapping: ColumnMapping,
        heads: list[str],
        known: Mapping[str, str],
        *,
        most: int = MOST_FAULTS,
    ) -> None:
        if mapping.key not in heads:
            raise Refused(
                code="no_key_column",
                field="mapping",
                message=_("没有找到“统一社会信用代码”列，请选择哪一列是它。"),
            )
        _refuse_twice(mapping, heads)
        chosen = [
            (heads.index(head), head, *entry) for head, entry in mapping.columns.items() if head in heads
        ]
        inputs = scheme.input_by_code
        self.cells = [(p, h, inputs[code], unit) for p, h, code, unit in chosen if code in inputs]
        self.register = [
            (p, h, code.removeprefix(REGISTER)) for p, h, code, _u in chosen if code.startswith(REGISTER)
        ]
        if not self.cells and not self.register:
            raise Refused(
                code="no_value_columns",
                field="mapping",
                message=_("没有一列对应到指标，请使用模板，或在映射中选择。"),
            )
        self.key, self.key_head, self.known = heads.index(mapping.key), mapping.key, known
        judged = (
            mapping.by == BY_USCC
        )  # a foreign register's figures are judged in the declaration, by nobody's hand
        self.rules = {
            item.code: _own_rules(item) if judged else (False, []) for _p, _h, item, _u in self.cells
        }
        self.units = {"money": UNITS["万元"] if scheme.money_unit == "wan" else UNITS["元"]}
        self.report, self.seen = Report(most=most, heads=heads), set[str]()
        self.lists = dict[tuple[str, str], str]()

    def rows(self, rows: Iterable[tuple[int, list[Any]]]) -> Iterator[Row]:
        for number, line in rows:
            yield self.row(number, line)

    def row(self, number: int, line: list[Any]) -> Row:
        """What is good in a line; what is wrong goes into the report."""
        report = self.report
        report.read += 1
        before = report.fault_count
        key = codes.normalise(key_text(line[self.key] if self.key < len(line) else ""))
        particulars = self._particulars(number, line, key) if self.register else None
        values = self._values(number, line, self.known[key]) if self._counts(number, key) else []
        sound = report.fault_count == before
        report.values += len(values)
        report.row_values += len(values) if sound else 0
        report.register += particulars is not None
        report.bad_rows += not sound
        return Row(number, values, particulars, sound)

    def _counts(self, number: int, key: str) -> bool:
        """Is the row about a firm of the park that did not come before? The register may name other firms too."""
        report = self.report
        if key in self.seen:
            report.fault(number, self.key_head, self.key, key, _("同一企业出现两次"))
            return False
        if key not in self.known:
            if len(report.unmatched) < MOST_FAULTS:
                report.unmatched.append(f"{number}: {key or '—'}")
            if not self.register or codes.fault(key) is not None:
                report.fault(number, self.key_head, self.key, key, _("园区内没有这家企业"))
            return False
        self.seen.add(key)
        report.matched += 1
        return True

    def _values(self, number: int, line: list[Any], uscc: str) -> list[Value]:
        good = list[Value]()
        for place, head, item, unit in self.cells:
            cell = line[place] if place < len(line) else ""
            if cell in ("", None):
                continue
            try:
                amount, entries = self._value(item, cell, unit)
            except NotANumber as error:
                self.report.fault(number, head, place, cell, str(REASONS[error.code]))
            except ValueError as error:
                self.report.fault(number, head, place, cell, str(error))
            else:
                good.append((uscc, item.code, amount, entries))
        return good

    def _value(self, item: Any, cell: Any, unit: str) -> tuple[str | None, str | None]:
        if item.is_list:
            return None, self._list(item, _text(cell))
        amount = _amount(item, cell, unit)
        at_least_zero, others = self.rules[item.code]
        if at_least_zero and amount < 0:
            raise ValueError(_("不能为负数"))
        for check in others:
            scale = self.units.get(item.type, Decimal(1))
            if not test_exact(check.expression, {item.code: amount / scale}):
                raise ValueError(name_of(check))
        return str(amount), None

    def _list(self, item: Any, text: str) -> str:
        """List items as JSON; departments write the same few texts again and again."""
        known = self.lists.get((item.code, text))
        if known is None:
            known = json.dumps(_entries(item, text), ensure_ascii=False)
            if len(self.lists) < MOST_LISTS:
                self.lists[item.code, text] = known
        return known

    def _particulars(self, number: int, line: list[Any], key: str) -> dict[str, Any] | None:
        """What the register says of a firm; None when a cell is wrong, or the code is none."""
        if codes.fault(key) is not None and key not in self.known:
            return None
        found, wrong = dict[str, Any](), self.report.fault_count
        for place, head, name in self.register:
            cell = line[place] if place < len(line) else ""
            try:
                found[name] = _day(cell) if name == "founded_on" else _short(cell, LONGEST[name])
            except ValueError as error:
                self.report.fault(number, head, place, cell, str(error))
        return found | {"uscc": key} if self.report.fault_count == wrong else None


def _refuse_twice(mapping: ColumnMapping, heads: list[str]) -> None:
    """One column an item: which of two counts is for a person to say."""
    used = [head for head in heads if head == mapping.key or head in mapping.columns]
    codes_of = [code for head, (code, _unit) in mapping.columns.items() if head in heads]
    twice = next(
        (head for head in used if used.count(head) > 1 or codes_of.count(mapping.columns.get(head, ("",))[0]) > 1), ""
    )  # fmt: skip
    if twice:
        raise Refused(
            code="columns_twice",
            field="mapping",
            message=_("列“%(head)s”的内容在文件中出现两次。请删去其中一列后重新上传，或在列映射中只选一列。")
            % {"head": twice},
        )


def _own_rules(item: Any) -> tuple[bool, list[Any]]:
    """Blocking checks about this input alone: "not negative" apart, since it is nearly always that."""
    own = [check for check in item.checks if check.level == "E" and check.expression.names == (item.code,)]
    plain = f"{item.code} >= 0"
    return any(c.expression.text == plain for c in own), [c for c in own if c.expression.text != plain]


def _text(cell: Any) -> str:
    if isinstance(cell, bool | dt.date | dt.time | dt.timedelta):
        raise NotANumber("form")
    text = f"{Decimal(f'{cell:.15g}'):f}" if isinstance(cell, float) else str(cell)
    if text.startswith(("=", "＝")):
        raise ValueError(_("单元格是公式，请粘贴为数值"))
    return text


def _amount(item: Any, cell: Any, unit: str) -> Decimal:
    """Yuan of money, a whole number of anything else. Raises NotANumber."""
    if isinstance(cell, float):  # as spreadsheets give it: 15 digits mean something
        number, yuan = Decimal(f"{cell:.15g}"), item.type == "money"
        if yuan:
            number *= UNITS[unit or "元"]
        if abs(number) >= LARGEST:
            raise NotANumber("too_large")
        if yuan:
            return _cents(number)
    elif item.type == "money":
        return parse_money(_text(cell), unit=unit or "元")
    else:
        number = parse_plain(_text(cell))
    if number != number.to_integral_value() or number < 0:
        raise NotANumber("count")
    return number.quantize(Decimal(1))


def _cents(yuan: Decimal) -> Decimal:
    cents = yuan.quantize(CENT)
    if cents != yuan:
        raise NotANumber("precision")
    return cents


def _entries(item: Any, text: str) -> list[dict[str, str]]:
    """Rows of a list in one cell: "provincial;rd_center", or "national_2#1|name|number|date;…" with what is known of each.

    Levels by code or name; a list without levels is a count, or rows that begin with the name.
    """
    text = text.replace("；", ";").replace("\n", ";").replace("｜", "|")
    if "|" not in text:
        if not item.levels:
            return _unnamed(item, text)
        text = text.replace("，", ";").replace(",", ";")
    return [_entry(item, part) for part in text.split(";")[:200] if part.strip(" |")]


def _unnamed(item: Any, text: str) -> list[dict[str, str]]:
    count = parse_plain(text)
    if not 0 <= count <= 1000 or count != count.to_integral_value():
        raise ValueError(_("应为 0 到 1000 的整数"))
    return [{"level": "", "name": name_of(item), "number": str(n + 1)} for n in range(int(count))]


def _entry(item: Any, part: str) -> dict[str, str]:
    said = [field.strip() for field in part.split("|")]
    level, rank = _level(item, said.pop(0)) if item.levels else ("", "")
    name, number, date = [*said, "", "", ""][:3]
    day = _day(date)
    entry = {
        "level": level, "name": name[:200] or name_of(item.levels[level] if level else item), "number": number[:200],
        "rank": rank[:20], "date": day.isoformat() if day else "",
    }  # fmt: skip
    return {field: text for field, text in entry.items() if text or field in ("level", "name", "number")}


def _level(item: Any, text: str) -> tuple[str, str]:
    """Level and rank of "national_2#1". Raises ValueError naming what may stand there."""
    by_name = {level["zh"]: code for code, level in item.levels.items()}
    written, _sep, rank = text.partition("#")
    level = by_name.get(written.strip(), written.strip())
    if level not in item.levels:
        known = "、".join(by_name)
        raise ValueError(_("未知级别 %(level)s，可用：%(known)s") % {"level": written[:40], "known": known})
    if rank and item.ranks and rank not in item.ranks:
        raise ValueError(
            _("未知名次 %(rank)s，可用：%(known)s") % {"rank": rank[:20], "known": "、".join(item.ranks)}
        )
    return level, rank


def _short(cell: Any, longest: int) -> str:
    text = key_text(cell)
    if len(text) > longest or "\x00" in text:
        raise ValueError(_("超过 %(n)s 个字") % {"n": longest})
    return text


def _day(cell: Any) -> dt.date | None:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = unicodedata.normalize("NFKC", key_text(cell))
    if not text:
        return None
    match = DATE.fullmatch(text)
    try:
        return (
            dt.date(*(int(part) for part in match.groups() if part)) if match else dt.date.fromisoformat(text)
        )
    except ValueError as error:
        raise ValueError(_("不是有效的日期，例如 2018-05-21")) from error
