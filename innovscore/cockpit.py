"""年度驾驶舱: the ten steps of a year with their figures, what bars the next one, and the page where it is cleared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import batches, cycles, enterprises
from finance.queries import reports
from indicators.queries.schemes import scheme_of
from innovscore.core.money import yuan_to_wan
from parks import access
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.workdays import deadline_in_words
from rankings.queries import certificates, editions
from scoring.queries import anomalies, results

DONE, NOW, LATER = "done", "now", "later"


@dataclass(slots=True)
class Step:
    """One step: figures in words, `share` of it done (0-100, None where that says nothing), gates that are not met."""

    title: str
    route: str
    facts: list[str]
    is_done: bool
    share: int | None = None
    gates: list[tuple[str, str]] = field(default_factory=list)
    keys: tuple[str, ...] = ("year",)
    query: str = ""
    state: str = LATER
    url: str = ""

    @property
    def label(self) -> str:
        return {DONE: _("已完成"), NOW: _("进行中"), LATER: _("未开始")}[self.state]


@dataclass(frozen=True, slots=True)
class _Year:
    """What the steps look at."""

    cycle: Any
    declared: dict[str, int]
    run: Any
    editions: Counter[str]

    @property
    def total(self) -> int:
        return sum(self.declared.values())

    def count(self, *states: str) -> int:
        return sum(self.declared.get(state, 0) for state in states)


def years() -> list[int]:
    """Years of the park, newest first."""
    return list(cycles.all_cycles().values_list("year", flat=True))


def steps(year: int, actor: Actor) -> list[Step]:
    """The ten steps of a year. Raises NotFound. Links lead only where the role may read."""
    cycle = cycles.of_year(year)
    newest = dict(editions.editions_of(year).order_by("number").values_list("board", "state"))
    found = _Year(cycle, cycles.counts(cycle), editions.current_run(year), Counter(newest.values()))
    made = [make(found) for make in STEPS]
    first = next((step for step in made if not step.is_done), None)
    for step in made:
        begun = step is first or bool(step.share) or bool(step.gates)
        step.state = DONE if step.is_done else NOW if begun else LATER
        if access.may(actor.role, step.route):
            named = {"park": actor.park_code, "year": year}
            step.url = (
                reverse(step.route, kwargs={key: named[key] for key in ("park", *step.keys)}) + step.query
            )
    return made


def _share(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0


def _set_up(year: _Year) -> Step:
    return Step(
        _("采用指标体系，开启年度"), "enterprises:cycle", [str(year.cycle.scheme_version), deadline_in_words(year.cycle.declaration_deadline)], True
    )  # fmt: skip


def _certify(year: _Year) -> Step:
    members = enterprises.members()
    all_of, certified = members.count(), members.filter(certification_state="certified").count()
    waiting = members.filter(certification_state="submitted").count()
    step = Step(
        _("企业认证"), "enterprises:cases", [_("已认证 %(n)s 家，名录共 %(all)s 家") % {"n": certified, "all": all_of}],
        certified > 0 and not waiting, _share(certified, all_of), keys=(),
    )  # fmt: skip
    if waiting:
        step.gates.append((_("%(n)s 家待审核") % {"n": waiting}, ""))
    return step


def _prefill(year: _Year) -> Step:
    asked = [set(item.sources) - {"enterprise"} for item in scheme_of(year.cycle.scheme_version).inputs]
    wanted = [sources for sources in asked if sources]
    applied = batches.all_batches().filter(year=year.cycle.year, state="applied")
    have = set(applied.values_list("source", flat=True))
    covered = sum(1 for sources in wanted if sources & have)
    said = {"n": len(have), "part": covered, "all": len(wanted)}
    return Step(
        _("导入部门数据"), "enterprises:batches", [_("已导入 %(n)s 个来源，%(part)s/%(all)s 项数据有来源") % said],
        bool(wanted) and covered == len(wanted), _share(covered, len(wanted)), keys=(),
    )  # fmt: skip


def _declare(year: _Year) -> Step:
    still_open = year.count("open")
    over = year.cycle.state != "open" or db_now() > year.cycle.declaration_deadline
    return Step(
        _("企业确认、更正并签署"), "enterprises:coverage",
        [_("已提交 %(n)s 份，共 %(all)s 份") % {"n": year.total - still_open, "all": year.total}],
        year.total > 0 and (over or not still_open), _share(year.total - still_open, year.total),
    )  # fmt: skip


def _verify(year: _Year) -> Step:
    done, waiting, returned = (
        year.count("verified", "frozen"),
        year.count("submitted"),
        year.count("returned"),
    )
    step = Step(
        _("核定"), "enterprises:queue", [_("已核定 %(n)s 份") % {"n": done}], done > 0 and not waiting + returned,
        _share(done, done + waiting + returned), keys=(), query=f"?year={year.cycle.year}",
    )  # fmt: skip
    if year.cycle.state != "open":
        step.is_done = done > 0
        return step
    if waiting:
        step.gates.append((_("%(n)s 份待核定") % {"n": waiting}, "&state=submitted"))
    if returned:
        step.gates.append((_("%(n)s 份退回补正中") % {"n": returned}, "&state=returned"))
    return step


def _freeze(year: _Year) -> Step:
    snapshot = results.latest_snapshot(year.cycle.pk)
    facts = [] if snapshot is None else [f"{_('快照')} {snapshot.root[:12]}"]
    if year.cycle.frozen_at:
        facts.insert(0, _("%(at)s 冻结") % {"at": f"{year.cycle.frozen_at.astimezone(BEIJING):%Y-%m-%d}"})
    return Step(_("冻结数据"), "scoring:cycle", facts, snapshot is not None)


def _score(year: _Year) -> Step:
    if year.run is None:
        return Step(_("计算积分"), "scoring:cycle", [], False)
    strange = anomalies.open_count(year.run)
    step = Step(
        _("计算积分"), "scoring:cycle",
        [_("%(n)s 家，运行号 %(hash)s") % {"n": year.run.rows, "hash": year.run.run_hash[:12]}], not strange,
    )  # fmt: skip
    if strange:
        step.gates.append((_("%(n)s 条积分异常待核查") % {"n": strange}, ""))
    return step


def _notice(year: _Year) -> Step:
    running, final = year.editions["on_notice"], year.editions["final"]
    wanted = len(year.run.boards) if year.run else 0
    step = Step(
        _("公示"), "rankings:year", [_("公示中 %(n)s 个榜单") % {"n": running}] if running else [],
        bool(wanted) and final >= wanted, _share(final + running, wanted) if wanted else None,
    )  # fmt: skip
    objections = editions.all_open_objections() if running else 0
    if objections:
        step.gates.append((_("%(n)s 件异议未答复") % {"n": objections}, ""))
    return step


def _publish(year: _Year) -> Step:
    final, wanted = year.editions["final"], len(year.run.boards) if year.run else 0
    step = Step(
        _("发布榜单，签发证书"), "rankings:year", [_("已发布 %(n)s 个榜单，共 %(all)s 个") % {"n": final, "all": wanted}] if wanted else [],
        bool(wanted) and final >= wanted, _share(final, wanted) if wanted else None,
    )  # fmt: skip
    without = certificates.without(year=year.cycle.year)
    if without:
        step.gates.append((_("%(n)s 个榜单还没有证书") % {"n": without}, ""))
    return step


def _use(year: _Year) -> Step:
    told = reports.headline()
    facts = []
    if told.firms is not None and told.amount is not None:
        facts.append(
            _("%(n)s 家获批积分贷，共 %(sum)s 万元")
            % {"n": told.firms, "sum": f"{yuan_to_wan(told.amount):,.2f}"}
        )
    return Step(_("授信、贷款、奖励"), "finance:office", facts, year.cycle.state == "closed", keys=())


STEPS: tuple[Callable[[_Year], Step], ...] = (
    _set_up, _certify, _prefill, _declare, _verify, _freeze, _score, _notice, _publish, _use,
)  # fmt: skip
"""The year in the order of its steps."""
