"""The life of a loan after approval: guarantee, contract, money out and back, default, claim, recovery; to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from finance.formula import Due, Schedule, in_proportion, interest_schedule, loss_shares, oldest_unpaid
from finance.models import (
    Application,
    Claim,
    CreditLine,
    Disbursement,
    Entry,
    Guarantee,
    LedgerAccount,
    LineOrder,
    RiskCounter,
    ScheduleItem,
)
from finance.queries import loans as queries
from finance.queries.invariants import breaches
from finance.rules import add_months
from finance.services import (
    applications,
    decisions,
    defaults,
    freezing,
    guarantees,
    loans,
    products,
    quotes,
    risk,
)
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Notification
from tests.factories import finance as firms
from tests.factories import loans as make

pytestmark = pytest.mark.django_db
MILLION = make.MILLION


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    return make.scene(in_park)


@pytest.fixture(autouse=True)
def everything_holds(request: Any) -> Any:
    """After each test of this file all invariants hold and every journal balances."""
    yield
    if "in_park" in request.fixturenames:
        assert [str(breach) for breach in breaches()] == []
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def held(scene: make.Scene, kind: str = "guarantor", scope: str = "total") -> tuple[Decimal, Decimal]:
    row = RiskCounter.objects.filter(kind=kind, scope=scope).first()
    return (row.committed, row.paid) if row else (Decimal(0), Decimal(0))


def state(application: Application) -> str:
    application.refresh_from_db()
    return application.status


def test_a_guaranteed_product_goes_to_the_guarantor_first(scene: make.Scene) -> None:
    application = scene.apply()
    assert state(application) == "guarantee_review"
    with pytest.raises(Conflict):
        scene.approve(application)
    scene.pledge(application, group_name="示例集团")
    assert state(application) == "guaranteed"
    assert [held(scene, scope=scope)[0] for scope in ("total", "client", "group")] == [Decimal(2_400_000)] * 3
    scene.approve(application, 2 * MILLION)
    assert held(scene)[0] == Decimal(1_600_000)
    assert held(scene, "pool")[0] == Decimal(200_000)


def test_leaving_gives_every_cap_back(scene: make.Scene) -> None:
    application = scene.approved()
    applications.withdraw(by=scene.firm.signatory, application_id=application.pk)
    assert held(scene) == held(scene, "pool") == (0, 0)
    assert not Guarantee.objects.filter(live=True).exists()


def test_a_guarantor_decides_with_two_people(scene: make.Scene) -> None:
    application = scene.apply()
    made = guarantees.propose(
        by=scene.g_maker, application_id=application.pk, cover_ratio=Decimal("0.8"), fee_rate=Decimal("0.01")
    )
    words = {"application_id": application.pk, "outcome": "grant", "content_hash": made.content_hash}
    with pytest.raises(Forbidden):
        guarantees.decide(by=scene.g_maker, **words)
    with pytest.raises(Conflict):
        guarantees.decide(by=scene.g_checker, **(words | {"content_hash": "0" * 64}))
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        Guarantee.objects.filter(pk=made.pk).update(outcome="granted", checker_person=made.maker_person)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Guarantee.objects.filter(pk=made.pk).update(cover_ratio=Decimal("0.6"))
    with pytest.raises(Refused):
        guarantees.decide(by=scene.g_checker, **(words | {"outcome": "decline"}))
    guarantees.decide(by=scene.g_checker, **(words | {"outcome": "decline", "reason": "capacity"}))
    assert state(application) == "g_declined"
    scene_line = application.line
    scene_line.refresh_from_db()
    assert scene_line.reserved == 0


@pytest.mark.parametrize("cover", ["0.59", "0.81"])
def test_cover_stays_in_the_products_band(scene: make.Scene, cover: str) -> None:
    application = scene.apply()
    with pytest.raises(Refused):
        scene.pledge(application, cover)
    with pytest.raises(DatabaseError, match="outside of the product"), transaction.atomic():
        Guarantee.objects.create(
            application=application, organisation=scene.guarantor, cover_ratio=Decimal(cover), fee_rate=0, content={},
            content_hash="0" * 64, maker_person=scene.g_maker.person_id, maker_name="x",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("caps", "code"),
    [
        ({"client_cap": 2_000_000, "group_cap": 2_000_000}, "cap_guarantor_group"),
        ({"capital": 2_000_000, "client_cap": 2_000_000}, "cap_guarantor_total"),
    ],
)
def test_a_reached_cap_is_named_with_what_is_left(in_park: Any, caps: dict[str, int], code: str) -> None:
    scene = make.scene(in_park, guarantor=caps)
    other = firms.firm(in_park, 2)
    scene.consent(other)
    scene.pledge(scene.apply(Decimal(1_500_000)), group_name="示例集团")
    with pytest.raises(Conflict) as refused:
        scene.pledge(scene.apply(Decimal(1_000_100), other), group_name="示例集团")
    assert refused.value.code == code
    assert "80.00" in str(refused.value.message)


def test_terms_of_a_guarantor_never_go_below_what_is_committed(scene: make.Scene) -> None:
    scene.pledge(scene.apply())
    lower = risk.propose(
        by=scene.g_maker, capital=MILLION, leverage=Decimal(2), client_cap=MILLION, group_cap=MILLION
    )
    with pytest.raises(Forbidden):
        risk.activate(
            by=scene.g_maker,
            terms_id=risk.propose(
                by=scene.g_maker,
                capital=99 * MILLION,
                leverage=Decimal(1),
                client_cap=9 * MILLION,
                group_cap=9 * MILLION,
            ).pk,
        )
    with pytest.raises(Conflict, match="committed_more"):
        risk.activate(by=scene.g_checker, terms_id=lower.pk)


def test_contract_disbursement_repayment_close(scene: make.Scene) -> None:
    application = scene.approved()
    scene.contract(application, Decimal(2_500_000))
    line = application.line
    line.refresh_from_db()
    assert (state(application), line.reserved, line.drawn) == ("contracted", Decimal(2_500_000), 0)
    scene.disburse(application, 1_500_000)
    scene.disburse(application, 1_000_000)
    line.refresh_from_db()
    assert (state(application), line.reserved, line.drawn) == ("active", 0, Decimal(2_500_000))
    assert queries.balances(application.pk) == {
        "principal": Decimal(2_500_000),
        "cash:bank": Decimal(-2_500_000),
    }
    assert ScheduleItem.objects.filter(application=application).count() == 24
    scene.repay(application, 500_000, "1234.56", penalty=Decimal("0.44"))
    assert held(scene)[0] == Decimal(1_600_000)
    scene.repay(application, 2_000_000)
    line.refresh_from_db()
    assert (state(application), line.reserved, line.drawn) == ("closed", 0, 0)
    assert held(scene) == (0, 0)
    assert queries.balances(application.pk)["income:interest"] == Decimal("-1234.56")


def test_contract_is_recorded_by_the_bank_and_signed_by_the_firm(scene: make.Scene) -> None:
    application = scene.approved()
    day = db_today()
    words: dict[str, Any] = {
        "application_id": application.pk, "number": "HT-1", "amount": 3 * MILLION, "rate": Decimal("0.036"), "starts_on": day,
        "ends_on": day + dt.timedelta(days=360),
    }  # fmt: skip
    with pytest.raises(Forbidden):
        loans.record_contract(by=scene.maker, **words)
    with pytest.raises(Conflict):
        loans.sign_contract(by=scene.firm.signatory, application_id=application.pk, contract_id=1)
    for wrong in (
        {"amount": 3 * MILLION + 1},
        {"rate": Decimal("0.0361")},
        {"ends_on": day},
        {"ends_on": add_months(day, 12) + dt.timedelta(days=1)},
        {"method": "never"},
    ):
        with pytest.raises(Refused):
            loans.record_contract(by=scene.ops, **(words | wrong))
    first = loans.record_contract(by=scene.ops, **words)
    second = loans.record_contract(by=scene.ops, **(words | {"amount": MILLION}))
    one = {"application_id": application.pk, "contract_id": second.pk}
    with pytest.raises(Forbidden):
        loans.sign_contract(by=scene.firm.agent, **one)
    with pytest.raises(Conflict):  # the page showed the one that was replaced
        loans.sign_contract(by=scene.firm.signatory, **(one | {"contract_id": first.pk}))
    loans.sign_contract(by=scene.firm.signatory, **one)
    application.refresh_from_db()
    assert application.reserved == MILLION
    with pytest.raises(Conflict):
        loans.record_contract(by=scene.ops, **words)
    loans.cancel_contract(by=scene.checker, application_id=application.pk, note="企业放弃")
    assert (state(application), held(scene)) == ("cancelled", (0, 0))


def test_money_out_needs_two_people_and_stays_within_the_contract(scene: make.Scene) -> None:
    application = scene.approved()
    scene.contract(application)
    words: dict[str, Any] = {
        "application_id": application.pk,
        "amount": 2 * MILLION,
        "value_date": db_today(),
        "bank_ref": "B1",
    }
    made = loans.record_disbursement(by=scene.ops, **words)
    with pytest.raises(Forbidden):
        loans.confirm_disbursement(by=scene.ops, disbursement_id=made.pk)
    for wrong in (
        {"amount": MILLION + 1, "bank_ref": "B2"},
        {"value_date": db_today() + dt.timedelta(days=1), "bank_ref": "B2", "amount": 1},
    ):
        with pytest.raises(Refused):
            loans.record_disbursement(by=scene.ops, **(words | wrong))
    with pytest.raises(Conflict):
        loans.record_disbursement(by=scene.ops, **(words | {"amount": Decimal(1)}))
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        Disbursement.objects.filter(pk=made.pk).update(checker_person=made.maker_person)
    with pytest.raises(DatabaseError), transaction.atomic():
        applications.step(application, "disburse", by=scene.ops2, source=made.pk)
    loans.confirm_disbursement(by=scene.ops2, disbursement_id=made.pk)
    with pytest.raises(Conflict):
        loans.confirm_disbursement(by=scene.ops2, disbursement_id=made.pk)
    application.refresh_from_db()
    assert (application.drawn, application.reserved) == (2 * MILLION, MILLION)


@pytest.mark.parametrize(("starts", "paid"), [(10, 11), (400, 35)], ids=["before it", "on its last day"])
def test_money_goes_out_while_the_contract_runs(scene: make.Scene, starts: int, paid: int) -> None:
    application = scene.approved()
    scene.contract(application, days_ago=starts)
    with pytest.raises(Refused, match="value_date"):
        scene.disburse(application, days_ago=paid)
    scene.disburse(application, days_ago=paid + (1 if starts > 365 else -1))


def test_penalty_runs_from_each_instalments_own_day(scene: make.Scene) -> None:
    application = scene.loan(1_200_000, days_ago=100, method="equal_principal")
    items = [one for one in queries.instalments_of(application.pk) if one.due_on <= db_today()]
    scene.repay(application, items[0].principal / 4)
    left = [items[0].principal - items[0].principal / 4, *(one.principal for one in items[1:])]
    days = [(db_today() - one.due_on).days for one in items]
    assert len(set(days)) == len(days) == 3
    expected = sum(
        (part * Decimal("0.036") * Decimal("1.5") * n / 360).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for part, n in zip(left, days, strict=True)
    )
    due = queries.due_now(application, db_today())
    assert (due["principal"], due["penalty"]) == (sum(left), expected)


@pytest.mark.parametrize(("late", "told"), [(89, 0), (90, 1), (93, 1)])
def test_from_day_90_on_the_bank_is_told_once(
    scene: make.Scene, monkeypatch: pytest.MonkeyPatch, late: int, told: int
) -> None:
    """Also when nobody looked on day 90 itself."""
    application = scene.loan(days_ago=125)
    first = queries.instalments_of(application.pk)[0].due_on
    monkeypatch.setattr("finance.services.loans.db_today", lambda: first + dt.timedelta(days=late))
    for _n in range(2):
        loans.mark_overdue(by=Actor.system(scene.park), application_id=application.pk)
    assert Notification.objects.filter(dedupe_key__startswith="default:").count() == told


def test_a_wrong_repayment_is_reversed_by_two_people(scene: make.Scene) -> None:
    application = scene.loan()
    wrong = scene.repay(application, 3 * MILLION, 100)
    assert state(application) == "closed"
    asked = loans.request_reversal(by=scene.ops, repayment_id=wrong.pk, bank_ref="R1", reason="记错账户")
    with pytest.raises(Forbidden):
        loans.confirm_reversal(by=scene.ops, repayment_id=asked.pk)
    with pytest.raises(Conflict):
        loans.request_reversal(by=scene.ops2, repayment_id=wrong.pk, bank_ref="R2", reason="再冲")
    loans.confirm_reversal(by=scene.ops2, repayment_id=asked.pk)
    assert state(application) == "active"
    assert (application.drawn, held(scene)[0]) == (3 * MILLION, Decimal(2_400_000))
    assert queries.balances(application.pk)["income:interest"] == 0


def test_the_same_reference_is_booked_once_and_never_more_than_owed(scene: make.Scene) -> None:
    application = scene.loan()
    words: dict[str, Any] = {
        "application_id": application.pk,
        "principal": MILLION,
        "interest": Decimal(0),
        "value_date": db_today(),
    }
    loans.record_repayment(by=scene.ops, **words, bank_ref="S1")
    with pytest.raises(Conflict, match="bank_ref_used"):
        loans.record_repayment(by=scene.ops, **words, bank_ref="S1")
    with pytest.raises(Refused):
        loans.record_repayment(by=scene.ops, **(words | {"principal": 2 * MILLION + 1}), bank_ref="S2")
    with pytest.raises(Refused):
        loans.record_repayment(by=scene.ops, **(words | {"interest": Decimal(-1)}), bank_ref="S2")


def test_overdue_comes_and_goes_by_the_schedule(scene: make.Scene) -> None:
    application = scene.loan(days_ago=70)
    assert queries.days_overdue(application, db_today()) > 0
    assert loans.mark_overdue(by=Actor.system(scene.park), application_id=application.pk)
    assert state(application) == "overdue"
    due = queries.due_now(application, db_today())
    assert due["interest"] > 0 and due["principal"] == 0
    scene.repay(application, 0, due["interest"])
    assert state(application) == "active"
    assert not loans.mark_overdue(by=Actor.system(scene.park), application_id=application.pk)


def test_the_park_or_another_bank_cannot_book(scene: make.Scene, in_park: Any, actors: Any) -> None:
    application = scene.loan()
    other = actors("bank_ops", in_park)
    with pytest.raises(NotFound):
        loans.record_repayment(
            by=other,
            application_id=application.pk,
            principal=MILLION,
            interest=Decimal(0),
            value_date=db_today(),
            bank_ref="x",
        )
    with pytest.raises(Forbidden):
        loans.record_repayment(
            by=actors("park_admin", in_park), application_id=application.pk, principal=MILLION, interest=Decimal(0),
            value_date=db_today(), bank_ref="x",
        )  # fmt: skip


def test_a_line_is_frozen_and_thawed_by_two_people(scene: make.Scene) -> None:
    """Frozen, it gives nothing new, and quoting it again does not thaw it; what is under contract goes on."""
    loan, waiting = scene.approved(MILLION), scene.apply(MILLION)
    scene.contract(loan)
    freeze = {"line_id": waiting.line_id, "kind": "freeze", "reason": "疑似材料不实"}
    with pytest.raises(Forbidden):
        freezing.propose(by=scene.ops, **freeze)
    with pytest.raises(Refused):
        freezing.propose(by=scene.maker, **(freeze | {"reason": " "}))
    order = freezing.propose(by=scene.maker, **freeze)
    with pytest.raises(Conflict, match="proposed_already"):
        freezing.propose(by=scene.maker, **freeze)
    for person in (order.maker_person, scene.g_checker.person_id):
        with pytest.raises(DatabaseError, match="not of the bank"), transaction.atomic():
            LineOrder.objects.filter(pk=order.pk).update(checker_person=person)
    freezing.confirm(by=scene.checker, line_id=waiting.line_id)
    line = CreditLine.objects.get()
    assert line.state == "frozen"
    assert Notification.objects.filter(text__contains="疑似材料不实").count() == 1
    with pytest.raises(Conflict):
        scene.apply(MILLION)
    with pytest.raises(DatabaseError, match="two have to thaw"), transaction.atomic():
        CreditLine.objects.update(state="active")
    quotes.request(by=scene.firm.signatory, product_code="guaranteed")
    line.refresh_from_db()
    assert line.state == "frozen"
    scene.pledge(waiting)
    with pytest.raises(Conflict):
        scene.approve(waiting)
    scene.disburse(loan)

    thaw = freeze | {"kind": "thaw", "reason": "已核实"}
    freezing.propose(by=scene.maker, **thaw)
    freezing.drop(by=scene.checker, line_id=waiting.line_id)
    freezing.propose(by=scene.maker, **thaw)
    freezing.confirm(by=scene.checker, line_id=waiting.line_id)
    line.refresh_from_db()
    assert line.state == "active"
    scene.apply(MILLION)


def test_the_park_asks_and_the_bank_freezes_a_line_without_an_application(
    scene: make.Scene, in_park: Any, actors: Any
) -> None:
    line, office = CreditLine.objects.get(), actors("park_admin", in_park)
    asked = {"uscc": scene.firm.enterprise.uscc, "ground": "veto", "reason": "列入失信名单"}
    with pytest.raises(Forbidden):
        freezing.ask(by=scene.maker, **asked)
    with pytest.raises(Refused, match="ground"):
        freezing.ask(by=office, **(asked | {"ground": "mood"}))
    freezing.ask(by=office, **asked)
    freezing.ask(by=office, **asked)
    order = LineOrder.objects.get()
    assert (order.maker_person, order.ground) == (office.person_id, "veto")
    with pytest.raises(Conflict, match="proposed_already"):
        freezing.propose(by=scene.maker, line_id=line.pk, kind="freeze", reason="x")
    with pytest.raises(DatabaseError, match="not of the bank"), transaction.atomic():
        LineOrder.objects.update(checker_person=office.person_id)
    freezing.confirm(by=scene.checker, line_id=line.pk)
    line.refresh_from_db()
    assert line.state == "frozen"
    assert Notification.objects.filter(text__contains="园区提议（出现一票否决事项）：列入失信名单").exists()
    with pytest.raises(Conflict):
        scene.apply(MILLION)
    for changed, why in (
        ({"ground": "", "maker_person": office.person_id}, "not of the bank"),
        ({"maker_person": scene.maker.person_id}, "of the park"),
    ):
        with pytest.raises(DatabaseError, match=why), transaction.atomic():
            LineOrder.objects.create(
                line=line, kind="freeze", maker_name="x", reason="x", **({"ground": "veto"} | changed)
            )
    with pytest.raises(DatabaseError, match="line_order_park_freezes"), transaction.atomic():
        LineOrder.objects.create(
            line=line, kind="thaw", ground="veto", maker_person=office.person_id, maker_name="x", reason="x"
        )


def test_nothing_below_the_least_amount_of_the_product_is_lent(scene: make.Scene) -> None:
    with pytest.raises(Refused, match="amount"):
        scene.apply(Decimal("9999.99"))
    waiting = scene.apply(10_000)
    scene.pledge(waiting)
    with pytest.raises(Refused, match="amount"):
        scene.approve(waiting, Decimal("9999.99"))
    with pytest.raises(DatabaseError, match="outside of what was applied for"), transaction.atomic():
        waiting.decisions.create(
            amount=9_999, rate=Decimal("0.036"), term_months=12, content={}, content_hash="0" * 64, maker_person=scene.maker.person_id, maker_name="x"
        )  # fmt: skip
    with pytest.raises(Refused, match="min_amount"):
        products.propose(
            by=scene.maker, code="small", name="小额",
            terms=products.Terms(cap=9 * MILLION, min_amount=Decimal(5_000), min_score=Decimal(60), rate_low=Decimal("0.03"), rate_high=Decimal("0.05"), term_min=3, term_max=12),
        )  # fmt: skip


def test_loss_is_shared_to_the_cent_and_recovered_in_the_same_shares(scene: make.Scene) -> None:
    application = scene.loan(Decimal("1000000.01"))
    scene.default(application)
    claim = scene.claim(application)
    shares = {share.party: share.amount for share in claim.shares.all()}
    assert shares == {
        "bank": Decimal("100000.00"),
        "guarantor": Decimal("800000.01"),
        "pool": Decimal("100000.00"),
    }
    scene.pay(claim)
    assert state(application) == "indemnified"
    assert application.drawn == Decimal("100000.00")
    assert held(scene) == (Decimal("800000.01"), Decimal("800000.01"))
    assert held(scene, "pool") == (Decimal("100000.00"), Decimal("100000.00"))
    scene.recover(application, "300000.00")
    assert queries.borne(application) == {
        "bank": Decimal("70000.00"),
        "guarantor": Decimal("560000.01"),
        "pool": Decimal("70000.00"),
    }
    assert held(scene, "pool") == (Decimal("70000.00"), Decimal("70000.00"))
    scene.recover(application, "700000.01")
    assert (state(application), held(scene), held(scene, "pool")) == ("recovered", (0, 0), (0, 0))


def test_what_is_not_recovered_is_written_off_by_two_people(scene: make.Scene) -> None:
    application = scene.loan(1_000_000)
    scene.default(application)
    scene.pay(scene.claim(application))
    scene.recover(application, 400_000)
    defaults.propose(by=scene.maker, application_id=application.pk, reason="无财产可供执行", kind="write_off")
    with pytest.raises(Forbidden):
        defaults.confirm(by=scene.maker, application_id=application.pk, kind="write_off")
    defaults.confirm(by=scene.checker, application_id=application.pk, kind="write_off")
    found = queries.balances(application.pk)
    assert (found["loss:bank"], found["loss:guarantor"], found["loss:pool"]) == (60_000, 480_000, 60_000)
    assert (state(application), application.drawn, held(scene), held(scene, "pool")) == (
        "written_off",
        0,
        (0, 0),
        (60_000, 60_000),
    )


def test_the_pools_cap_leaves_the_rest_with_the_bank(in_park: Any) -> None:
    scene = make.scene(in_park, pool_share=Decimal("0.2"), pool_project_cap=Decimal(300_000))
    application = scene.loan(3 * MILLION)
    scene.default(application)
    claim = scene.claim(application)
    assert {share.party: share.amount for share in claim.shares.all()} == {
        "bank": 300_000,
        "guarantor": 2_400_000,
        "pool": 300_000,
    }
    scene.pay(claim)
    assert application.drawn == 3 * MILLION
    assert (state(application), application.drawn) == ("indemnified", 300_000)


def test_default_and_claim_need_two_people_each(scene: make.Scene) -> None:
    application = scene.loan()
    defaults.propose(by=scene.maker, application_id=application.pk, reason="停产")
    with pytest.raises(Forbidden):
        defaults.confirm(by=scene.maker, application_id=application.pk)
    defaults.confirm(by=scene.checker, application_id=application.pk)
    claim = defaults.file_claim(by=scene.maker, application_id=application.pk)
    defaults.review_claim(by=scene.g_checker, claim_id=claim.pk, opinion="accept")
    with pytest.raises(Forbidden):
        defaults.decide_claim(by=scene.g_checker, claim_id=claim.pk)
    with pytest.raises(Forbidden):
        defaults.review_claim(by=scene.fund1, claim_id=claim.pk, opinion="accept")
    defaults.review_claim(by=scene.g_maker, claim_id=claim.pk, opinion="accept")
    defaults.decide_claim(by=scene.g_checker, claim_id=claim.pk)
    share = claim.shares.get(party="pool")
    defaults.record_payment(by=scene.fund1, share_id=share.pk, bank_ref="P1")
    with pytest.raises(Forbidden):
        defaults.confirm_payment(by=scene.fund1, share_id=share.pk)
    with pytest.raises(NotFound):
        defaults.confirm_payment(by=scene.g_checker, share_id=share.pk)
    defaults.confirm_payment(by=scene.fund2, share_id=share.pk)
    assert state(application) == "claim_accepted"


def test_a_refused_claim_may_be_filed_again_and_one_is_open_at_most(scene: make.Scene) -> None:
    application = scene.loan()
    scene.default(application)
    assert scene.claim(application, "refuse").state == "refused"
    assert state(application) == "defaulted"
    scene.claim(application)
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(application=application, loss=1, amount=1, filed_by_ref=1, filed_by_name="x")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE finance_ledgeraccount SET balance = 0",
        "INSERT INTO finance_entry (park_id, journal_id, account_id, side, amount) SELECT park_id, journal_id, account_id, 'D', 1 FROM finance_entry LIMIT 1",
        "UPDATE finance_riskcounter SET committed = 0",
        "UPDATE finance_riskcounter SET cap = cap * 2",
        "UPDATE finance_riskhold SET amount = 0",
        "UPDATE finance_application SET drawn = 0",
        "UPDATE finance_repayment SET amount = 1",
        "UPDATE finance_claim SET state = 'paid'",
        "UPDATE finance_disbursement SET checked_at = now() + interval '1 day'",
        "SELECT finance_commit(park_id, id, -1, 0) FROM finance_riskcounter",
        "SELECT finance_entry_new(1, 1, 'principal', 'D', 1)",
    ],
)
def test_sql_cannot_move_money(scene: make.Scene, statement: str) -> None:
    scene.loan()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_document_counts_once(scene: make.Scene) -> None:
    application = scene.loan()
    back = scene.repay(application, 100)
    with pytest.raises(Conflict):
        from finance.services.problems import guarded

        with guarded():
            applications.step(application, "repay", by=scene.ops, source=back.pk)
    assert Entry.objects.count() == 4
    assert LedgerAccount.objects.get(code="principal").balance == 3 * MILLION - 100


def test_an_approval_on_former_terms_is_stale(scene: make.Scene) -> None:
    from finance.services import products

    application = scene.apply()
    scene.pledge(application)
    made = decisions.propose(
        by=scene.maker, application_id=application.pk, amount=MILLION, rate=Decimal("0.036"), term_months=12
    )
    new = products.propose(
        by=scene.maker, code="guaranteed", name="创新积分担保贷",
        terms=products.Terms(cap=9 * MILLION, min_score=Decimal(60), rate_low=Decimal("0.03"), rate_high=Decimal("0.05"), term_min=3, term_max=12),
    )  # fmt: skip
    products.activate(by=scene.checker, version_id=new.pk)
    with pytest.raises(Conflict) as stale:
        decisions.decide(
            by=scene.checker, application_id=application.pk, outcome="approve", content_hash=made.content_hash
        )
    assert stale.value.code == "terms_changed"


def test_schedules_repay_exactly() -> None:
    start, end = dt.date(2024, 2, 1), dt.date(2025, 2, 1)
    for method in ("bullet", "equal_principal", "equal_instalment"):
        rows = interest_schedule(Schedule(Decimal("1000000.01"), Decimal("0.0345"), start, end, method))
        assert sum(row.principal for row in rows) == Decimal("1000000.01")
        assert (len(rows), rows[-1].due_on) == (12, end)
    bullet = interest_schedule(Schedule(MILLION, Decimal("0.0345"), start, end))
    assert bullet[0].interest == Decimal("2779.17")
    with pytest.raises(ValueError, match="after"):
        interest_schedule(Schedule(MILLION, Decimal("0.03"), start, start))
    with pytest.raises(ValueError, match="unknown"):
        interest_schedule(Schedule(MILLION, Decimal("0.03"), start, end, "x"))


def test_month_ends_stay_in_their_month() -> None:
    rows = interest_schedule(Schedule(MILLION, Decimal("0.03"), dt.date(2024, 1, 31), dt.date(2024, 5, 31)))
    assert [row.due_on for row in rows] == [
        dt.date(2024, 2, 29),
        dt.date(2024, 3, 31),
        dt.date(2024, 4, 30),
        dt.date(2024, 5, 31),
    ]


def test_the_oldest_unpaid_day() -> None:
    rows = [
        Due(dt.date(2024, 2, 1), Decimal(0), Decimal(10)),
        Due(dt.date(2024, 3, 1), Decimal(100), Decimal(10)),
    ]
    found = [
        oldest_unpaid(rows, principal=Decimal(p), interest=Decimal(i), today=day)
        for p, i, day in (
            (0, 0, dt.date(2024, 2, 1)),
            (0, 0, dt.date(2024, 2, 2)),
            (0, 10, dt.date(2024, 3, 5)),
            (100, 20, dt.date(2025, 1, 1)),
        )
    ]
    assert found == [None, dt.date(2024, 2, 1), dt.date(2024, 3, 1), None]


def test_golden_shares() -> None:
    shares = {"guarantor": Decimal("0.8"), "bank": Decimal("0.2"), "pool": Decimal(0)}
    assert loss_shares(Decimal("1000000.01"), shares, pool_cap=Decimal(0))["guarantor"] == Decimal(
        "800000.01"
    )
    zhuhai = {"bank": Decimal("0.1"), "guarantor": Decimal(0), "pool": Decimal("0.9")}
    assert loss_shares(4 * MILLION, zhuhai, pool_cap=3 * MILLION) == {
        "bank": MILLION,
        "guarantor": 0,
        "pool": 3 * MILLION,
    }
    third = {"a": Decimal("0.01"), "b": Decimal("0.01"), "c": Decimal("0.01")}
    assert in_proportion(Decimal("0.03"), third) == third
