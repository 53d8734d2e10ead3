"""R&D platforms: lists, totals, what is due, what a platform could become, and which levels of the score's list they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core import workdays
from innovscore.core.dates import whole_years
from innovscore.core.problems import NotFound
from parks import workdays as parks_workdays
from parks.actors import Actor
from parks.clock import db_today

from .. import formula
from ..models import (
    Platform,
    PlatformEvent,
    PlatformLevel,
    PlatformReport,
    PlatformType,
    PlatformYear,
    PolicyVersion,
)
from ..models.platforms import FIGURES
from ..states import PlatformState, RuleKind
from ..wording import language
from . import matching_facts, policies

SHIPPED = Path(__file__).parent.parent / "platforms.yaml"
ENDING_STEPS = (60, 20, 5)
"""Working days before a platform's last valid day."""
REPORT_STEPS = (10, 3)
"""Working days before a report is due."""
GROUPS = {
    "type": "type__title", "level": "level__title", "sub_park": "enterprise__sub_park__name", "industry": "enterprise__industry",
}  # fmt: skip


@lru_cache(maxsize=1)
def shipped() -> dict[str, list[dict[str, Any]]]:
    """Types and levels that come with the platform."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return found


def types() -> QuerySet[PlatformType]:
    return PlatformType.objects.order_by("pk")


def levels() -> QuerySet[PlatformLevel]:
    return PlatformLevel.objects.order_by("rank")


def platforms() -> QuerySet[Platform]:
    """Every entry, those that wait for a check first."""
    rows = Platform.objects.select_related("enterprise__sub_park", "type", "level")
    return rows.order_by(F("state").desc(), "-level__rank", "name", "pk")


def in_force() -> QuerySet[Platform]:
    return platforms().filter(state=PlatformState.IN_FORCE)


def of_enterprise(enterprise_id: int) -> QuerySet[Platform]:
    return platforms().filter(enterprise_id=enterprise_id)


def visible(actor: Actor, platform_id: int) -> Platform:
    """A platform of the own firm, or any for the office; raises NotFound for others and absent ones alike."""
    row = enterprises.seen_by(platforms().select_related("before"), actor).filter(pk=platform_id).first()
    if row is None:
        raise NotFound(code="no_such_platform", message=_("没有这个平台。"))
    return row


def events(platform: Platform) -> QuerySet[PlatformEvent]:
    return PlatformEvent.objects.filter(platform=platform).order_by("pk")


def reports(platform: Platform) -> QuerySet[PlatformReport]:
    return PlatformReport.objects.filter(platform=platform).select_related("year").order_by("-year__year")


def years() -> QuerySet[PlatformYear]:
    """Years the park asked for, with the number of reports that came, the newest first."""
    return PlatformYear.objects.annotate(came=Count("reports")).order_by("-year")


def get_year(year_id: int) -> PlatformYear:
    row = PlatformYear.objects.filter(pk=year_id).first()
    if row is None:
        raise NotFound(code="no_such_year", message=_("没有布置过这一年度的报告。"))
    return row


def open_years() -> QuerySet[PlatformYear]:
    return PlatformYear.objects.filter(due_on__gte=db_today()).order_by("due_on")


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over platforms in force; money in yuan."""

    label: str
    platforms: int
    figures: dict[str, Any]


def total(rows: QuerySet[Platform]) -> Total:
    """One line: how many platforms, and what they report together."""
    found = rows.aggregate(n=Count("pk"), **{f"sum_{name}": Sum(name) for name in FIGURES})
    return Total("", found["n"], {name: found[f"sum_{name}"] or 0 for name in FIGURES})


def totals_by(rows: QuerySet[Platform], group: str) -> list[Total]:
    """The same by type, level, sub-park or industry, most platforms first."""
    path = GROUPS[group]
    found = (
        rows.order_by().values(path).annotate(n=Count("pk"), **{f"sum_{name}": Sum(name) for name in FIGURES})
    )
    lines = [
        Total(row[path] or _("未填写"), row["n"], {name: row[f"sum_{name}"] or 0 for name in FIGURES})
        for row in found
    ]
    return sorted(lines, key=lambda one: (-one.platforms, one.label))


