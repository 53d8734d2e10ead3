"""Which groups of a table may be told without telling of a single firm. Pure."""

from __future__ import annotations

from collections.abc import Sequence

SMALLEST_GROUP = 5  # firms: a smaller group's figures would tell of single ones


def shown(firms: Sequence[int], fewest: int) -> list[bool]:
    """For each group, by how many firms it has, whether its figures are told.

    A group of fewer than `fewest` is hidden. Where all that is hidden is still fewer, the smallest of the others goes too:
    the sum of all less what is told would be theirs (complementary suppression, as statistical offices do it).
    """
    told, hidden = [True] * len(firms), 0
    for number in sorted(range(len(firms)), key=firms.__getitem__):
        if 0 < firms[number] < fewest or 0 < hidden < fewest:
            told[number] = firms[number] == 0
            hidden += firms[number]
    return told
