"""What is typed as a figure or as the rows of a list, and what is said when it cannot be read."""

from __future__ import annotations

from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from innovscore.core.money import parse_count, parse_money

MEANINGS = {
    "empty": gettext_lazy("请填写数值，例如 688.00。"),
    "approximate": gettext_lazy("请填写确切的数值，不要写“约”。"),
    "range": gettext_lazy("请填写一个数值，不要写区间。"),
    "form": gettext_lazy("没有读懂这个数值，请只写数字，例如 688.00。"),
    "too_large": gettext_lazy("数值过大，请检查单位是否为万元。"),
    "precision": gettext_lazy("小数位过多，金额最多精确到分。"),
    "count": gettext_lazy("请填写不小于 0 的整数。"),
}
"""Why a figure was not read (NotANumber.code) and the way out."""


def figure(text: str, *, is_money: bool) -> Decimal:
    """Yuan for money typed in 万元, else a whole number. Raises NotANumber."""
    return parse_money(text) if is_money else parse_count(text)


def entries_of(post: QueryDict) -> list[dict[str, str]]:
    """Rows of a list input; a row without any word is left out."""
    fields = ("level", "rank", "name", "number", "date")
    columns = {name: post.getlist(f"entry_{name}") for name in fields}
    rows = []
    for number in range(min(len(columns["name"]), 200)):
        row = {name: column[number].strip()[:200] for name, column in columns.items() if number < len(column)}
        if any(row.get(name) for name in ("name", "number", "date", "level", "rank")):
            rows.append({name: value for name, value in row.items() if value or name in ("level", "name")})
    return rows
