"""What was typed into a number field, read and explained."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from innovscore.core.money import NotANumber
from innovscore.core.problems import Refused

from ..services.figures import MEANINGS, figure


def read_number(text: str, *, is_money: bool, field: str = "text") -> Decimal:
    """Yuan for money typed in 万元, else a whole number. Raises Refused saying what is wrong."""
    try:
        return figure(text, is_money=is_money)
    except NotANumber as error:
        raise Refused(code=f"number_{error.code}", field=field, message=MEANINGS[error.code]) from error


def entries_of(post: Any) -> list[dict[str, str]]:
    """Rows of a list input; a row without any word is left out."""
    fields = ("level", "rank", "name", "number", "date")
    columns = {name: post.getlist(f"entry_{name}") for name in fields}
    rows = []
    for number in range(min(len(columns["name"]), 200)):
        row = {name: column[number].strip()[:200] for name, column in columns.items() if number < len(column)}
        if any(row.get(name) for name in ("name", "number", "date", "level", "rank")):
            rows.append({name: value for name, value in row.items() if value or name in ("level", "name")})
    return rows
