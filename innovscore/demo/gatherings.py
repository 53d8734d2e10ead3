"""Events of the demo zone: one that was held, one that is full with firms that wait, one with free seats, a draft; a notice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cultivation.models import BroadcastFirm, Gathering, SignUp
from cultivation.services import broadcasts, gatherings
from enterprises.models import Enterprise
from enterprises.queries import enterprises
from parks.actors import Actor
from parks.clock import BEIJING, db_today
from parks.models import Park
from parks.scope import park_scope

from .policies import firm_person


@dataclass(frozen=True)
class Told:
    """An event, days from today; `firms` sign up with one to three people each."""

    title: str
    kind: str
    place: str
    days: int
    seats: int
    firms: int
    stages: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    is_public: bool = True


EVENTS = (
    Told("研发费用加计扣除与高企复审政策宣讲会", "briefing", "科技创新中心一楼报告厅", -20, 60, 16),
    Told("首台套产品与整车企业供需对接会", "matching", "会展中心 3 号厅", 9, 12, 8, ("growth", "mature")),
    Told("知识产权质押融资实务培训", "training", "金融服务中心 205 室", 16, 40, 5, (), ("hnte", "tech_sme")),
    Told("创新积分贷银企沙龙", "salon", "人才公寓路演厅", 23, 30, 0, ("startup",), (), is_public=False),
)
DRAFTS = 1
"""The last so many of them are not published."""
NOTICE = "证书明年到期的企业：\n请准备近三年研发费用专项审计、高新技术产品收入专项审计和知识产权证书。\n不清楚是否到期的，请看企业认证中的资质。"
OPENED = 6
CAME = 5
"""One firm of so many that signed up did not come."""


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """The hero has signed up for nothing yet."""
    by = actors["park.score@demo"]
    with park_scope(park.pk):
        firms = list(enterprises.members().exclude(pk=hero.pk).order_by("pk")[:40])
    for number, one in enumerate(EVENTS):
        with park_scope(park.pk):
            row = _saved(by, one)
            if number < len(EVENTS) - DRAFTS:
                gatherings.publish(by=by, gathering_id=row.pk)
        for place, firm in enumerate(firms[number * 2 :][: one.firms]):
            with park_scope(park.pk):
                person = firm_person(park, firm)
                gatherings.sign_up(
                    by=person, gathering_id=row.pk, people=place % 3 + 1, names=person.person_name, phone="023-68000000"
                )  # fmt: skip
        if one.days < 0:
            with park_scope(park.pk):
                _held(by, row, days=one.days)
    _notify(park, by, firms)


def _notify(park: Park, by: Actor, firms: list[Enterprise]) -> None:
    """A notice to high-tech enterprises, opened by a few of them."""
    with park_scope(park.pk):
        row = broadcasts.send(
            by=by, title="高新技术企业复审材料请于 12 月 20 日前备齐", text=NOTICE, stages=[], qualifications=["hnte"], sub_park=None
        )  # fmt: skip
        told = set(BroadcastFirm.objects.filter(broadcast=row).values_list("enterprise_id", flat=True))
    for firm in [one for one in firms if one.pk in told][:OPENED]:
        with park_scope(park.pk):
            broadcasts.opened(by=firm_person(park, firm), broadcast_id=row.pk)


def _saved(by: Actor, one: Told) -> Gathering:
    start = dt.datetime.combine(db_today() + dt.timedelta(days=abs(one.days)), dt.time(14, 30), BEIJING)
    return gatherings.save(
        by=by, title=one.title, kind=one.kind, place=one.place, seats=one.seats, starts_at=start,
        ends_at=start + dt.timedelta(hours=2), sign_up_until=start - dt.timedelta(days=1), contact="科技创新局 023-00000000",
        about="主讲人现场答疑，请带上企业最近一年的审计报告。", stages=list(one.stages), qualifications=list(one.qualifications),
        is_public=one.is_public,
    )  # fmt: skip


def _held(by: Actor, row: Gathering, *, days: int) -> None:
    """Move it into the past and count who came."""
    back = dt.timedelta(days=2 * days)
    Gathering.objects.filter(pk=row.pk).update(
        starts_at=row.starts_at + back, ends_at=row.ends_at + back, sign_up_until=row.sign_up_until + back
    )
    for number, one in enumerate(SignUp.objects.filter(gathering=row).order_by("pk")):
        came = 0 if number % CAME == CAME - 1 else one.people
        gatherings.check_in(by=by, gathering_id=row.pk, sign_up_id=one.pk, came=came)
