"""Random histories of loans: after every step journals balance, counters equal their sums, nothing is lost to a cent.

LEDGER_EXAMPLES and LEDGER_STEPS make it a drill (5000 and 100); small by default.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from finance.models import Application, Entry, Repayment
from finance.queries import loans as queries
from finance.queries.invariants import breaches
from innovscore.core.problems import Problem
from parks.scope import park_scope
from tests.factories import loans as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
EXAMPLES, STEPS = int(os.environ.get("LEDGER_EXAMPLES", "4")), int(os.environ.get("LEDGER_STEPS", "12"))
cents = st.integers(1, 60_000_000).map(lambda n: Decimal(n) / 100)


class History(RuleBasedStateMachine):
    """Loans are made, paid out in parts, repaid, reversed, defaulted, claimed, recovered, in any order that is allowed."""

    loans = Bundle("loans")
    repayments = Bundle("repayments")

    def __init__(self) -> None:
        super().__init__()
        from django.db import transaction

        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        park = people.park(code=f"h{id(self)}"[:30])
        self.scope = park_scope(park.pk)
        self.scope.__enter__()
        self.scene = make.scene(park)

    def teardown(self) -> None:
        from django.db import transaction

        transaction.set_rollback(True)
        self.scope.__exit__(None, None, None)
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def attempt(self, work: Any) -> Any:
        """Refusals are fine; a crash or a broken invariant is not."""
        try:
            return work()
        except Problem:
            return None

    @initialize()
    def nothing_yet(self) -> None:
        assert not Entry.objects.exists()

    @rule(target=loans, amount=st.integers(1_000_000, 60_000_000).map(lambda n: Decimal(n) / 100))
    def lend(self, amount: Decimal) -> Any:
        made = self.attempt(lambda: self.scene.approved(amount))
        if made is not None:
            self.scene.contract(made)
        return made

    @rule(loan=loans, part=st.integers(1, 4))
    def pay_out(self, loan: Application | None, part: int) -> None:
        if loan is not None:
            loan.refresh_from_db()
            self.attempt(
                lambda: self.scene.disburse(
                    loan, max((loan.reserved / part).quantize(Decimal("0.01")), Decimal("0.01"))
                )
            )

    @rule(target=repayments, loan=loans, principal=cents, interest=cents)
    def repay(self, loan: Application | None, principal: Decimal, interest: Decimal) -> Any:
        if loan is None:
            return None
        loan.refresh_from_db()
        return self.attempt(lambda: self.scene.repay(loan, min(principal, loan.drawn), interest))

    @rule(repayment=consumes(repayments))
    def reverse(self, repayment: Repayment | None) -> None:
        if repayment is not None:
            self.attempt(lambda: self.scene.reverse(repayment))

    @rule(loan=loans)
    def go_bad(self, loan: Application | None) -> None:
        if loan is not None:
            self.attempt(lambda: self.scene.default(loan))

    @rule(loan=loans, opinion=st.sampled_from(["accept", "accept", "refuse"]))
    def claim(self, loan: Application | None, opinion: str) -> None:
        if loan is not None:
            claim = self.attempt(lambda: self.scene.claim(loan, opinion))
            if claim is not None and claim.state == "accepted":
                self.scene.pay(claim)

    @rule(loan=loans, amount=cents)
    def recover(self, loan: Application | None, amount: Decimal) -> None:
        if loan is not None:
            left = sum(queries.borne(loan).values())
            self.attempt(lambda: self.scene.recover(loan, min(amount, left)))

    @rule(loan=loans)
    def write_off(self, loan: Application | None) -> None:
        if loan is not None:
            self.attempt(lambda: self.scene.default(loan, "write_off"))

    @invariant()
    def all_holds(self) -> None:
        assert [str(breach) for breach in breaches()] == []
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for loan in Application.objects.filter(status__in=["recovered", "written_off", "closed"]):
            assert (loan.drawn, sum(queries.borne(loan).values())) == (0, 0)


def test_the_ledger_balances_after_every_step_of_any_history(db: None) -> None:
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=EXAMPLES < 100,
            suppress_health_check=list(HealthCheck), database=None,
        ),
    )  # fmt: skip
