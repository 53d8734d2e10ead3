"""Is a board ready for its next step? Every blocker with the page where it is cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import cycles
from innovscore.core.problems import NotFound
from parks import workdays
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.services import calendar
from scoring.queries import anomalies

from .. import rules
from ..models import BoardEdition
from ..states import NOTICE_WORKING_DAYS, EditionState
from . import certificates, corrections, editions
from .wording import moment


@dataclass(frozen=True, slots=True)
class Item:
    """One condition; `url` leads to where it is cleared."""

    text: str
    done: bool
    url: str = ""


def for_year(year: int, actor: Actor) -> list[Item]:
    """Before boards of a year are proposed."""
    park = actor.park_code
    run = editions.current_run(year)
    items = [Item(_("有现行的积分运行"), run is not None, _link("scoring:cycle", park, year))]
    try:
        counts = cycles.counts(cycles.of_year(year))
    except NotFound:
        counts = {}
    waiting = counts.get("submitted", 0) + counts.get("returned", 0)
    items.append(
        Item(
            _("没有仍在核定或退回补正的申报")
            if not waiting
            else _("还有 %(n)s 份申报在核定或退回补正，它们不参评") % {"n": waiting},
            not waiting,
            f"{reverse('enterprises:queue', args=[park])}?year={year}",
        )
    )
    if run is not None:
        strange = anomalies.open_count(run)
        items.append(
            Item(
                _("积分异常已全部核查") if not strange else _("还有 %(n)s 条积分异常待核查") % {"n": strange},
                not strange,
                reverse("scoring:anomalies", args=[park, run.pk]),
            )
        )
    orders = corrections.waiting(year)
    items.append(
        Item(
            _("没有待批准的更正令")
            if not orders
            else _("有 %(n)s 份更正令待批准，批准后名次会变") % {"n": orders},
            not orders,
            reverse("rankings:corrections", args=[park]),
        )
    )
    ends = workdays.add_working_days(db_today(), NOTICE_WORKING_DAYS).year
    items.append(
        Item(
            _("%(year)s 年的工作日历（含调休）已有") % {"year": ends},
            calendar.is_known(ends),
            reverse("rankings:calendar", args=[park]),
        )
    )
    return items


def for_closing(year: int, actor: Actor) -> list[Item]:
    """Before a year is closed."""
    park = actor.park_code
    boards = reverse("rankings:year", args=[park, year])
    rows = list(editions.editions_of(year))
    run = editions.current_run(year)
    final = {row.board for row in rows if row.state == EditionState.FINAL}
    pending = [
        row
        for row in rows
        if row.state in (EditionState.DRAFT, EditionState.PROPOSED, EditionState.ON_NOTICE)
    ]
    missing = sorted(set(run.boards) - final) if run is not None else []
    orders = corrections.waiting(year)
    return [
        Item(_("指标体系的榜单都已正式发布"), run is not None and not missing, boards),
        Item(_("没有待公示或公示中的榜单"), not pending, boards),
        Item(_("没有待批准的更正令"), not orders, reverse("rankings:corrections", args=[park])),
        Item(
            _("证书已签发"),
            not certificates.without(year=year),
            reverse("rankings:office_certificates", args=[park]),
        ),
    ]


def for_edition(edition: BoardEdition, actor: Actor, breaks: list[str]) -> list[Item]:
    """Before an edition is put on notice or becomes final."""
    park = actor.park_code
    here = reverse("rankings:edition", args=[park, edition.pk])
    refused = editions.refused_names(edition)
    items = [
        Item(
            _("名单、运行、方案和快照的摘要一致"),
            not breaks,
            reverse("rankings:trace", args=[park, edition.pk, 1]),
        ),
        Item(
            _("名单上的企业都同意公开")
            if not refused
            else _("已不同意公开：%(names)s") % {"names": "、".join(refused)},
            not refused,
            reverse("rankings:withdraw", args=[park, edition.pk]),
        ),
    ]
    if vetoed := editions.vetoed_names(edition):
        items.append(
            Item(
                _("现有否决事项，不得上榜：%(names)s") % {"names": "、".join(vetoed)},
                False,
                reverse("rankings:withdraw", args=[park, edition.pk]),
            )
        )
    if edition.state == EditionState.ON_NOTICE:
        items += _before_final(edition, park, here)
    if edition.state == EditionState.PROPOSED:
        items.append(Item(_("由提请人以外的发布员办理"), bool(next_step(edition, actor))))
    if edition.state == EditionState.ON_NOTICE:
        items.append(Item(_("由提请人和开始公示的人以外的发布员办理"), bool(next_step(edition, actor))))
    if edition.state == EditionState.FINAL:
        items.append(
            Item(
                _("证书已签发"),
                not certificates.without(edition=edition),
                reverse("rankings:office_certificates", args=[park]),
            )
        )
    return items


def next_step(edition: BoardEdition, actor: Actor) -> str:
    """The state that this person may confirm next for an edition; empty when there is none, or it is not for this person."""
    others = (edition.proposed_by_ref, edition.noticed_by_ref)
    if actor.role != "publisher" or not rules.is_another(actor.person_id, *others):
        return ""
    steps = {
        EditionState.PROPOSED: EditionState.ON_NOTICE,
        EditionState.ON_NOTICE: EditionState.FINAL,
    }
    return str(steps.get(EditionState(edition.state), ""))


def _before_final(edition: BoardEdition, park: str, here: str) -> list[Item]:
    objections = reverse("rankings:objections", args=[park])
    ended = edition.notice_ends_at is not None and db_now() >= edition.notice_ends_at
    still = editions.open_objections(edition)
    upheld = editions.upheld_objections(edition)
    end = moment(edition.notice_ends_at) if edition.notice_ends_at else "—"
    return [
        Item(_("公示期已满（截止 %(end)s）") % {"end": end}, ended, here),
        Item(
            _("没有未答复的异议") if not still else _("还有 %(n)s 条异议没有答复") % {"n": still},
            not still,
            objections,
        ),
        Item(
            _("没有成立的异议")
            if not upheld
            else _("有 %(n)s 条异议成立，请开具更正令、重新计算并公示新的一版") % {"n": upheld},
            not upheld,
            objections,
        ),
    ]


def _link(route: str, park: str, *args: Any) -> str:
    return reverse(route, args=[park, *args])
