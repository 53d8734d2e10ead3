"""A lending case whose bank has a decision engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from finance.models import Application
from parks.actors import Actor
from parks.scope import park_scope
from tests.factories import bankapi, lending


@dataclass
class Case:
    """The world of a firm that may borrow 9,000,000, and the bank's program. The park is not entered."""

    world: lending.World
    ops: Actor
    engine: bankapi.Engine

    @property
    def park(self) -> Any:
        return self.world.park

    def inside(self) -> Any:
        return park_scope(self.park.pk)

    def consent(self) -> Any:
        with self.inside():
            return self.world.consent()

    def application(self, amount: int = 5_000_000, ref: str = "ref-1") -> Application:
        """An application that the bank sees; give the consent first."""
        with self.inside():
            return self.world.apply(amount, ref)


def make_case(park: Any, number: int = 1) -> Case:
    with park_scope(park.pk):
        world = lending.world(park, number)
        ops = bankapi.ops_of(world.maker.organisation_id, park)
        return Case(world, ops, bankapi.engine(ops))


@pytest.fixture
def case(park: Any) -> Case:
    return make_case(park)
