"""年度工作报告: the year of a park in figures, each with the page it comes from. A room's part is one function in `SECTIONS`.

What a calendar year did with the evaluation year before it is one report: data of 2025 are declared, scored and published in 2026.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cultivation.queries import claims, gatherings, ladder, matching, needs, platforms, visits
from enterprises.queries import cycles, enterprises
from enterprises.states import CertificationState, DeclarationState
from finance.queries import reports
from finance.queries.applications import SMALL_GROUP
from innovscore.core import disclosure
from innovscore.core.problems import NotFound
from parks import jobs
from parks.actors import Actor
from parks.models import Job, Park
from rankings.queries import awards, editions, statistics
from scoring.queries import charts, results
from scoring.queries.schemes import names_of, scheme_of

KIND = "innovscore.year_report"
FEWEST = reports.HEADLINE_GROUP
"""Firms that must stand behind a sum of the zone that leaves the office."""
FEWEST_IN_GROUP = SMALL_GROUP
"""Firms that must stand behind a line of a breakdown."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit. `firms` is how many firms stand behind it where a few of them could be recognised by it."""

    label: str
    value: int | str | None
    unit: str = ""
    firms: int | None = None

    @property
    def shown(self) -> str:
        return _shown(self.value)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it is, its cells, and how many firms stand behind them (None: nobody is recognised)."""

    label: str
    cells: list[int | str | None]
    firms: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    heads: list[str]
    rows: list[Row]

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.heads) - 1 for row in self.rows):
            raise ValueError(f"A row of {self.title} does not fit its heads.")

    def lines(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Label of each row with (head, cell as it is shown)."""
        return [
            (row.label, [(head, _shown(cell)) for head, cell in zip(self.heads[1:], row.cells, strict=True)])
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; `route` with `named` (beside the park) and `query` is the page its figures come from."""

    title: str
    route: str
    figures: list[Figure]
    tables: list[Table] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year of a park that was entered, and the cycle of the evaluation year before it if there is one."""

    park: Park
    number: int
    cycle: Any
    run: Any

    @classmethod
    def of(cls, park: Park, number: int) -> Year:
        cycle = cycles.all_cycles().filter(year=number - 1).first()
        return cls(park, number, cycle, editions.current_run(number - 1) if cycle else None)

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """[first day, first day of the next year)."""
        return dt.date(self.number, 1, 1), dt.date(self.number + 1, 1, 1)


def years(today: dt.date) -> list[int]:
    """Years that may be reported: this one and those after each evaluation year, newest first."""
    after = {number + 1 for number in cycles.all_cycles().values_list("year", flat=True)}
    return sorted({today.year} | {number for number in after if number <= today.year}, reverse=True)


def sections(year: Year, progress: Progress) -> list[Section]:
    """Every part that has something to say of the year."""
    found = []
    for done, make in enumerate(SECTIONS):
        progress(done, len(SECTIONS))
        found.append(make(year))
    return [section for section in found if section is not None]


def request(*, by: Actor, year: int, language: str) -> Job:
    """Ask for the report of a year in a language; while one waits or runs, that one is returned."""
    return jobs.request(
        kind=KIND, park_id=by.park_id, dedupe_key=f"{year}:{language}", by=by, args={"year": year, "language": language},
    )  # fmt: skip


def made() -> QuerySet[Job]:
    """Reports of the park, newest first."""
    return Job.objects.filter(kind=KIND, state=Job.State.SUCCEEDED).order_by("-pk")


def get(job_id: int) -> Job:
    """A report, or the job that makes it; raises NotFound."""
    row = Job.objects.filter(kind=KIND, pk=job_id).select_related("park").first()
    if row is None:
        raise NotFound(code="no_such_report", message=_("没有这份报告。"))
    return row


def dumped(found: list[Section]) -> list[dict[str, Any]]:
    """Sections as a job keeps them."""
    return [asdict(section) for section in found]


def loaded(rows: list[dict[str, Any]]) -> list[Section]:
    return [
        Section(
            **row
            | {
                "figures": [Figure(**one) for one in row["figures"]],
                "tables": [
                    Table(one["title"], one["heads"], [Row(**line) for line in one["rows"]])
                    for one in row["tables"]
                ],
            }
        )
        for row in rows
    ]


def for_outside(found: list[Section]) -> list[Section]:
    """The sections as they may leave the office, by the rule of released sums (`finance.queries.reports`)."""
    return [
        replace(
            section,
            figures=[
                replace(one, value=None) if _is_small(one.firms, FEWEST) else one for one in section.figures
            ],
            tables=[replace(table, rows=_told(table.rows)) for table in section.tables],
        )
        for section in found
    ]


def _shown(value: int | str | None) -> str:
    """Thousands separated, decimals as they are; what is missing or hidden is a dash."""
    return "—" if value is None else f"{Decimal(value):,}"


def _is_small(firms: int | None, fewest: int) -> bool:
    return firms is not None and 0 < firms < fewest


def _told(rows: list[Row]) -> list[Row]:
    told = disclosure.shown([row.firms or 0 for row in rows], FEWEST_IN_GROUP)
    return [
        row if is_told else replace(row, cells=[None for _cell in row.cells])
        for row, is_told in zip(rows, told, strict=True)
    ]


def _firms(label: str, count: int | None) -> Figure:
    return Figure(label, count, _("家"))


def _wan(label: str, yuan: Decimal | None, firms: int | None = None) -> Figure:
    return Figure(label, None if yuan is None else _in_wan(yuan), _("万元"), firms)


def _in_wan(yuan: Decimal) -> str:
    return f"{yuan / 10_000:.2f}"


def _participation(year: Year) -> Section | None:
    if year.cycle is None:
        return None
    counts: Mapping[str, int] = cycles.counts(year.cycle)
    members = enterprises.members()
    verified = counts.get(DeclarationState.VERIFIED, 0) + counts.get(DeclarationState.FROZEN, 0)
    total = sum(counts.values())
    figures = [
        _firms(_("名录企业"), members.count()),
        _firms(_("已认证企业"), members.filter(certification_state=CertificationState.CERTIFIED).count()),
        _firms(_("应申报企业"), total),
        _firms(_("已提交申报"), total - counts.get(DeclarationState.OPEN, 0)),
        _firms(_("已核定"), verified),
    ]
    title = _("%(year)s 年度申报与核定") % {"year": year.cycle.year}
    return Section(title, "enterprises:cycle", figures, named={"year": year.cycle.year})


def _scores(year: Year) -> Section | None:
    if year.run is None:
        return None
    scheme = scheme_of(year.run.scheme_version)
    covered, drawn = results.coverage(year.run), charts.of_run(year.run, scheme)
    stages, names = year.run.statistics.get("stages", {}), names_of(scheme.groups)
    figures = [
        _firms(_("计入企业"), covered.scored),
        _firms(_("有名次企业"), covered.ranked),
        Figure(_("覆盖率"), f"{covered.share:.1f}", "%"),
        _firms(_("数据齐全"), covered.complete),
    ]
    spread = [row for code in year.run.stages if (row := _spread(code, stages[code], names))]
    bins = [Row(label, [count], count) for label, count in drawn.histogram_rows if count]
    tables = [
        Table(
            _("各阶段总分"),
            [
                _("阶段"),
                _("企业"),
                _("有名次"),
                _("四分之一"),
                _("中位"),
                _("四分之三"),
            ],
            spread,
        ),
        Table(_("总分分布"), [_("分数段"), _("家数")], bins),
    ]
    title = _("%(year)s 年度积分") % {"year": year.cycle.year}
    return Section(title, "scoring:cycle", figures, tables, {"year": year.cycle.year})


def _spread(code: str, stage: Mapping[str, Any], names: Mapping[str, str]) -> Row | None:
    """A stage's quartiles; without the lowest and the highest, which are one firm's each. None where nobody is ranked."""
    if not stage["total"]:
        return None
    quartiles = [f"{value:.2f}" for value in stage["total"][1:-1]]
    return Row(names.get(code, code), [stage["units"], stage["ranked"], *quartiles], stage["ranked"])


def _boards(year: Year) -> Section | None:
    found = next((one for one in statistics.years(year.park) if one.year == year.number - 1), None)
    if found is None:
        return None
    figures = [
        Figure(_("已发布榜单"), len(found.boards), _("个")),
        _firms(_("上榜企业"), found.firms),
        _firms(_("首次上榜"), found.newcomers),
        _firms(_("多榜上榜"), found.several),
    ]
    boards = [Row(title, [eligible]) for _code, title, eligible in found.boards]
    tables = [Table(_("已发布的榜单"), [_("榜单"), _("参评企业")], boards)]
    title = _("%(year)s 年度榜单") % {"year": found.year}
    return Section(title, "rankings:year", figures, tables, {"year": found.year})


def _fund(year: Year) -> Section | None:
    budget = awards.budget(year.cycle) if year.cycle else None
    if budget is None:
        return None
    paid = awards.paid(year.cycle)
    figures = [
        _wan(_("预算"), budget.cap),
        _wan(_("已安排"), budget.committed),
        _firms(_("已拨付企业"), paid.firms),
        _wan(_("已拨付金额"), paid.amount),  # awards are published with name and amount
    ]
    return Section(_("专项资金"), "rankings:award_year", figures, named={"year": year.cycle.year})


def _credit(year: Year) -> Section | None:
    start, end = year.span
    told, applied = reports.headline(start=start, end=end), reports.applied(start=start, end=end)
    figures = [
        Figure(_("申请"), applied.count, _("笔")),
        _wan(_("申请金额"), applied.amount),
        _firms(_("获批企业"), told.firms),
        Figure(_("批准"), told.loans, _("笔")),
        _wan(_("批准金额"), told.amount),
        Figure(_("平均年利率"), told.rate_percent or None, "%"),
    ]
    by_product = [
        Row(one.label, [one.count, None if one.amount is None else _in_wan(one.amount)])
        for one in reports.by_product(start=start, end=end)
    ]
    heads = [_("产品"), _("笔数"), _("金额（万元）")]
    tables = [Table(_("按产品"), heads, by_product)] if by_product else []
    return Section(_("积分贷"), "finance:office", figures, tables)


def _claims(year: Year) -> Section:
    found = claims.totals(year.number)
    figures = [
        Figure(_("受理申请"), found.filed, _("件")),
        _wan(_("受理金额"), found.filed_amount, found.filed_firms),
        _firms(_("已兑现企业"), found.firms),
        Figure(_("兑现申请"), found.paid, _("件")),
        _wan(_("兑现金额"), found.paid_amount, found.firms),
    ]
    return Section(_("政策兑现"), "cultivation:claim_queue", figures)


def _ladder(year: Year) -> Section | None:
    """As the last comparison of all firms found it."""
    steps = ladder.funnel(matching.current())
    if not steps:
        return None
    rows = [Row(one.version.title, [one.held, one.ready, one.near]) for one in steps]
    heads = [_("梯次"), _("已具备"), _("可申报"), _("只差一项")]
    return Section(_("梯度培育现状"), "cultivation:ladder", [], [Table(_("各梯次企业"), heads, rows)])


def _platforms(year: Year) -> Section:
    """As registered now; sums are those of the platforms' newest reports."""
    rows = platforms.in_force()
    firms, found = rows.values("enterprise").distinct().count(), platforms.total(rows)
    counted = [
        Figure(label, found.figures[name], unit, firms)
        for name, label, unit in (
            ("staff", _("研发人员"), _("人")),
            ("projects", _("在研项目"), _("项")),
            ("patents", _("专利"), _("件")),
            ("contracts", _("技术合同"), _("项")),
        )
    ]
    figures = [
        Figure(_("有效平台"), found.platforms, _("个")),
        _firms(_("拥有平台的企业"), firms),
        *counted,
        _wan(_("技术合同金额"), found.figures["contract_amount"], firms),
    ]
    by_type = [Row(one.label, [one.platforms]) for one in platforms.totals_by(rows, "type")]
    tables = [Table(_("按类型"), [_("类型"), _("平台")], by_type)] if by_type else []
    return Section(_("研发平台现状"), "cultivation:platform_registry", figures, tables)


def _events(year: Year) -> Section:
    found = gatherings.totals(year.number)
    figures = [
        Figure(_("举办活动"), found.events, _("场")),
        Figure(_("报名"), found.booked, _("人")),
        Figure(_("到场"), found.people, _("人")),
        _firms(_("参加企业"), found.firms),
    ]
    return Section(_("宣传培训"), "cultivation:events", figures)


def _visits(year: Year) -> Section:
    covered, asked = visits.coverage(year.number), visits.totals(year.number)
    figures = [
        Figure(_("走访"), covered.visits, _("次")),
        _firms(_("走访企业"), covered.firms),
        Figure(_("走访覆盖率"), f"{covered.percent:.1f}", "%"),
        Figure(_("收到诉求"), asked.raised, _("件")),
        Figure(_("已答复诉求"), asked.answered, _("件")),
        Figure(_("企业确认解决"), asked.closed, _("件")),
        Figure(_("超期未答复"), asked.overdue, _("件")),
    ]
    return Section(_("走访与诉求"), "cultivation:visits", figures)


def _needs(year: Year) -> Section:
    found = needs.totals(year.number)
    figures = [
        Figure(_("发布的需求"), found.posted, _("条")),
        Figure(_("对接专家"), found.introductions, _("次")),
        Figure(_("签约项目"), found.contracts, _("项")),
        _wan(_("合同金额"), found.amount, found.firms),
    ]
    return Section(_("技术需求"), "cultivation:tech_needs", figures)


SECTIONS: tuple[Callable[[Year], Section | None], ...] = (
    _participation, _scores, _boards, _fund, _credit, _claims, _ladder, _platforms, _visits, _events, _needs,
)  # fmt: skip
"""The report in its order."""
