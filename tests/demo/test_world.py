"""The demo world is believable, obeys the scheme, and holds the cases that pages and rules must cope with."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from innovscore.core import uscc
from innovscore.demo.blemishes import OPTIONAL, SLIP
from innovscore.demo.items import LISTS
from innovscore.demo.world import HERO, World, Year, make_world
from scoring.engine import expressions
from scoring.engine.boards import rank
from scoring.engine.facts import Facts, make_facts
from scoring.engine.raw import Columns
from scoring.engine.scheme import load_scheme
from scoring.engine.score import score

SCHEME = load_scheme("indicators/schemes/cq_htz_30.yaml")
INPUTS = [item.code for item in SCHEME.inputs]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def rows_of(year: Year) -> Any:
    return np.flatnonzero(year.present)


def facts(world: World, year: Year) -> Facts:
    rows = rows_of(year)
    values, states = year.values(SCHEME.fact_columns), year.states(INPUTS)
    return make_facts(SCHEME, ids=[world.uscc[row] for row in rows], values=values[rows], states=states[rows])


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    again, other = make_world(), make_world(seed=7)
    assert again.name == world.name and again.uscc == world.uscc
    for one, two in zip(world.years, again.years, strict=True):
        assert np.array_equal(one.values(SCHEME.fact_columns), two.values(SCHEME.fact_columns))
        assert one.entries == two.entries and one.blemishes == two.blemishes
    assert other.name != world.name


def test_names_and_codes_are_unique_and_sound(world: World) -> None:
    assert len(set(world.name)) == len(set(world.uscc)) == len(world) == 527
    assert (min(map(len, world.name)), max(map(len, world.name))) == (2, 28)
    assert any("㽏" in name for name in world.name) and any("（" in name for name in world.name)
    assert all(uscc.fault(code) is None for code in world.uscc)
    assert all(code[2:8] == uscc.FAKE_AREA for code in world.uscc)


def test_two_zones_share_no_firm(world: World) -> None:
    assert not set(world.uscc) & set(make_world(40, 1, 2023, first=1_000_527, sub_parks=1, city="成都").uscc)


def test_stages_are_mixed_as_asked(world: World) -> None:
    year = world.years[-1]
    stages = score(facts(world, year), SCHEME).group
    assert np.allclose(np.bincount(stages) / len(stages), [0.45, 0.40, 0.15], atol=0.005)


@pytest.mark.parametrize("size", [(527, 3), (3_000, 1)])
def test_what_is_right_breaks_no_rule_that_refuses(size: tuple[int, int]) -> None:
    world = make_world(*size)
    for year in world.years:
        table = facts(world, year)
        columns = Columns(table, SCHEME)
        env = columns.environment({}, table.group)
        for item in SCHEME.inputs:
            for check in (check for check in item.checks if check.level == "E"):
                truth, doubt = expressions.test_columns(check.expression, env)
                known = np.all(
                    [
                        (columns.state(name) > 0) & (columns.state(name) < 4)
                        for name in check.expression.names
                    ],
                    axis=0,
                )
                broken = [
                    int(row)
                    for row in np.flatnonzero(known & (~np.broadcast_to(truth, len(table)) | doubt))
                    if not expressions.test_exact(
                        check.expression,
                        {name: columns.exact(name, int(row)) for name in check.expression.names},
                    )
                ]
                assert not broken, (year.year, item.code, check.zh)


def test_a_year_begins_where_the_last_one_ended(world: World) -> None:
    for before, after in zip(world.years, world.years[1:], strict=False):
        old = before.present & after.present & ~after.not_applicable["revenue_prev"]
        for now, then in (
            ("revenue_prev", "revenue"),
            ("rd_expense_prev", "rd_expense"),
            ("net_assets_begin", "net_assets_end"),
        ):
            assert np.array_equal(after.amounts[now][old], before.amounts[then][old]), now


def test_a_firm_founded_in_the_year_has_no_year_before(world: World) -> None:
    for year in world.years:
        founded = np.array([day.year for day in world.founded])
        assert np.array_equal(year.present, founded <= year.year)
        assert np.array_equal(year.not_applicable["revenue_prev"], founded == year.year)
        assert np.isnan(year.amounts["revenue_prev"][founded == year.year]).all()


def test_growth_of_sales_and_of_research_go_together() -> None:
    world = make_world(4_000, 1)
    year = world.years[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        grown = [year.amounts[code] / year.amounts[f"{code}_prev"] for code in ("revenue", "rd_expense")]
    usable = np.all(np.isfinite(grown) & (np.array(grown) > 0), axis=0)
    assert 0.3 < np.corrcoef(np.log(np.array(grown)[:, usable]))[0, 1] < 0.9


def test_sizes_are_heavy_tailed() -> None:
    revenue = np.sort(make_world(4_000, 1).years[0].amounts["revenue"])[::-1]
    assert revenue[:400].sum() > 0.5 * revenue.sum()


def test_shares_of_blemishes_are_as_told() -> None:
    world = make_world(4_000, 1)
    year = world.years[0]
    lacking = np.mean([year.missing[code] for code in (*OPTIONAL, *LISTS) if code != "rd_equipment_invest"])
    assert lacking == pytest.approx(0.12, abs=0.01)
    told = [blemish for cells in year.blemishes.values() for blemish in cells.values()]
    slipped = sum(blemish.kind == SLIP for blemish in told)
    figures = [
        code
        for code in year.amounts
        if code not in ("rd_equipment_invest", "revenue_prev", "rd_expense_prev")
    ]
    cells = sum(int((np.nan_to_num(year.amounts[code]) != 0).sum()) for code in figures)
    assert (len(told) - slipped) / cells == pytest.approx(0.06, abs=0.006)
    assert slipped / len(world) == pytest.approx(0.03, abs=0.012)
    gaps = [
        (code, firm, value) for code, cells in year.second_source.items() for firm, value in cells.items()
    ]
    assert len(gaps) / len(world) == pytest.approx(0.02, abs=0.008)
    assert all(abs(value / year.amounts[code][firm] - 1) > 0.2 for code, firm, value in gaps)
    assert all(
        blemish.prefilled != year.amounts[code][firm]
        for code, found in year.blemishes.items()
        for firm, blemish in found.items()
    )


def test_one_firm_stands_on_three_boards_and_two_share_place_ten(world: World) -> None:
    year = world.years[-2]
    rows, table = rows_of(year).tolist(), facts(world, year)
    boards = rank(score(table, SCHEME), table, SCHEME).boards
    assert world.star is not None and year.tie is not None
    star = rows.index(world.star)
    assert sum(0 < board.place[star] <= 10 for board in boards.values()) >= 3
    assert [int(boards["innovation_talent"].place[rows.index(firm)]) for firm in year.tie] == [10, 10]
    assert all(len(board.winners) == 10 for board in boards.values())


def test_one_firm_is_vetoed_and_the_demo_firm_can_borrow(world: World) -> None:
    for year in world.years:
        rows, found = rows_of(year).tolist(), score(facts(world, year), SCHEME)
        assert np.flatnonzero(found.vetoes).tolist() == (
            [rows.index(world.vetoed)] if world.vetoed in rows else []
        )
        assert found.total[rows.index(HERO)] > 60_00


def test_items_last_as_long_as_their_list_looks_back(world: World) -> None:
    for code, kind in LISTS.items():
        for year in world.years:
            items = year.items[code]
            assert ((items.year <= year.year) & (items.year > year.year - kind.window)).all()
            if kind.once:
                assert items.count(f"{code}.hnte", len(world)).max() == 1
    for before, after in zip(world.years, world.years[1:], strict=False):
        for firm, items in before.entries["platforms"].items():
            if not after.missing["platforms"][firm]:
                assert all(item in after.entries["platforms"][firm] for item in items)


def test_entries_and_columns_tell_the_same(world: World) -> None:
    year = world.years[-1]
    table = year.values(SCHEME.fact_columns)
    for item in (item for item in SCHEME.inputs if item.is_list):
        places = [SCHEME.fact_columns.index(column) for column in item.columns]
        for firm in range(len(world)):
            entries = year.entries[item.code].get(firm, [])
            assert table[firm, places].sum() == len(entries)
            assert not item.levels or all(entry["level"] in item.levels for entry in entries)
            assert all(
                entry["name"] and entry["number"] and entry["date"] <= f"{year.year}-12-31"
                for entry in entries
            )
            assert all(("rank" in entry) == bool(item.ranks) for entry in entries)


def test_one_talent_counts_for_one_firm(world: World) -> None:
    for year in world.years:
        for code in ("golden_phoenix", "high_level_talents"):
            numbers = [item["number"] for items in year.entries[code].values() for item in items]
            assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("size", [1, 12, 40, 101])
def test_small_zones_work_too(size: int) -> None:
    world = make_world(size, 2)
    assert len(facts(world, world.years[-1])) == size


def test_unknown_inputs_are_named(world: World) -> None:
    with pytest.raises(KeyError, match="nothing_known"):
        world.years[0].values(["nothing_known"])


@pytest.mark.slow
def test_a_hundred_thousand_firms_take_seconds() -> None:
    began = time.process_time()
    world = make_world(100_000, 1)
    world.years[0].values(SCHEME.fact_columns)
    assert len(set(world.uscc)) == len(set(world.name)) == 100_000
    assert time.process_time() - began < 15
