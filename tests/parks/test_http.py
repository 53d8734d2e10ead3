"""What arrives in a query string is a number or nothing."""

from __future__ import annotations

import pytest

from parks.http import whole


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "７", "1e3", "9" * 4000, "0x10", " 7"])
def test_anything_but_a_whole_number_is_nothing(text: str) -> None:
    assert whole(text) is None


def test_a_number_above_the_limit_is_nothing() -> None:
    assert (whole("0"), whole("50", at_most=50), whole("51", at_most=50)) == (0, 50, None)
