"""The state machine of an application: what the table of transitions promises, and that a wrong table is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import AllowedTransition, ApplicationEvent
from finance.states import EVENT_LABELS, OPEN_STATES, RESERVING_STATES, TRANSITIONS, ApplicationState
from tests.factories import finance as make

pytestmark = pytest.mark.django_db
Row = tuple[str, str, str, str, str]
ENDS = {"rejected", "declined_auto", "withdrawn", "lapsed"}
ROLES = (
    "enterprise_agent",
    "enterprise_signatory",
    "bank_maker",
    "bank_checker",
    "bank_ops",
    "park_admin",
    "system",
)


def broken_promises(rows: Iterable[Row]) -> list[str]:
    """Which promises a table of transitions breaks."""
    table = list(rows)
    steps = [(source, event, role, to) for _machine, source, event, role, to in table]

    def roles_of(event: str) -> set[str]:
        return {role for _source, name, role, _to in steps if name == event}

    def sources_of(event: str) -> set[str]:
        return {source for source, name, _role, _to in steps if name == event}

    def into(state: str) -> set[str]:
        return {event for source, event, _role, to in steps if to == state and source != state}

    reached, more = {"draft"}, True
    while more:
        found = reached | {to for source, _event, _role, to in steps if source in reached}
        more, reached = found != reached, found
    holds = {
        "only the signatory submits, from a draft": roles_of("submit") == {"enterprise_signatory"}
        and sources_of("submit") == {"draft"},
        "only a maker proposes, once screened": roles_of("propose") == {"bank_maker"}
        and sources_of("propose") == {"screened"},
        "only a checker decides, what was proposed": all(
            roles_of(event) == {"bank_checker"} and sources_of(event) == {"proposed"}
            for event in ("approve", "return", "reject")
        ),
        "approved comes by approval alone": into("approved") == {"approve"},
        "rejected comes by rejection alone": into("rejected") == {"reject"},
        "screened comes by screening or return": into("screened") == {"screen", "return"},
        "screening is the system's": roles_of("screen") == roles_of("decline") == {"system"},
        "the end is the end": not [source for source, *_rest in steps if source in ENDS],
        "every undecided state can lapse": sources_of("lapse") == set(OPEN_STATES)
        and roles_of("lapse") == {"system"},
        "the signatory may withdraw until the contract": sources_of("withdraw") == set(RESERVING_STATES)
        and roles_of("withdraw") == {"enterprise_signatory"},
        "a lost consent holds what is undecided": sources_of("hold") == set(OPEN_STATES) - {"on_hold"}
        and roles_of("hold") == {"system"},
        "from hold there is only out": {to for source, _event, _role, to in steps if source == "on_hold"}
        == {"withdrawn", "lapsed"},
        "a step has one outcome": len({(source, event, role) for source, event, role, _to in steps})
        == len(steps),
        "every state is reached": reached == set(ApplicationState.values),
        "events are known": {event for _source, event, _role, _to in steps} == set(EVENT_LABELS),
    }
    return [promise for promise, kept in holds.items() if not kept]


def _without(source: str, event: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row for row in rows if (row[1], row[2]) != (source, event)]


def _with(source: str, event: str, role: str, to: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [*rows, ("application", source, event, role, to)]


MUTANTS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "agent submits": _with("draft", "submit", "enterprise_agent", "submitted"),
    "maker approves": _with("proposed", "approve", "bank_maker", "approved"),
    "checker approves unproposed": _with("screened", "approve", "bank_checker", "approved"),
    "system approves": _with("proposed", "approve", "system", "approved"),
    "checker proposes": _with("screened", "propose", "bank_checker", "proposed"),
    "bank screens itself": _with("submitted", "screen", "bank_maker", "screened"),
    "rejected revives": _with("rejected", "return", "bank_checker", "screened"),
    "withdrawn revives": _with("withdrawn", "submit", "enterprise_signatory", "submitted"),
    "lapsed is approved": _with("lapsed", "approve", "bank_checker", "approved"),
    "hold resumes without consent": _with("on_hold", "screen", "system", "screened"),
    "approved is held": _with("approved", "hold", "system", "on_hold"),
    "approved lapses": _with("approved", "lapse", "system", "lapsed"),
    "approval with two outcomes": _with("proposed", "approve", "bank_checker", "rejected"),
    "agent withdraws": _with("screened", "withdraw", "enterprise_agent", "withdrawn"),
    "unknown event": _with("screened", "skip", "bank_maker", "approved"),
    "submitted is never held": _without("submitted", "hold"),
    "proposed is never held": _without("proposed", "hold"),
    "proposed never lapses": _without("proposed", "lapse"),
    "hold never lapses": _without("on_hold", "lapse"),
    "approved cannot be withdrawn": _without("approved", "withdraw"),
    "nothing is ever returned": _without("proposed", "return"),
    "nothing is ever rejected": _without("proposed", "reject"),
    "screening never declines": _without("submitted", "decline"),
}


def test_the_table_keeps_its_promises() -> None:
    assert broken_promises(TRANSITIONS) == []


@pytest.mark.parametrize("mutant", list(MUTANTS))
def test_a_wrong_table_is_noticed(mutant: str) -> None:
    assert broken_promises(MUTANTS[mutant](list(TRANSITIONS))) != []


def test_the_database_has_exactly_this_table() -> None:
    rows = AllowedTransition.objects.values_list("machine", "from_state", "event", "role", "to_state")
    assert sorted(rows) == sorted(TRANSITIONS)


@pytest.mark.parametrize("statement", [
    "INSERT INTO finance_allowedtransition (machine, from_state, event, role, to_state) VALUES ('application', 'draft', 'approve', 'system', 'approved')",
    "UPDATE finance_allowedtransition SET role = 'bank_maker' WHERE event = 'approve'",
    "DELETE FROM finance_allowedtransition",
])  # fmt: skip
def test_the_application_cannot_change_it(statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def _bring(inside: Any, state: str) -> Any:
    """An application brought to a state along the table."""
    if state == "draft":
        return make.draft(inside.bank, inside.firm, inside.line, inside.consent)
    if state in ("submitted", "declined_auto"):
        application = make.draft(inside.bank, inside.firm, inside.line, inside.consent)
        make.step(application, "submit", "enterprise_signatory", "submitted", person=inside.firm.signatory)
        if state == "declined_auto":
            make.step(application, "decline", "system", "declined_auto")
        return application
    application = inside.submitted()
    if state in ("proposed", "approved", "rejected"):
        decision = make.proposal(inside.bank, application)
        if state != "proposed":
            make.decide(decision, state, inside.bank.checker)
            event = {"approved": "approve", "rejected": "reject"}[state]
            make.step(
                application,
                event,
                "bank_checker",
                state,
                person=inside.bank.checker,
                reserve=application.amount,
            )
    elif state != "screened":
        event, role = {
            "on_hold": ("hold", "system"),
            "withdrawn": ("withdraw", "enterprise_signatory"),
            "lapsed": ("lapse", "system"),
        }[state]
        make.step(application, event, role, state, person=inside.firm.signatory if role != "system" else None)
    return application


@pytest.mark.parametrize("state", ApplicationState.values)
def test_whatever_is_not_in_the_table_is_refused(inside: Any, state: str) -> None:
    """Every (event, role, target) from every state, by plain SQL: only rows of the table can get through."""
    application = _bring(inside, state)
    assert application.status == state
    persons = {
        "enterprise_signatory": inside.firm.signatory,
        "enterprise_agent": inside.firm.agent,
        "bank_maker": inside.bank.maker,
        "bank_checker": inside.bank.checker,
    }
    allowed = {(event, role, to) for _machine, source, event, role, to in TRANSITIONS if source == state}
    tried = 0
    for event, role, to in product(EVENT_LABELS, ROLES, ApplicationState.values):
        if (event, role, to) in allowed:
            continue
        with pytest.raises(DatabaseError), transaction.atomic():
            make.step(application, event, role, to, person=persons.get(role), reserve=application.reserved)
        tried += 1
    assert tried == len(EVENT_LABELS) * len(ROLES) * len(ApplicationState.values) - len(allowed)
    application.refresh_from_db()
    assert application.status == state


def test_a_step_begins_where_the_application_is(inside: Any) -> None:
    application = inside.submitted()
    with pytest.raises(DatabaseError, match="is in state"), transaction.atomic():
        make.step(application, "hold", "system", "on_hold", from_state="proposed")
    make.step(application, "hold", "system", "on_hold")
    assert list(ApplicationEvent.objects.order_by("seq").values_list("seq", "to_state")) == [
        (1, "submitted"),
        (2, "screened"),
        (3, "on_hold"),
    ]
