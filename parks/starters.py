"""新手任务: a few real tasks a role, ticked by the event itself. The roof says which; the door tells what happened."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Func, QuerySet, Value
from django.utils.functional import Promise

from .actors import Actor
from .clock import db_now
from .models import StarterTasks


@dataclass(frozen=True, slots=True)
class Task:
    """What to do, the page to begin at (a route of the park alone), and what counts as done: a route and its method."""

    code: str
    label: str | Promise
    begin: str
    event: str
    method: str = "GET"


_tasks: dict[str, tuple[Task, ...]] = {}


def register(role: str, *tasks: Task) -> None:
    _tasks[role] = tasks


def tasks_of(role: str) -> tuple[Task, ...]:
    return _tasks.get(role, ())


def progress_of(actor: Actor) -> list[tuple[Task, bool]]:
    """Each task of the actor's role and whether it was done; nothing once all are, or when the list was put away."""
    kept = _of(actor.membership_id).first()
    done = kept.done if kept else []
    rows = [(task, task.code in done) for task in tasks_of(actor.role)]
    finished = all(ticked for _task, ticked in rows)
    return [] if finished or (kept and kept.put_away_at) else rows


def happened(actor: Actor | None, route: str, method: str) -> None:
    """Tick what an answered request did."""
    if actor is None or actor.membership_id is None:
        return
    for task in tasks_of(actor.role):
        if (task.event, task.method) == (route, method):
            _tick(actor.membership_id, task.code)


def _tick(membership_id: int, code: str) -> None:
    rows = _of(membership_id)
    if rows.filter(done__contains=[code]).exists():
        return
    _begin(membership_id)
    rows.exclude(done__contains=[code]).update(
        done=Func(F("done"), Value(code), function="array_append", output_field=StarterTasks.done.field)
    )


def put_away(actor: Actor) -> None:
    """Do not show the list any more."""
    if actor.membership_id is not None:
        _begin(actor.membership_id)
        _of(actor.membership_id).update(put_away_at=db_now())


def restart(actor: Actor) -> None:
    """Show the list again, with nothing ticked."""
    _of(actor.membership_id).update(done=[], put_away_at=None)


def _of(membership_id: int | None) -> QuerySet[StarterTasks]:
    return StarterTasks.objects.filter(membership_id=membership_id or 0)


def _begin(membership_id: int) -> None:
    StarterTasks.objects.bulk_create([StarterTasks(membership_id=membership_id)], ignore_conflicts=True)
