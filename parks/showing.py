"""How a form meets a refused rule: beside its field, with the rule's status. How a page meets a second click."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound, Problem
from parks.http import ParkRequest
from parks.idempotency import Reply, once
from parks.models import Job

KEY = "idempotency_key"
AGAIN_SECONDS = "3"
Page = Callable[..., HttpResponse]


def add_problem(form: forms.Form, problem: Problem) -> int:
    """Put the problem on the form and return the status of the answer; what does not exist stays a 404."""
    if isinstance(problem, NotFound):
        raise problem
    field = problem.field if problem.field in form.fields else None
    form.add_error(field, str(problem.message))
    return problem.status


def said(form: forms.Form) -> dict[str, Any]:
    """What a valid form says, less its key."""
    return {name: value for name, value in form.cleaned_data.items() if name != KEY}


def run_once(
    request: ParkRequest, route: str, form: forms.Form, work: Callable[..., Any], **more: Any
) -> Reply:
    """Run a form's service once for the form's key."""
    data = said(form) | more

    def effect() -> Reply:
        work(by=request.actor, **data)
        return Reply(302)

    body = {name: str(value) for name, value in data.items()}
    return once(by=request.actor, route=route, key=form.cleaned_data[KEY], body=body, effect=effect)


def status_of(form: forms.Form) -> int:
    """An unbound form is fine, a bound one that came this far is not."""
    return 422 if form.is_bound else 200


def loads_again(response: HttpResponse, job: Job | None) -> HttpResponse:
    """The page, which loads itself again while the job it shows is under way, with or without script."""
    if job is not None and not job.is_over:
        response["Refresh"] = AGAIN_SECONDS
    return response


class _Refused(Exception):
    """The page refused the form; its key stays unused."""


def repeatable(page: Page) -> Page:
    """A form that is sent twice with its key (`form_key`) has one effect, and the second sender is led where the first was.

    For pages whose form is refused once its effect has changed the state. The key is used up by a redirect only.
    """

    @wraps(page)
    def sent_once(request: ParkRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.POST.get(KEY, "")
        if not key:
            return page(request, *args, **kwargs)
        answers: list[HttpResponse] = []

        def effect() -> Reply:
            answers.append(page(request, *args, **kwargs))
            if answers[0].status_code != 302:
                raise _Refused
            return Reply(302, location=answers[0]["Location"])

        posted = {
            name: request.POST.getlist(name)
            for name in request.POST
            if name not in (KEY, "csrfmiddlewaretoken")
        }
        route = f"page:{page.__name__}"
        try:
            reply = once(
                by=request.actor, route=route, key=key, body={"form": posted, "path": kwargs}, effect=effect
            )
        except _Refused:
            return answers[0]
        if not reply.replayed:
            return answers[0]
        messages.success(request, _("这一步已经完成，没有重复办理。"))
        return redirect(reply.location)

    return sent_once
