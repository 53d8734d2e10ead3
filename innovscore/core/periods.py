"""Half-open periods of dates: the first day counts, the last one named does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end); no end = for good. Raises ValueError when it would hold no day."""

    start: dt.date
    end: dt.date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"A period ends after it starts: {self.start} to {self.end}.")

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def overlaps(self, other: Period) -> bool:
        """Is there a day in both?"""
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)

    def intersection(self, other: Period) -> Period | None:
        """The days in both; None when there are none."""
        if not self.overlaps(other):
            return None
        ends = [end for end in (self.end, other.end) if end is not None]
        return Period(max(self.start, other.start), min(ends) if ends else None)

    @property
    def days(self) -> int | None:
        """How many days; None = for good."""
        return None if self.end is None else (self.end - self.start).days

    @property
    def last_day(self) -> dt.date | None:
        """The last day that counts, as people write it; None = for good."""
        return None if self.end is None else self.end - dt.timedelta(days=1)


def year(number: int) -> Period:
    """A calendar year."""
    return Period(dt.date(number, 1, 1), dt.date(number + 1, 1, 1))


def disjoint(periods: Iterable[Period]) -> bool:
    """Does no day lie in two of them?"""
    ordered = sorted(periods, key=lambda period: period.start)
    return not any(one.overlaps(after) for one, after in zip(ordered, ordered[1:], strict=False))
