"""What was typed into a number field, read and explained."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.money import NotANumber, parse_money, parse_number
from innovscore.core.problems import Refused

MEANINGS = {
    "empty": gettext_lazy("请填写数值，例如 688.00。"),
    "approximate": gettext_lazy("请填写确切的数值，不要写“约”。"),
    "range": gettext_lazy("请填写一个数值，不要写区间。"),
    "form": gettext_lazy("没有读懂这个数值，请只写数字，例如 688.00。"),
    "too_large": gettext_lazy("数值过大，请检查单位是否为万元。"),
    "precision": gettext_lazy("小数位过多，金额最多精确到分。"),
}


def read_number(text: str, *, is_money: bool, field: str = "text") -> Decimal:
    """Yuan for money typed in 万元, else a whole number. Raises Refused saying what is wrong."""
    try:
        if is_money:
            return parse_money(text)
        value, _unit = parse_number(text)
    except NotANumber as error:
        raise Refused(code=f"number_{error.code}", field=field, message=MEANINGS[error.code]) from error
    if value != value.to_integral_value() or value < 0:
        raise Refused(code="not_a_count", field=field, message=_("请填写不小于 0 的整数。"))
    return value


def entries_of(post: Any) -> list[dict[str, str]]:
    """Rows of a list input; a row without any word is left out."""
    fields = ("level", "rank", "name", "number", "date")
    columns = {name: post.getlist(f"entry_{name}") for name in fields}
    rows = []
    for number in range(min(len(columns["name"]), 200)):
        row = {
            name: column[number].replace("\x00", "").strip()[:200]
            for name, column in columns.items()
            if number < len(column)
        }
        if any(row.get(name) for name in ("name", "number", "date", "level", "rank")):
            rows.append({name: value for name, value in row.items() if value or name in ("level", "name")})
    return rows
