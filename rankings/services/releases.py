"""The countdown before a step is public: confirmed, recalled until its end, in force from its end on.

The database's clock alone decides. Nothing depends on a worker: beat settles what is due, and so does whoever looks first;
the times that are written are the end of the countdown, whenever it was settled.
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict
from parks import audit, jobs, outbox
from parks.actors import Actor
from parks.models import Notification, Park
from parks.roles import Role
from parks.scope import park_scope
from scoring.services import runs

from ..caching import published as published_for_all
from ..models import BoardEdition, BoardEntry, BoardRelease, PublishedBoard
from ..queries import editions
from ..queries import releases as queries
from ..signals import board_published, board_put_on_notice
from ..states import EditionState
from .guarded import call, check_clear, lock
from .window import Notice

CERTIFICATES = "rankings.issue_certificates"
UNRELEASED = (EditionState.PROPOSED, EditionState.ON_NOTICE)
log = structlog.get_logger(__name__)


def confirm(*, by: Actor, edition: BoardEdition, step: str, notice: Notice | None = None) -> BoardRelease:
    """Begin the countdown of a step of a locked edition; the caller has checked that it may be taken."""
    given = [notice.ends_at, notice.days, notice.text, notice.contact] if notice else [None, [], "", ""]
    release = BoardRelease.objects.get(
        pk=call(
            "SELECT rankings_confirm(%s, %s, %s, %s, %s, %s::date[], %s, %s)",
            [edition.pk, by.person_id, by.person_name, str(step), *given],
        )
    )
    audit.record(
        by=by, action="board.release_confirmed", obj=edition,
        after={"step": release.step, "due_at": release.due_at, "content": edition.content_hash},
    )  # fmt: skip
    return release


def recall(*, by: Actor, edition: BoardEdition) -> None:
    """Stop what waits; the edition is as it was before it was confirmed. Raises Conflict when the countdown is over."""
    with transaction.atomic():
        edition = lock(edition.pk)
        release = queries.waiting(edition)
        if release is None or queries.is_due(release):
            raise Conflict(
                code="countdown_over",
                message=_("倒计时已经结束或已被撤回，现在不能撤回。请刷新页面查看现状。"),
            )
        call("SELECT rankings_recall(%s, %s, %s)", [edition.pk, by.person_id, by.person_name])
        audit.record(by=by, action="board.release_recalled", obj=edition, before={"step": release.step})


def hold(*, by: Actor, edition: BoardEdition, reason: str) -> None:
    """Stop what waits of a locked edition because something has changed; the public sees nothing, the office is told."""
    if call("SELECT rankings_hold(%s, %s)", [edition.pk, reason]) is None:
        return
    log.warning("release.held", edition=edition.pk, reason=reason)
    audit.record(by=by, action="board.release_held", obj=edition, reason=reason)
    tell_office(
        _("“%(board)s”的发布已自动暂停，公众没有看到任何变化：%(why)s")
        % {"board": edition.name_zh, "why": reason},
        url=_page(by, edition),
    )


def _page(by: Actor, edition: BoardEdition) -> str:
    return reverse("rankings:edition", args=[by.park_code, edition.pk])


def refused(*, by: Actor, enterprise_id: int) -> None:
    """A firm refuses to be shown: what waits with it on the list stops at once, and the office learns where it stands."""
    listed = BoardEdition.objects.filter(
        entries__enterprise_id=enterprise_id, state__in=UNRELEASED
    ).distinct()
    for edition_id in listed.order_by("pk").values_list("pk", flat=True):
        edition = lock(edition_id)
        name = BoardEntry.objects.get(edition=edition, enterprise_id=enterprise_id).name
        reason = _("%(names)s 已不同意公开。请撤回这份榜单并重新编制。") % {"names": name}
        if queries.waiting(edition) is not None:
            hold(by=by, edition=edition, reason=reason)
        else:
            tell_office(f"{edition.name_zh}：{reason}", url=_page(by, edition))


def tell_office(text: str, *, url: str) -> None:
    """A message to those who make and publish boards in the park entered."""
    outbox.notify_roles(Role.PUBLISHER, Role.SCORE_OFFICER, text=text, url=url, kind=Notification.Kind.TASK)


def refuse_when_waiting(edition: BoardEdition) -> None:
    """Raises Conflict while a step of the edition waits for its countdown."""
    if queries.waiting(edition) is not None:
        raise Conflict(
            code="release_waits", message=_("这份榜单已确认，正在倒计时。要做别的，请先撤回这次确认。")
        )


def settle(park: Park) -> int:
    """Put in force what is due in a park; returns how many. Costs one query when nothing is.

    Everything that had to hold when the step was confirmed is looked at once more; what no longer holds stops it.
    """
    due = queries.due(park)
    done = 0
    for edition_id in due:
        with park_scope(park.pk), translation.override(settings.LANGUAGE_CODE):
            done += _settle(park, edition_id)
    return done


def _settle(park: Park, edition_id: int) -> bool:
    by = Actor.system(park)
    edition = lock(edition_id)
    release = queries.waiting(edition)
    if release is None or not queries.is_due(release):
        return False
    try:
        check_clear(edition)
        published_id = call("SELECT rankings_settle(%s)", [edition_id])
    except Conflict as problem:
        hold(by=by, edition=edition, reason=str(problem.message))
        return False
    edition.refresh_from_db(fields=["state", "notice_ends_at", "notice_contact", "published_by_ref"])
    published = PublishedBoard.objects.get(pk=published_id)
    published_for_all(park.code)
    if edition.state == EditionState.ON_NOTICE:
        board_put_on_notice.send(sender=BoardEdition, edition=edition, by=by)
        audit.record(
            by=by, action="board.put_on_notice", obj=edition,
            after={
                "ends_at": edition.notice_ends_at, "content": edition.content_hash, "contact": edition.notice_contact,
                "confirmed_by": release.confirmed_by_name,
            },
        )  # fmt: skip
        return True
    runs.make_official(by=by, run=edition.run)
    _end_corrected(by, edition)
    board_published.send(sender=BoardEdition, edition=edition, published=published, by=by)
    audit.record(
        by=by, action="board.published", obj=edition,
        after={
            "content": published.content_hash, "chain": published.chain, "run": published.run_hash,
            "confirmed_by": release.confirmed_by_name,
        },
    )  # fmt: skip
    jobs.request(kind=CERTIFICATES, park_id=park.pk, dedupe_key=f"certificates:{published.pk}", by=by)
    return True


def _end_corrected(by: Actor, edition: BoardEdition) -> None:
    """Runs of the year whose last final board this edition has taken the place of no longer count as official."""
    rows = BoardEdition.objects.filter(cycle_id=edition.cycle_id, run__official_at__isnull=False)
    for row in (
        rows.exclude(run_id=edition.run_id).order_by("run_id").distinct("run_id").select_related("run")
    ):
        if not editions.has_final(row.run_id):
            runs.withdraw_official(by=by, run=row.run, reason=_("已被更正后的运行取代"))
