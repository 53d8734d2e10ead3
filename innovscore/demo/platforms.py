"""R&D platforms of the demo zone: those that firms declared, with invented figures; two wait for a check, some have ended, one year was reported, the next is asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from cultivation.models import (
    Platform,
    PlatformEvent,
    PlatformLevel,
    PlatformReport,
    PlatformType,
    PlatformYear,
)
from cultivation.models.platforms import FIGURES
from cultivation.queries import platforms as queries
from cultivation.services import platforms
from enterprises.models import Enterprise
from enterprises.queries import verified
from innovscore.core.dates import add_years
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Park
from parks.scope import park_scope

MOST = 158
WAITING = 2
KINDS = {"national": ("engineering_center", "national"), "provincial": ("rd_center", "municipal")}
"""What an entry of the score's list is in the registry; the others are types of the district."""
FIELDS = ("新一代信息技术", "高端装备", "生物医药", "新材料", "新能源汽车")


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """Make the registry of a zone that has verified years; the hero has a platform whose report is due."""
    admin = actors["park.admin@demo"]
    with park_scope(park.pk):
        platforms.add_shipped(by=admin)
        made = Platform.objects.bulk_create(_platforms(actors["park.review1@demo"], hero))
        live = Platform.objects.filter(pk__in=[row.pk for row in made[:-WAITING]])
        live.update(state="in_force", checked_by_ref=admin.person_id, checked_by_name=admin.person_name)
        PlatformEvent.objects.bulk_create(
            PlatformEvent(platform=row, state="proposed", person_name=row.proposed_by_name) for row in made
        )
        PlatformEvent.objects.bulk_create(
            PlatformEvent(platform=row, state="in_force", person_name=admin.person_name) for row in live
        )
        platforms.expire(by=admin)
        _reports(admin)
        platforms.open_year(by=admin, year=db_today().year - 1, due_on=db_today() + dt.timedelta(days=30))
        platforms.remind(by=admin)


def _reports(by: Actor) -> None:
    """The year before the one that is asked for now: most platforms reported, and its day is over."""
    today = db_today()
    year = PlatformYear.objects.create(
        year=today.year - 2, due_on=today + dt.timedelta(days=1), opened_by_name=by.person_name
    )
    PlatformReport.objects.bulk_create(
        PlatformReport(
            platform=row, year=year, work="完成年度研发计划，新增中试设备，参加两项标准制定。", submitted_by_name=row.head,
            **{name: getattr(row, name) for name in FIGURES},
        )
        for number, row in enumerate(queries.in_force().filter(approved_on__year__lte=year.year))
        if number % 12
    )  # fmt: skip
    PlatformYear.objects.filter(pk=year.pk).update(due_on=today - dt.timedelta(days=240))


def _platforms(by: Actor, hero: Enterprise) -> Iterator[Platform]:
    types = {row.code: row for row in PlatformType.objects.all()}
    levels = {row.code: row for row in PlatformLevel.objects.all()}
    newest = verified.newest_verified_year() or 0
    lists = verified.figures(codes=["platforms"], since=newest - 1)
    years = dict(sorted(lists))
    entries = []
    for firm, year in sorted(years.items(), key=lambda pair: (pair[0] != hero.pk, pair[0])):
        found = lists[firm, year].get("platforms")
        entries += [(firm, entry) for entry in found] if isinstance(found, list) else []
    if not entries or entries[0][0] != hero.pk:
        entries.insert(
            0,
            (
                hero.pk,
                {
                    "level": "rd_center",
                    "name": "企业研发中心",
                    "number": "高新科平〔2023〕7号",
                    "date": "2023-06-01",
                },
            ),
        )
    for number, (firm, entry) in enumerate(entries[:MOST]):
        approved = dt.date.fromisoformat(entry["date"])
        kind, level = KINDS.get(entry["level"], (entry["level"], "district"))
        yield Platform(
            enterprise_id=firm, type=types[kind], level=levels[level], name=entry["name"][:120], field=FIELDS[number % 5],
            head=f"{'王李张刘陈'[number % 5]}{'伟芳敏静磊'[number // 5 % 5]}", approver="重庆示例高新区科技创新局" if level == "district" else "重庆市科学技术局",
            approval_number=entry["number"], approved_on=approved, valid_until=_until(number, approved), proposed_by_ref=by.person_id,
            proposed_by_name=by.person_name, **_figures(number, levels[level].rank),
        )  # fmt: skip


def _until(number: int, approved: dt.date) -> dt.date | None:
    """A third are recognised for three years at a time; one in twenty of all was not recognised again."""
    if number % 3 == 0:
        return None
    until = add_years(approved, 3)
    while number % 20 != 7 and until < db_today():
        until = add_years(until, 3)
    return until


def _figures(number: int, rank: int) -> dict[str, Any]:
    staff = 8 + number * 7 % 13 + 6 * rank
    return {
        "staff": staff, "senior": staff // 2, "area": 120 + number * 37 % 400 + 200 * rank, "equipment": (60 + number * 13 % 90) * 10_000 * rank,
        "outlay": (90 + number * 29 % 150) * 10_000 * rank, "projects": 3 + number * 5 % 9, "patents": 2 + number * 3 % 9,
        "contracts": int(number % 4 == 0), "contract_amount": (200 + number * 11 % 500) * 10_000 if number % 4 == 0 else 0,
    }  # fmt: skip
