"""What was typed into a number field, read and explained."""

from __future__ import annotations

from decimal import Decimal

from innovscore.core.money import NotANumber
from innovscore.core.problems import Refused

from ..services.figures import MEANINGS, figure


def read_number(text: str, *, is_money: bool, field: str = "text") -> Decimal:
    """Yuan for money typed in 万元, else a whole number. Raises Refused saying what is wrong."""
    try:
        return figure(text, is_money=is_money)
    except NotANumber as error:
        raise Refused(code=f"number_{error.code}", field=field, message=MEANINGS[error.code]) from error