def ending() -> Iterator[tuple[Platform, int, int]]:
    """Platforms in force that end soon: working days left, and the step that this is."""
    today, overrides = db_today(), parks_workdays.overrides()
    last = workdays.add_working_days(today, ENDING_STEPS[0], overrides)
    for row in in_force().filter(valid_until__gte=today, valid_until__lte=last):
        left = workdays.working_days_between(today, row.valid_until or today, overrides)
        yield row, left, min(step for step in ENDING_STEPS if left <= step)


def unreported(enterprise_id: int | None = None) -> Iterator[tuple[Platform, PlatformYear]]:
    """Platforms in force, of the park or of one firm, whose report of an open year has not come."""
    rows = in_force() if enterprise_id is None else in_force().filter(enterprise_id=enterprise_id)
    for year in open_years():
        for row in rows.exclude(reports__year=year):
            yield row, year


def without_report(rows: QuerySet[Platform], is_missing: bool) -> QuerySet[Platform]:
    """Of platforms in force those whose report of the newest year the park asked for has not come, or has."""
    year = years().first()
    live, told = rows.filter(state=PlatformState.IN_FORCE), Q(reports__year=year)
    return live.exclude(told) if is_missing else live.filter(told)


def unreported_soon() -> Iterator[tuple[Platform, PlatformYear, int]]:
    """Of these, whose day is near, with the step that this is."""
    today, overrides = db_today(), parks_workdays.overrides()
    for row, year in unreported():
        left = workdays.working_days_between(today, year.due_on, overrides)
        if left <= REPORT_STEPS[0]:
            yield row, year, min(step for step in REPORT_STEPS if left <= step)


def counts_as(row: Platform) -> str:
    """The level of the scheme's list of platforms that a platform is; empty where it does not count."""
    return row.level.counts_as or row.type.counts_as


def counting(day: dt.date) -> dict[str, list[Platform]]:
    """USCC -> the platforms of the park's members that count and were valid on a day."""
    valid = Q(state=PlatformState.IN_FORCE) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    rows = platforms().filter(valid | Q(ended_on__gt=day), approved_on__lte=day)
    found: dict[str, list[Platform]] = {}
    for row in rows.filter(enterprise__member_to__isnull=True).order_by("enterprise__uscc", "pk"):
        if counts_as(row):
            found.setdefault(row.enterprise.uscc, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A level that a platform could rise to and what its rule says."""

    version: PolicyVersion
    rule: formula.Rule
    level: PlatformLevel
    result: formula.Result


def upgrades(row: Platform) -> list[Upgrade]:
    """The levels above a platform that the park has rules for, the nearest first."""
    ranks = {one.code: one for one in levels()}
    known = facts(row)
    found = []
    for version in policies.in_force(RuleKind.UPGRADE):
        aim = version.rule["upgrade"]
        level = ranks.get(aim["level"])
        if aim["type"] != row.type.code or level is None or level.rank <= row.level.rank:
            continue
        rule = policies.rule_of(version)
        found.append(Upgrade(version, rule, level, formula.result_for(rule, known, language())))
    return sorted(found, key=lambda one: one.level.rank)


def facts(row: Platform) -> dict[str, Decimal | None]:
    """What the rule of a level may read: the firm's verified figures and the platform's own."""
    wan = matching_facts.WAN
    return matching_facts.firm(row.enterprise_id).known | {
        "platform_staff": Decimal(row.staff), "platform_senior": Decimal(row.senior), "platform_area": Decimal(row.area),
        "platform_equipment": row.equipment / wan, "platform_outlay": row.outlay / wan, "platform_projects": Decimal(row.projects),
        "platform_patents": Decimal(row.patents), "platform_years": Decimal(whole_years(row.approved_on, db_today())),
    }  # fmt: skip
