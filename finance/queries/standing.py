"""Which of a firm's yearly results lending goes by."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.queries.standing import Standing, standings_of, standings_of_all


def in_force(enterprise_id: int) -> Standing | None:
    """The newest official standing; without one the newest, for an estimate. A veto counts from the day it is computed.

    A new year that is scored but not yet published must not take away the lines of the year in force, nor be shown
    to a bank. A published year that is being corrected is waited for: neither it nor the year before gives a line.
    """
    standings = standings_of(enterprise_id)
    if not standings or vetoes_of(standings[-1]):
        return standings[-1] if standings else None
    newest_first = reversed(standings)
    return next((one for one in newest_first if one.is_published or one.is_under_correction), standings[-1])


def standings_in_force(enterprise_ids: Iterable[int]) -> dict[int, list[Standing]]:
    """Official standings of enterprises, oldest first; a newer year counts before that only when it has a veto."""
    found = standings_of_all(enterprise_ids)
    return {
        number: [one for one in standings if one.is_published or vetoes_of(one)]
        for number, standings in found.items()
    }


def vetoes_of(standing: Standing) -> tuple[str, ...]:
    """Flags that forbid lending whatever the points are."""
    return tuple(flag for flag in standing.flags if flag == "VETO")
