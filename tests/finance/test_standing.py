"""Lending goes by the published year, until a newer one is published too."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from finance.queries.card import card
from finance.queries.standing import in_force
from parks.models import Park
from parks.scope import park_scope
from scoring.models import ScoreRun
from scoring.queries.standing import standing_of
from tests.factories import lending

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("published", "flags", "year"),
    [(False, 0, lending.YEAR), (True, 0, lending.YEAR + 1), (False, 2, lending.YEAR + 1)],
    ids=["under way", "published", "veto"],
)
def test_the_year_that_lending_goes_by(park: Park, published: bool, flags: int, year: int) -> None:
    with park_scope(park.pk):
        world = lending.world(park)
        lending.score(world.enterprise, year=lending.YEAR + 1, published=published, flags=flags)
        standing = in_force(world.enterprise.pk)
        shown = card(world.enterprise.pk, ["score"])["score"]
    assert standing and shown
    assert (standing.cycle_year, shown["year"]) == (year, year)


def test_a_published_year_that_is_being_corrected_gives_no_line_nor_does_the_year_before(park: Park) -> None:
    with park_scope(park.pk):
        world = lending.world(park)
        lending.score(world.enterprise, year=lending.YEAR + 1, published=False)
        run = standing_of(world.enterprise.pk, lending.YEAR + 1)
        assert run is not None
        before = ScoreRun.objects.get(pk=run.run_id)
        before.pk, before.engine_version, before.official_at = None, "0.9.0", Now()  # type: ignore[assignment]
        before.save()
        standing = in_force(world.enterprise.pk)
    assert standing is not None
    assert (standing.cycle_year, standing.is_published) == (lending.YEAR + 1, False)
