"""States move only along the table: every pair is tried, and every changed table is noticed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from rankings.models import Award, AwardPlan, BoardEdition, CorrectionOrder
from rankings.states import AWARD, EDITION, OBJECTION, ORDER, PLAN, TRANSITIONS, EditionState, ObjectionState
from tests.conftest import owner_connection

pytestmark = pytest.mark.django_db
STATES = {
    EDITION: EditionState.values, OBJECTION: ObjectionState.values, ORDER: CorrectionOrder.State.values,
    PLAN: AwardPlan.State.values, AWARD: Award.State.values,
}  # fmt: skip
PAIRS = [(what, a, b) for what, states in STATES.items() for a, b in itertools.product(states, states)]


def allowed_by_database(what: str, before: str, after: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT rankings_transition(%s, %s, %s)", [what, before, after])
    except DatabaseError:
        return False
    return True


def table_of_the_database() -> set[tuple[str, str, str]]:
    return {pair for pair in PAIRS if allowed_by_database(*pair)}


def table_of_the_code() -> set[tuple[str, str, str]]:
    return {(what, str(a), str(b)) for what, pairs in TRANSITIONS.items() for a, b in pairs}


def test_the_database_allows_exactly_what_the_code_says(db: None) -> None:
    assert table_of_the_database() == table_of_the_code()


def test_a_table_with_a_row_more_or_less_is_noticed(live_db: None) -> None:
    """Mutants: each row taken out, and as many wrong ones put in; all must make the comparison fail."""
    right = table_of_the_code()
    wrong = [pair for pair in PAIRS if pair not in right][: len(right)]
    survivors = []
    with owner_connection() as owner, owner.cursor() as cursor:
        for what, before, after in sorted(right):
            cursor.execute(
                "DELETE FROM rankings_allowedtransition WHERE (aggregate, before, after) = (%s, %s, %s)",
                [what, before, after],
            )
            if table_of_the_database() == right:
                survivors.append(("without", what, before, after))
            cursor.execute(
                "INSERT INTO rankings_allowedtransition (aggregate, before, after) VALUES (%s, %s, %s)",
                [what, before, after],
            )
        for what, before, after in wrong:
            cursor.execute(
                "INSERT INTO rankings_allowedtransition (aggregate, before, after) VALUES (%s, %s, %s)",
                [what, before, after],
            )
            if table_of_the_database() == right:
                survivors.append(("with", what, before, after))
            cursor.execute(
                "DELETE FROM rankings_allowedtransition WHERE (aggregate, before, after) = (%s, %s, %s)",
                [what, before, after],
            )
    assert survivors == []
    assert len(right) + len(wrong) >= 12
    assert table_of_the_database() == right


def test_final_and_the_end_states_lead_nowhere_else() -> None:
    left = {state for state in EditionState.values if not any(a == state for a, _b in TRANSITIONS[EDITION])}
    assert left == {"superseded", "withdrawn"}
    reached = {"draft"}
    for _step in EditionState.values:
        reached |= {str(b) for a, b in TRANSITIONS[EDITION] if a in reached}
    assert reached == set(EditionState.values)


@pytest.mark.parametrize(
    "state", [state for state in EditionState.values if state not in ("proposed", "withdrawn")]
)
def test_the_application_itself_moves_an_edition_only_to_withdrawn(in_park: Any, state: str) -> None:
    from tests.factories import rankings as make

    office = make.Office(in_park)
    make.computed(office.officer)
    edition = office.proposed()
    with pytest.raises(DatabaseError), transaction.atomic():
        BoardEdition.objects.filter(pk=edition.pk).update(state=state)
