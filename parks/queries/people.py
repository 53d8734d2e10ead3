"""Names of persons that records know by their number only."""

from __future__ import annotations

from collections.abc import Iterable

from ..models import Person


def names(numbers: Iterable[object]) -> dict[object, str]:
    """The names behind the numbers of persons; what is no number of a person is left out."""
    known = {number for number in numbers if isinstance(number, int)}
    return dict(Person.objects.filter(pk__in=known).values_list("pk", "name")) if known else {}
