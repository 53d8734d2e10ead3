"""A refusal by the database's guards, turned into words: each room says which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, transaction

from innovscore.core.problems import Problem


@contextmanager
def guarded(problem_of: Callable[[DatabaseError], Problem | None]) -> Iterator[None]:
    """A savepoint in which a refusal of the database becomes the problem that `problem_of` names; other errors pass."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        problem = problem_of(error)
        if problem is None:
            raise
        raise problem from error
