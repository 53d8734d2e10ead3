"""Which column of a department's file holds what: recognised by its head, chosen by a person, remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from innovscore.core.money import UNITS
from innovscore.core.problems import Refused
from parks.actors import Actor
from scoring.engine import Scheme

from ..models import SourceMapping
from .spreadsheets import is_key_head

KEY_HEAD = "统一社会信用代码"
BY_USCC, BY_EXTERNAL_ID = "uscc", "external_id"
FACTORS = {"1": "", "10000": "万元", "100000000": "亿元"}
"""Factors to yuan of a mapping file, as units."""
TO_BE_CHOSEN = ("no_key_column", "no_value_columns", "columns_twice")
"""Refusals of a file whose columns somebody has to choose."""
REGISTER = "register:"
REGISTER_FIELDS = {
    "name": ("企业名称", "名称"),
    "legal_representative": ("法定代表人",),
    "registered_address": ("注册地址", "住所", "住所（经营场所）"),
    "founded_on": ("成立日期",),
    "status": ("登记状态", "经营状态"),
}
"""Particulars of the market-regulation register with the heads they come under."""
REGISTER_SOURCE = "amr"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds what: `key` the enterprise, `columns` head -> (input code, unit of its money).

    `by` says what the key column holds: the USCC, or the id of an external register. Codes that begin with
    `register:` are particulars of the market-regulation register. Of the heads in `sure` somebody has said that the
    unit is right, whatever the figures look like.
    """

    key: str
    columns: dict[str, tuple[str, str]]
    by: str = BY_USCC
    sure: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        columns = {head: {"input": code, "unit": unit} for head, (code, unit) in self.columns.items()}
        return {"key": self.key, "by": self.by, "columns": columns} | (
            {"sure": list(self.sure)} if self.sure else {}
        )

    def with_units(self, units: Mapping[str, str]) -> ColumnMapping:
        """The same columns, some in the unit that somebody has said for them. Raises Refused for an unknown unit."""
        if not units.keys() <= self.columns.keys() or not set(units.values()) <= UNITS.keys():
            raise Refused(code="unit_unknown", field="unit", message=_("请为每一列选择单位。"))
        columns = {head: (code, units.get(head, unit)) for head, (code, unit) in self.columns.items()}
        return replace(self, columns=columns, sure=tuple(sorted({*self.sure, *units})))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ColumnMapping:
        """From a mapping file: {key, columns: {head: {input, unit}}}, or as the engine reads it, by an external id:
        {id, columns: {input: {column, factor}}}. Raises Refused naming the key that is wrong."""
        try:
            if "id" in data:
                pairs = dict(_engine_column(*pair) for pair in data["columns"].items())
                return cls(_word(data["id"]), pairs, BY_EXTERNAL_ID, tuple(pairs))
            columns = {
                _word(head): (_word(entry["input"]), _unit(entry.get("unit", "")))
                for head, entry in data["columns"].items()
            }
            by = BY_EXTERNAL_ID if data.get("by") == BY_EXTERNAL_ID else BY_USCC
            return cls(_word(data["key"]), columns, by, tuple(map(_word, data.get("sure", ()))))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Refused(
                code="mapping_wrong",
                field="mapping",
                message=_("映射文件缺少或写错了 %(key)s。") % {"key": error},
            ) from error


def _word(value: Any) -> str:
    """A name in a mapping file; anything nested is refused before it is written out."""
    if not isinstance(value, str | int | float):
        raise TypeError(type(value).__name__)
    return str(value)[:200]


def _unit(text: Any) -> str:
    unit = _word(text or "")
    if unit and unit not in UNITS:
        raise ValueError(f"unit {unit}")
    return unit


def _engine_column(code: str, entry: Any) -> tuple[str, tuple[str, str]]:
    if not isinstance(entry, Mapping):
        return _word(entry), (_word(code), "")
    return _word(entry["column"]), (_word(code), FACTORS[_word(entry.get("factor", 1))])


def guess_mapping(scheme: Scheme, heads: list[str], source: str = "") -> ColumnMapping:
    """Columns by input code or Chinese name; a unit in brackets (万元, 元) is understood."""
    by_name = {item.code: item for item in scheme.inputs} | {_wide(item.zh): item for item in scheme.inputs}
    particulars = _register_heads() if source == REGISTER_SOURCE else {}
    key, columns = "", dict[str, tuple[str, str]]()
    for head in heads:
        bare, unit = _split_unit(head)
        if is_key_head(head):
            key = key or head
        elif bare in by_name:
            item = by_name[bare]
            columns[head] = (item.code, (unit or "万元") if item.type == "money" else "")
        elif _wide(head) in particulars:
            columns[head] = (particulars[_wide(head)], "")
    return ColumnMapping(key, columns)


def _register_heads() -> dict[str, str]:
    return {head: REGISTER + name for name, heads in REGISTER_FIELDS.items() for head in heads}


def choose(scheme: Scheme, heads: list[str], source: str) -> tuple[ColumnMapping, bool]:
    """The department's remembered columns where the file has them all, else what the heads say; and which it was."""
    saved = SourceMapping.objects.filter(source=source).first()
    if saved is not None:
        mapping = ColumnMapping.from_data(saved.mapping)
        if {mapping.key, *mapping.columns} <= set(heads):
            return mapping, True
    return guess_mapping(scheme, heads, source), False


def remember(*, by: Actor, source: str, mapping: ColumnMapping) -> None:
    """Offer these columns with the department's next file."""
    SourceMapping.objects.update_or_create(
        source=source,
        park_id=by.park_id,
        defaults={"mapping": replace(mapping, sure=()).as_data(), "saved_by_name": by.person_name},
    )


def _wide(head: str) -> str:
    """Brackets of either width are the same, and white space means nothing."""
    return "".join(head.split()).replace("(", "（").replace(")", "）")


def _split_unit(head: str) -> tuple[str, str]:
    """A head without its unit of money, and the unit; other brackets belong to the name."""
    text = _wide(head)
    bare, _sep, unit = text.removesuffix("）").rpartition("（")
    return (bare.strip(), unit.strip()) if text.endswith("）") and unit.strip() in UNITS else (text, "")
