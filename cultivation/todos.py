"""What waits for people about policies and claims: registered with parks.todo when the application starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from parks import access, todo
from parks.actors import Actor
from parks.clock import BEIJING
from parks.roles import ENTERPRISE

from .queries import claims, facts, feeds, needs, platforms, policies, pools, visits
from .states import FactState, PlatformState, PolicyState


@todo.source("policies")
def todos(actor: Actor) -> Iterator[todo.Todo]:
    """A firm's claims to confirm or correct; the office's and the fund's next steps; versions to release."""
    park = {"park": actor.park_code}
    if actor.role in ENTERPRISE:
        own = enterprises.own(actor)
        rows = claims.of_enterprise(own.pk).filter(state__in=("draft", "returned")) if own else []
        for row in rows:
            label = _("补正申请：%(title)s") if row.state == "returned" else _("确认免申即享：%(title)s")
            url = reverse("cultivation:claim", kwargs=park | {"claim_id": row.pk})
            yield todo.Todo(label % {"title": row.version.title}, url)
    elif access.may(actor.role, "cultivation:claim_step", "POST"):
        waiting = claims.waiting_for(actor)
        if count := waiting.count():
            due = waiting.values_list("due_on", flat=True).first()
            url = f"{reverse('cultivation:claim_queue', kwargs=park)}?mine=true"
            yield todo.Todo(_("政策兑现申请"), url, count, end_of(due) if due else None)
    if access.may(actor.role, "cultivation:policy_release", "POST"):
        proposed = (
            policies.versions().filter(state=PolicyState.PROPOSED).exclude(proposed_by_ref=actor.person_id)
        )
        for version in proposed:
            url = reverse("cultivation:policy_edit", kwargs=park | {"version_id": version.pk})
            yield todo.Todo(_("核对并发布政策：%(title)s") % {"title": version.title}, url)


@todo.source("pools")
def pool_todos(actor: Actor) -> Iterator[todo.Todo]:
    """Open tasks of the firms that somebody coaches."""
    if not access.may(actor.role, "cultivation:pool_task_done", "POST"):
        return
    for task in pools.tasks_of_coach(actor.person_id).select_related("place__enterprise"):
        url = reverse("cultivation:pool_place", kwargs={"park": actor.park_code, "place_id": task.place_id})
        label = _("培育任务：%(title)s（%(firm)s）") % {
            "title": task.title,
            "firm": task.place.enterprise.name,
        }
        yield todo.Todo(label, url, 1, end_of(task.due_on) if task.due_on else None)


@todo.source("facts")
def fact_todos(actor: Actor) -> Iterator[todo.Todo]:
    """What firms stated and somebody is to compare with its paper."""
    if access.may(actor.role, "cultivation:fact", "POST") and (count := facts.waiting().count()):
        url = f"{reverse('cultivation:facts', kwargs={'park': actor.park_code})}?state={FactState.STATED}"
        yield todo.Todo(_("企业自报数据待核对"), url, count)


@todo.source("platforms")
def platform_todos(actor: Actor) -> Iterator[todo.Todo]:
    """A firm's yearly reports that are due; entries that somebody else is to check."""
    park = {"park": actor.park_code}
    if actor.role in ENTERPRISE:
        own = enterprises.own(actor)
        for row, year in platforms.unreported(own.pk) if own else ():
            url = reverse(
                "cultivation:platform_report", kwargs=park | {"platform_id": row.pk, "year_id": year.pk}
            )
            label = _("研发平台 %(year)s 年度报告：%(name)s") % {"year": year.year, "name": row.name}
            yield todo.Todo(label, url, 1, end_of(year.due_on))
    if access.may(actor.role, "cultivation:platform_step", "POST"):
        entries = (
            platforms.platforms()
            .filter(state=PlatformState.PROPOSED)
            .exclude(proposed_by_ref=actor.person_id)
        )
        if count := entries.count():
            url = f"{reverse('cultivation:platform_registry', kwargs=park)}?state={PlatformState.PROPOSED}"
            yield todo.Todo(_("研发平台待核对"), url, count)


@todo.source("platform_feeds")
def feed_todos(actor: Actor) -> Iterator[todo.Todo]:
    """Written lists of platforms that are no longer so."""
    if access.may(actor.role, "cultivation:platform_feed", "POST"):
        for one in feeds.stale():
            url = f"{reverse('cultivation:platform_registry', kwargs={'park': actor.park_code})}#stale"
            label = _("%(year)s 年度的研发平台数据与登记不符") % {"year": one.feed.batch.year}
            yield todo.Todo(label, url, len(one.differences))


@todo.source("tech_needs")
def tech_needs(actor: Actor) -> Iterator[todo.Todo]:
    """Open technical needs for which nobody was introduced yet."""
    if access.may(actor.role, "cultivation:tech_need_introduce", "POST") and (
        count := needs.unanswered().count()
    ):
        url = reverse("cultivation:tech_needs", kwargs={"park": actor.park_code})
        yield todo.Todo(_("技术需求待对接"), f"{url}?waiting=true", count)


@todo.source("appeals")
def appeals(actor: Actor) -> Iterator[todo.Todo]:
    """Appeals to answer, the overdue ones also at the administrator's; answers that the firm has not confirmed."""
    park = {"park": actor.park_code}
    if actor.role in ENTERPRISE:
        own = enterprises.own(actor)
        rows = visits.of_enterprise(own.pk).filter(state="answered") if own else []
        for row in rows:
            url = reverse("cultivation:appeal", kwargs=park | {"appeal_id": row.pk})
            yield todo.Todo(_("确认诉求是否解决：%(number)s") % {"number": row.number}, url)
    if access.may(actor.role, "cultivation:appeal_assign", "POST"):
        waiting = visits.waiting_for(actor)
        if count := waiting.count():
            due = waiting.values_list("due_on", flat=True).first()
            end = end_of(due) if due else None
            yield todo.Todo(
                _("企业诉求待答复"), f"{reverse('cultivation:appeals', kwargs=park)}?mine=true", count, end
            )


def end_of(day: dt.date) -> dt.datetime:
    """The last minute of a day in China: what people read as its end."""
    return dt.datetime.combine(day, dt.time(23, 59), BEIJING)
