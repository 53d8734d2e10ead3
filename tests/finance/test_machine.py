"""The state machine of an application: what the table of transitions promises, and that a wrong table is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import AllowedTransition, ApplicationEvent
from finance.states import (
    EVENT_LABELS,
    OPEN_STATES,
    SUBSIDY,
    SUBSIDY_EVENT_LABELS,
    TRANSITIONS,
    UNSIGNED_STATES,
    ApplicationState,
    SubsidyState,
)
from tests.factories import finance as make
from tests.factories import loans

pytestmark = pytest.mark.django_db
Row = tuple[str, str, str, str, str]
ENDS = {
    "rejected", "declined_auto", "withdrawn", "lapsed", "g_declined", "cancelled", "recovered", "written_off",
}  # fmt: skip
OWNED = [row for row in TRANSITIONS if row[0] == "application"]
PAYERS = {"guarantor_checker", "fund_manager"}
SYSTEM_EVENTS = {
    "screen",
    "decline",
    "offer_guarantee",
    "hold",
    "lapse",
    "overdue",
    "cure",
    "indemnify",
    "settle",
    "close",
}


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
        "only a maker proposes, once screened or guaranteed": roles_of("propose") == {"bank_maker"}
        and sources_of("propose") == {"screened", "guaranteed"},
        "a guarantor's maker proposes, its checker decides": roles_of("g_propose") == {"guarantor_maker"}
        and sources_of("g_propose") == {"guarantee_review"}
        and all(
            roles_of(event) == {"guarantor_checker"} and sources_of(event) == {"g_proposed"}
            for event in ("g_grant", "g_return", "g_decline")
        ),
        "guaranteed comes by a grant alone": into("guaranteed") == {"g_grant"},
        "the signatory signs what was approved": roles_of("contract") == {"enterprise_signatory"}
        and sources_of("contract") == {"approved"},
        "money goes out by operations, on a contract": roles_of("disburse") == {"bank_ops"}
        and sources_of("disburse") == {"contracted", "active"},
        "money comes back by operations, while something is out": roles_of("repay") == {"bank_ops"}
        and sources_of("repay") == {"active", "overdue", "defaulted"},
        "a reversal is an event of its own": roles_of("reverse") == {"bank_ops"}
        and sources_of("reverse") == {"active", "overdue", "defaulted", "closed"},
        "a contract is cancelled before money is out": roles_of("cancel") == {"bank_checker"}
        and sources_of("cancel") == {"contracted"},
        "default is the checker's": roles_of("default") == {"bank_checker"}
        and sources_of("default") == {"active", "overdue"},
        "a claim follows a default": roles_of("claim_file") == {"bank_maker"}
        and sources_of("claim_file") == {"defaulted"},
        "who pays decides the claim": roles_of("claim_accept")
        == roles_of("claim_refuse")
        == roles_of("pay")
        == PAYERS,
        "it is decided when filed, paid when accepted": sources_of("claim_accept") == {"claim_filed"}
        and sources_of("pay") == {"claim_accepted"},
        "indemnified comes by payment of all alone": into("indemnified") == {"indemnify"},
        "recovering follows indemnity": roles_of("recover") == {"bank_ops"}
        and sources_of("recover") == {"indemnified"},
        "writing off follows a default": roles_of("write_off") == {"bank_checker"}
        and sources_of("write_off") == {"defaulted", "indemnified"},
        "closed comes by repayment alone": into("closed") == {"close"},
        "what the system does nobody else does": {
            event for _source, event, role, _to in steps if role == "system"
        }
        == SYSTEM_EVENTS
        and all(roles_of(event) == {"system"} for event in SYSTEM_EVENTS),
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
        "the signatory may withdraw until the contract": sources_of("withdraw") == set(UNSIGNED_STATES)
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
    "bank proposes before the guarantor": _with("guarantee_review", "propose", "bank_maker", "proposed"),
    "guarantor's maker grants": _with("g_proposed", "g_grant", "guarantor_maker", "guaranteed"),
    "guaranteed without a proposal": _with("guarantee_review", "g_grant", "guarantor_checker", "guaranteed"),
    "bank signs for the firm": _with("approved", "contract", "bank_ops", "contracted"),
    "money without a contract": _with("approved", "disburse", "bank_ops", "active"),
    "money to a defaulted firm": _with("defaulted", "disburse", "bank_ops", "active"),
    "the firm books its repayment": _with("active", "repay", "enterprise_signatory", "active"),
    "a repayment into a claim": _with("claim_filed", "repay", "bank_ops", "claim_filed"),
    "cancelled after money is out": _with("active", "cancel", "bank_checker", "cancelled"),
    "default by the maker": _with("overdue", "default", "bank_maker", "defaulted"),
    "claim without default": _with("overdue", "claim_file", "bank_maker", "claim_filed"),
    "the bank accepts its own claim": _with("claim_filed", "claim_accept", "bank_checker", "claim_accepted"),
    "paid before accepted": _with("claim_filed", "pay", "fund_manager", "claim_filed"),
    "indemnified by the bank": _with("claim_accepted", "indemnify", "bank_ops", "indemnified"),
    "written off while it is repaid": _with("active", "write_off", "bank_checker", "written_off"),
    "closed by hand": _with("active", "close", "bank_ops", "closed"),
    "closed again opened": _with("written_off", "reverse", "bank_ops", "active"),
    "no way back for a wrong repayment": _without("closed", "reverse"),
    "overdue is never cured": _without("overdue", "cure"),
    "a guaranteed application never lapses": _without("guaranteed", "lapse"),
    "a lost consent leaves the guarantor at work": _without("g_proposed", "hold"),
}


def test_the_table_keeps_its_promises() -> None:
    assert broken_promises(OWNED) == []


@pytest.mark.parametrize("mutant", list(MUTANTS))
def test_a_wrong_table_is_noticed(mutant: str) -> None:
    assert broken_promises(MUTANTS[mutant](list(OWNED))) != []


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


@pytest.mark.parametrize("state", ApplicationState.values)
def test_whatever_is_not_in_the_table_is_refused(in_park: Any, state: str) -> None:
    """Every step the machine knows, and each as the system, from every state where it is not listed: plain SQL is refused."""
    scene = loans.scene(in_park)
    application = loans.bring(scene, state)
    application.refresh_from_db()
    assert application.status == state
    persons = {
        "enterprise_signatory": scene.firm.signatory, "bank_maker": scene.maker, "bank_checker": scene.checker, "bank_ops": scene.ops,
        "guarantor_maker": scene.g_maker, "guarantor_checker": scene.g_checker, "fund_manager": scene.fund1,
    }  # fmt: skip
    known = {(event, role, to) for _machine, _source, event, role, to in OWNED}
    known |= {(event, "system", to) for event, _role, to in known}
    allowed = {(event, role, to) for _machine, source, event, role, to in OWNED if source == state}
    for event, role, to in sorted(known - allowed):
        with pytest.raises(DatabaseError), transaction.atomic():
            make.step(application, event, role, to, person=persons.get(role), reserve=application.reserved)
    application.refresh_from_db()
    assert application.status == state


@pytest.mark.parametrize(("event", "role"), sorted({(row[2], row[3]) for row in OWNED if row[3] != "system"}))
def test_a_step_is_its_roles_alone(in_park: Any, event: str, role: str) -> None:
    """From a state where a step is allowed, the same step in any other role is refused."""
    scene = loans.scene(in_park)
    _machine, source, _event, _role, to = next(row for row in OWNED if row[2:4] == (event, role))
    application = loans.bring(scene, source)
    allowed = {row[3] for row in OWNED if row[1:3] == (source, event)}
    people = {
        "enterprise_signatory": scene.firm.signatory, "enterprise_agent": scene.firm.agent, "bank_maker": scene.maker,
        "bank_checker": scene.checker, "bank_ops": scene.ops, "guarantor_maker": scene.g_maker, "guarantor_checker": scene.g_checker,
        "fund_manager": scene.fund1, "park_admin": None, "system": None,
    }  # fmt: skip
    for other, person in people.items():
        if other not in allowed:
            with pytest.raises(DatabaseError), transaction.atomic():
                make.step(application, event, other, to, person=person, reserve=application.reserved)
    with pytest.raises(DatabaseError), transaction.atomic():
        make.step(application, event, role, to, person=scene.firm.agent, reserve=application.reserved)


SUBSIDY_ROWS = [row for row in TRANSITIONS if row[0] == SUBSIDY]


def broken_subsidy_promises(table: list[Row]) -> list[str]:
    """Which promises a table of the subsidy's machine breaks."""
    steps = {
        (source, event): {row[3] for row in table if row[1:3] == (source, event)}
        for _m, source, event, _r, _t in table
    }
    ways = {source: {row[4] for row in table if row[1] == source} for source in SubsidyState.values}
    holds = {
        "the firm applies": steps.get(("computed", "apply")) == {"enterprise_agent", "enterprise_signatory"},
        "the bank confirms what was paid": steps.get(("applied", "bank_confirm")) == {"bank_ops"},
        "the fund checks and pays": steps.get(("bank_confirmed", "check"))
        == steps.get(("checked", "pay"))
        == {"fund_manager"},
        "money is clawed back only after it was paid": [
            source for source, event in steps if event == "claw_back"
        ]
        == ["paid"],
        "paid comes after the check alone": [source for source, to in ways.items() if "paid" in to]
        == ["checked"],
        "each step has its turn": [source for source, event in steps if event in ("bank_confirm", "check")]
        == ["applied", "bank_confirmed"],
        "whoever has it may refuse it": {source for source, event in steps if event == "refuse"}
        == {"applied", "bank_confirmed", "checked"},
        "the end is the end": not ways["refused"] and not ways["clawed_back"],
        "events are known": {event for _source, event in steps} == set(SUBSIDY_EVENT_LABELS),
    }
    return [promise for promise, kept in holds.items() if not kept]


def test_the_subsidys_table_keeps_its_promises() -> None:
    assert broken_subsidy_promises(SUBSIDY_ROWS) == []


@pytest.mark.parametrize(
    "extra",
    [
        (SUBSIDY, "computed", "pay", "fund_manager", "paid"), (SUBSIDY, "applied", "check", "fund_manager", "checked"),
        (SUBSIDY, "bank_confirmed", "pay", "fund_manager", "paid"), (SUBSIDY, "refused", "apply", "enterprise_agent", "applied"),
        (SUBSIDY, "checked", "pay", "bank_ops", "paid"), (SUBSIDY, "checked", "claw_back", "fund_manager", "clawed_back"),
        (SUBSIDY, "computed", "apply", "bank_ops", "applied"),
    ],
)  # fmt: skip
def test_a_wrong_subsidy_table_is_noticed(extra: Row) -> None:
    assert broken_subsidy_promises([*SUBSIDY_ROWS, extra]) != []


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
