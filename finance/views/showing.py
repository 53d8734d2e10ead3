"""How a form meets a refused rule: beside its field, with the rule's status."""

from __future__ import annotations

from django import forms

from innovscore.core.problems import NotFound, Problem


def add_problem(form: forms.Form, problem: Problem) -> int:
    """Put the problem on the form and return the status of the answer; what does not exist stays a 404."""
    if isinstance(problem, NotFound):
        raise problem
    field = problem.field if problem.field in form.fields else None
    form.add_error(field, str(problem.message))
    return problem.status


def status_of(form: forms.Form) -> int:
    """An unbound form is fine, a bound one that came this far is not."""
    return 422 if form.is_bound else 200
