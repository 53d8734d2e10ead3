"""Pool, guarantor and subsidy budget are never over-committed by many connections; without the guard the race is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from finance.models import Decision, Guarantee, RiskCounter, Subsidy, SubsidyEvent, SubsidyProgramme
from finance.services import decisions, guarantees, subsidies
from innovscore.core.problems import Conflict
from parks.clock import db_today
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.factories import finance as rows
from tests.factories import loans as make
from tests.finance.test_line import race

pytestmark = pytest.mark.django_db
MILLION = make.MILLION
HALF = Decimal(500_000)
COUNTERS = {
    "finance_commit(bigint, bigint, numeric, numeric)": """
CREATE OR REPLACE FUNCTION finance_commit(p_park bigint, p_counter bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE free boolean;
BEGIN
  SELECT committed + p_delta <= cap INTO free FROM public.finance_riskcounter WHERE park_id = p_park AND id = p_counter;
  PERFORM pg_sleep(0.2);
  IF NOT free THEN RAISE EXCEPTION 'no' USING ERRCODE = 'IS001'; END IF;
  UPDATE public.finance_riskcounter SET committed = committed + p_delta, paid = paid + p_paid WHERE park_id = p_park AND id = p_counter;
END $$""",
}  # fmt: skip
BUDGET = {
    "finance_budget(bigint, bigint, numeric, numeric)": """
CREATE OR REPLACE FUNCTION finance_budget(p_park bigint, p_programme bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE free boolean;
BEGIN
  SELECT committed + p_delta <= budget INTO free FROM public.finance_subsidyprogramme WHERE park_id = p_park AND id = p_programme;
  PERFORM pg_sleep(0.2);
  IF NOT free THEN RAISE EXCEPTION 'no' USING ERRCODE = 'IS001'; END IF;
  UPDATE public.finance_subsidyprogramme SET committed = committed + p_delta, paid = paid + p_paid WHERE park_id = p_park AND id = p_programme;
END $$""",
    "finance_subsidy_step()": "grant_row.programme_id FOR UPDATE",
}  # fmt: skip
"""The second is a lock that is taken out of the function."""


def decide_all(scene: make.Scene, made: list[Guarantee]) -> list[Any]:
    def grant(i: int) -> Any:
        with park_scope(scene.park.pk):
            return guarantees.decide(
                by=scene.g_checker,
                application_id=made[i].application_id,
                outcome="grant",
                content_hash=made[i].content_hash,
            )

    return race(len(made), grant)


def proposed(scene: make.Scene, number: int) -> list[Guarantee]:
    """Applications of half a million, each waiting for the guarantor's checker."""
    return [
        guarantees.propose(
            by=scene.g_maker,
            application_id=scene.apply(HALF).pk,
            cover_ratio=Decimal("0.8"),
            fee_rate=Decimal("0.01"),
        )
        for _n in range(number)
    ]


def test_a_guarantors_cap_has_exactly_the_winners_it_allows(live_db: None, park: Any) -> None:
    scene, made = crowd(park)
    results = decide_all(scene, made)
    assert sum(isinstance(one, Guarantee) for one in results) == 2
    assert {one.code for one in results if isinstance(one, Conflict)} == {"cap_guarantor_total"}
    with park_scope(park.pk):
        assert RiskCounter.objects.get(kind="guarantor", scope="total").committed == 1_200_000


def test_the_last_of_a_pool_goes_to_one(live_db: None, park: Any) -> None:
    """Pool 0.5 of a million free; nine decisions that need 0.1 each are approved at once: five win, others learn which cap."""
    scene, waiting = pool_crowd(park)

    def approve(i: int) -> Any:
        with park_scope(park.pk):
            return decisions.decide(
                by=scene.checker, application_id=waiting[i].application_id, outcome="approve",
                content_hash=waiting[i].content_hash,
            )  # fmt: skip

    results = race(len(waiting), approve)
    lost = [one for one in results if isinstance(one, Conflict)]
    assert (len(results) - len(lost), {one.code for one in lost}) == (5, {"cap_pool_total"})
    assert {one.params["left"] for one in lost} == {"0.00"}
    assert committed(park, "pool") == 500_000


def committed(park: Any, kind: str) -> Decimal:
    with park_scope(park.pk):
        return RiskCounter.objects.get(kind=kind, scope="total").committed


def pool_crowd(park: Any) -> tuple[make.Scene, list[Decision]]:
    """Nine proposals of half a million each, of which the pool bears 0.1; it can bear 0.5 in all."""
    with park_scope(park.pk):
        scene = make.scene(park, pool_share=Decimal("0.2"), pool_project_cap=None)
        waiting = []
        for _n in range(9):
            application = scene.apply(HALF)
            scene.pledge(application, "0.8")
            made = decisions.propose(
                by=scene.maker,
                application_id=application.pk,
                amount=HALF,
                rate=Decimal("0.036"),
                term_months=12,
            )
            waiting.append(made)
        make.terms(scene.fund1, scene.fund2, capital=500_000, client_cap=8_000_000, group_cap=8_000_000)
    return scene, waiting


def approved_by_sql(park: Any) -> Decimal:
    """The same approvals by plain inserts, without the services' locks; what the pool has committed afterwards."""
    scene, waiting = pool_crowd(park)
    with park_scope(park.pk):
        for one in waiting:
            Decision.objects.filter(pk=one.pk).update(
                outcome="approved", checker_person=scene.checker.person_id, checker_name="x"
            )

    def approve(i: int) -> None:
        with park_scope(park.pk):
            rows.step(
                waiting[i].application,
                "approve",
                "bank_checker",
                "approved",
                person=scene.checker,
                reserve=HALF,
            )

    race(len(waiting), approve)
    return committed(park, "pool")


def test_plain_sql_does_not_over_commit_a_pool(live_db: None, park: Any) -> None:
    assert approved_by_sql(park) == 500_000


def test_without_the_guard_the_pool_is_over_committed(live_db: None, park: Any) -> None:
    with without_the_guard():
        assert approved_by_sql(park) > 500_000


@contextmanager
def without_the_guard(
    functions: dict[str, str] = COUNTERS, table: str = "finance_riskcounter", check: str = "risk_counter_cap"
) -> Iterator[None]:
    """The database with check-then-write counters and without the CHECK."""
    with owner_connection() as owner, owner.cursor() as cursor:
        kept = {}
        for name, body in functions.items():
            cursor.execute("SELECT pg_get_functiondef(%s::regprocedure)", [name])
            kept[name] = cursor.fetchone()[0]
            cursor.execute(
                body if "CREATE" in body else kept[name].replace(body, body.removesuffix(" FOR UPDATE"))
            )
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [check])
        condition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        try:
            yield
        finally:
            for body in kept.values():
                cursor.execute(body)
            cursor.execute(f"TRUNCATE {table} CASCADE")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {check} {condition}")


def race_of_sql(scene: make.Scene, made: list[Guarantee]) -> Decimal:
    """The same decisions by plain inserts, without the services' locks; what is committed afterwards."""
    with park_scope(scene.park.pk):
        for one in made:
            Guarantee.objects.filter(pk=one.pk).update(
                outcome="granted", checker_person=scene.g_checker.person_id, checker_name="x"
            )

    def grant(i: int) -> None:
        with park_scope(scene.park.pk):
            rows.step(
                made[i].application, "g_grant", "guarantor_checker", "guaranteed", person=scene.g_checker
            )

    race(len(made), grant)
    with park_scope(scene.park.pk):
        return RiskCounter.objects.get(kind="guarantor", scope="total").committed


def crowd(park: Any) -> tuple[make.Scene, list[Guarantee]]:
    """A guarantor that bears 0.4 of 1.2 million, and six proposals of 0.4 each (made while it could bear more)."""
    with park_scope(park.pk):
        scene = make.scene(park)
        scene.pledge(scene.apply(HALF))
        made = proposed(scene, 6)
        make.terms(
            scene.g_maker, scene.g_checker, capital=1_200_000, client_cap=8_000_000, group_cap=8_000_000
        )
    return scene, made


def test_plain_sql_does_not_over_commit_a_guarantor(live_db: None, park: Any) -> None:
    assert race_of_sql(*crowd(park)) == 1_200_000


def test_without_the_guard_the_same_race_over_commits(live_db: None, park: Any) -> None:
    scene, made = crowd(park)
    with without_the_guard():
        assert race_of_sql(scene, made) > 1_200_000


def budget_race(park: Any, work: Callable[[make.Scene, list[Subsidy]], list[Any]]) -> Decimal:
    with park_scope(park.pk):
        scene = make.scene(park)
        programme = subsidies.propose_programme(
            by=scene.fund1, code="lpr", name="贴息", method="lpr", rate=Decimal("0.5"), lpr=Decimal("0.03"), budget=Decimal(1000),
            year_cap=Decimal(100_000), total_cap=Decimal(100_000),
        )  # fmt: skip
        subsidies.activate_programme(by=scene.fund2, programme_id=programme.pk)
        application = scene.loan(days_ago=300)
        day = db_today() - dt.timedelta(days=200)
        made = [
            Subsidy.objects.create(
                programme=programme, application=application, enterprise=scene.firm.enterprise, interest_paid=Decimal(300), amount=Decimal(300),
                period=(day + dt.timedelta(days=n), day + dt.timedelta(days=n + 1)),
            )
            for n in range(8)
        ]  # fmt: skip
    work(scene, made)
    with park_scope(park.pk):
        programme.refresh_from_db()
        return programme.committed


def test_a_subsidy_budget_has_exactly_the_winners_it_allows(live_db: None, park: Any) -> None:
    def work(scene: make.Scene, made: list[Subsidy]) -> list[Any]:
        def apply(i: int) -> Any:
            with park_scope(scene.park.pk):
                return subsidies.step(by=scene.firm.agent, subsidy_id=made[i].pk, event="apply")

        results = race(len(made), apply)
        assert sum(isinstance(one, Subsidy) for one in results) == 3, results
        assert {one.code for one in results if isinstance(one, Conflict)} == {"cap_budget_total"}
        return results

    assert budget_race(park, work) == 900
    with park_scope(park.pk):
        assert SubsidyEvent.objects.count() == 3
        assert SubsidyProgramme.objects.get().paid == 0


def apply_by_sql(scene: make.Scene, made: list[Subsidy]) -> list[Any]:
    """The same applications by plain inserts."""

    def apply(i: int) -> None:
        with park_scope(scene.park.pk):
            SubsidyEvent.objects.create(
                subsidy=made[i], from_state="computed", event="apply", role="enterprise_agent", to_state="applied",
                person_ref=scene.firm.agent.person_id, person_name="x",
            )  # fmt: skip

    return race(len(made), apply)


def test_plain_sql_does_not_over_commit_a_budget(live_db: None, park: Any) -> None:
    assert budget_race(park, apply_by_sql) == 900


def test_without_the_lock_the_budget_is_over_committed(live_db: None, park: Any) -> None:
    with without_the_guard(BUDGET, "finance_subsidyprogramme", "subsidy_programme_budget"):
        assert budget_race(park, apply_by_sql) > 1000
