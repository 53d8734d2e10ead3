"""The demo zone as a story: two published years, an open one, a second zone with boards on notice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from enterprises.models import Cycle, Enterprise
from enterprises.services import prefill
from indicators.models import SchemeVersion
from indicators.queries.schemes import scheme_of
from indicators.services import drafts, schemes
from parks import jobs
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import Park
from parks.scope import park_scope
from parks.workdays import deadline_after
from scoring.queries import anomalies as queries
from scoring.services import anomalies, reviews, runs, snapshots

from . import (
    boards,
    facts,
    fund,
    gatherings,
    lending,
    load,
    needs,
    papers,
    people,
    platforms,
    policies,
    visits,
)
from .world import LAST_YEAR, World, make_world

SCHEME = "cq_htz_30"
SECOND_ZONE = 40
HERO = 3
"""Number of the enterprise that the demo agent and signatory act for."""


@dataclass(slots=True)
class Zone:
    """A demo zone while it is being made."""

    park: Park
    actors: dict[str, Actor]
    scheme: SchemeVersion
    world: World
    enterprises: list[Enterprise]
    cycles: dict[int, Cycle]


Say = Callable[[str], None]


def tell(*, enterprises: int, years: int, seed: int, say: Say, last_year: int = LAST_YEAR) -> list[Zone]:
    """Make both zones with `last_year` as their newest evaluation year; `say` reports progress."""
    world = make_world(enterprises, years, seed, last_year=last_year)
    first = _zone("cq", world, seed=seed, open_last=True, say=say)
    if enterprises > 20_000:
        return [first]
    small = make_world(
        SECOND_ZONE, 1, seed + 1, first=enterprises + 1_000_000, sub_parks=1, city="成都", last_year=last_year
    )
    second = _zone("cd", small, seed=seed + 1, open_last=False, say=say)
    return [first, second]


def _zone(code: str, world: World, *, seed: int, open_last: bool, say: Say) -> Zone:
    park = people.make_zone(code)
    organisations = people.partners(park)
    with park_scope(park.pk):
        say(f"{park.name}: {len(world)} enterprises")
        rows = load.load_enterprises(world, since=people.SINCE)
        hero = rows[min(HERO, len(rows) - 1)]
        if open_last:
            organisations["enterprise"] = hero.organisation
        actors = people.open_accounts(park, organisations)
        if open_last:
            people.give_letter(hero, actors)
        admin = actors["park.admin@demo"]
        draft = schemes.adopt(by=admin, name=SCHEME)
        scheme = drafts.activate(by=actors["park.score@demo"], draft=draft, seen_digest=draft.digest)
        load.load_veto(rows[-1], on=dt.date(world.years[-1].year, 3, 1))
    zone = Zone(park, actors, scheme, world, rows, {})
    for year in world.years:
        is_open = open_last and year is world.years[-1]
        say(f"{park.name}: {year.year}")
        _year(zone, year.year, seed=seed, is_open=is_open)
    if open_last and len(world.years) > 1:
        say(f"{park.name}: loans")
        lending.tell(park, actors, hero=hero)
        say(f"{park.name}: platforms")
        platforms.tell(park, actors, hero=hero)
        facts.tell(park, actors, hero=hero)
        say(f"{park.name}: policies")
        policies.tell(park, actors, hero=hero)
        say(f"{park.name}: visits")
        visits.tell(park, actors, hero=hero)
        gatherings.tell(park, actors, hero=hero)
        needs.tell(park, actors, hero=hero)
    return zone


def _year(zone: Zone, number: int, *, seed: int, is_open: bool) -> None:
    year = next(one for one in zone.world.years if one.year == number)
    signer = zone.actors["park.review2@demo"]
    verifier = load.Verifier(signer.person_id or 0, signer.person_name)
    untouched = frozenset({min(HERO, len(zone.enterprises) - 1)}) if is_open else frozenset()
    with park_scope(zone.park.pk):
        cycle = Cycle.objects.create(
            year=number, scheme_version=zone.scheme, declaration_deadline=_deadline(number, is_open)
        )
        load.load_year(
            zone.world,
            year,
            zone.enterprises,
            cycle,
            verifier=verifier,
            seed=seed,
            mixed=is_open,
            untouched=untouched,
        )
        if is_open:
            firms = [one.pk for one in zone.enterprises]
            prefill.carry_over(enterprise_ids=firms, year=number, scheme=scheme_of(zone.scheme))
            papers.attach_corrections(Actor.system(zone.park), cycle)
    zone.cycles[number] = cycle
    if is_open:
        return
    score(zone, number)
    codes = [board["code"] for board in zone.scheme.body["boards"]]
    desk = boards.Desk(
        zone.park, zone.actors["park.score@demo"], zone.actors["park.publish@demo"], zone.actors["park.publish2@demo"]
    )  # fmt: skip
    ahead = zone.world.years[-1].year - number
    if ahead:
        boards.publish_year(desk, year=number, boards=codes, further=ahead == 1)
    else:
        boards.every_state(desk, year=number, boards=codes, now=db_now())
    if ahead:
        tell_fund = fund.year_on_notice if ahead == 1 else fund.paid_year
        tell_fund(zone.park, zone.actors, cycle=cycle, boards=codes)


def _deadline(year: int, is_open: bool) -> dt.datetime:
    if is_open:
        return deadline_after(db_now(), 30)
    return dt.datetime(year + 1, 7, 15, 18, tzinfo=BEIJING)


def score(zone: Zone, year: int) -> None:
    """Freeze a year and compute its run in this process."""
    officer = zone.actors["park.score@demo"]
    with park_scope(zone.park.pk):
        snapshots.freeze_cycle(by=officer, cycle=zone.cycles[year])
        run = runs.request_run(by=officer, cycle=zone.cycles[year])
    with park_scope(zone.park.pk):
        jobs.run(run.job_id)  # type: ignore[arg-type]
    with park_scope(zone.park.pk):
        review = reviews.request_review(by=officer, run=run)
        jobs.run(review.job_id)  # type: ignore[arg-type]
        strange = list(queries.of_run(run).values_list("pk", flat=True))
        anomalies.clear(by=officer, run=run, ids=strange, note="已核对审计报告和完税证明")
