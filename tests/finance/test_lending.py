"""From consent to an approved loan, and every way round that must not exist."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import (
    AllowedTransition,
    Application,
    ApplicationEvent,
    Consent,
    ConsentAccess,
    CreditLine,
    Decision,
    ProductVersion,
    Quote,
)
from finance.queries import applications as queries
from finance.queries.pricing import price
from finance.services import applications, consents, decisions, lines, products, quotes
from finance.states import TRANSITIONS, ApplicationState
from innovscore.core.problems import Conflict, Forbidden, NotFound, Problem, Refused
from parks.actors import Actor
from parks.models import AuditEvent, Membership, Person
from parks.scope import park_scope
from tests.factories import lending as finance
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(in_park: Any) -> finance.World:
    return finance.world(in_park)


def sql(text: str, *values: Any) -> None:
    """Raw SQL as the production web role; raises what the database says."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text, values)


def test_golden_line_of_nine_million_bound_by_equity(world: finance.World) -> None:
    priced = price(world.enterprise.pk, world.version)
    assert (priced.amount, priced.result.binding, priced.usable) == (
        Decimal(9_000_000),
        "equity_capacity",
        True,
    )
    world.consent()
    assert world.line.quoted_limit == Decimal(9_000_000)
    quote = world.line.quote
    assert {step["code"]: step["value"] for step in quote.steps}["base"] == "8400000.00"
    assert (len(quote.digest), quote.amount, quote.binding) == (64, Decimal(9_000_000), "equity_capacity")


def test_more_equity_makes_the_score_bind(world: finance.World) -> None:
    from enterprises.models import DeclaredValue

    DeclaredValue.objects.filter(code="net_assets_end").update(verified_amount=20_000_000)
    priced = price(world.enterprise.pk, world.version)
    assert (priced.amount, priced.result.binding) == (Decimal(9_450_000), "score")


def test_score_that_is_not_published_gives_a_provisional_line_only(in_park: Any) -> None:
    world = finance.world(in_park, published=False)
    priced = price(world.enterprise.pk, world.version)
    assert (priced.amount, priced.usable, priced.provisional) == (Decimal(9_000_000), False, True)
    world.consent()
    assert not CreditLine.objects.exists()
    with pytest.raises(Conflict):
        world.apply()


def test_veto_and_low_score_give_nothing(in_park: Any) -> None:
    vetoed = finance.world(in_park, 1, flags=2)
    assert (
        price(vetoed.enterprise.pk, vetoed.version).amount,
        price(vetoed.enterprise.pk, vetoed.version).result.binding,
    ) == (0, "veto")
    low = finance.world(in_park, 2, total="59.99")
    assert price(low.enterprise.pk, low.version).result.binding == "R01"


def test_missing_figures_are_named_and_give_nothing(world: finance.World) -> None:
    from enterprises.models import DeclaredValue

    DeclaredValue.objects.filter(code="net_assets_end").update(verified_amount=None)
    priced = price(world.enterprise.pk, world.version)
    assert (priced.amount, priced.result.binding, priced.figures.missing) == (
        0,
        "missing",
        ("net_assets_end",),
    )


def test_what_is_taken_under_another_product_lowers_the_line(world: finance.World) -> None:
    other = finance.product(world.maker, world.checker, code="second")
    world.consent()
    world.apply(5_000_000)
    assert price(world.enterprise.pk, other).amount == Decimal(4_000_000)


def test_consent_application_proposal_approval(world: finance.World) -> None:
    world.consent()
    application = world.apply(5_000_000)
    assert (application.status, application.reserved, world.line.reserved) == (
        "screened",
        5_000_000,
        5_000_000,
    )
    decisions.acknowledge(by=world.maker, application_id=application.pk)
    world.propose(application, 4_000_000)
    world.approve(application)
    application.refresh_from_db()
    assert (application.status, application.reserved, world.line.reserved) == (
        "approved",
        4_000_000,
        4_000_000,
    )
    assert application.contacted_at is not None
    steps = list(application.events.order_by("seq").values_list("seq", "from_state", "event", "to_state"))
    assert steps == [
        (1, "draft", "submit", "submitted"), (2, "submitted", "screen", "screened"), (3, "screened", "acknowledge", "screened"),
        (4, "screened", "propose", "proposed"), (5, "proposed", "approve", "approved"),
    ]  # fmt: skip
    assert {
        "consent.granted",
        "quote.made",
        "application.submitted",
        "decision.proposed",
        "decision.approved",
    } <= set(AuditEvent.objects.values_list("action", flat=True))


def test_return_then_new_proposal_then_reject_frees_the_line(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    first = world.propose(application)
    decisions.decide(
        by=world.checker,
        application_id=application.pk,
        outcome="return",
        content_hash=first.content_hash,
        note="期限过长",
    )
    second = world.propose(application, 3_000_000)
    with pytest.raises(Refused):
        decisions.decide(
            by=world.checker,
            application_id=application.pk,
            outcome="reject",
            content_hash=second.content_hash,
        )
    decisions.decide(
        by=world.checker,
        application_id=application.pk,
        outcome="reject",
        content_hash=second.content_hash,
        reason="capacity",
    )
    application.refresh_from_db()
    assert (application.status, application.reserved, world.line.reserved) == ("rejected", 0, 0)
    assert not Decision.objects.filter(live=True).exists()


@pytest.mark.parametrize("stage", ["screened", "proposed", "approved", "on_hold"])
def test_withdrawing_frees_the_line_at_once(world: finance.World, stage: str) -> None:
    consent = world.consent()
    application = world.apply()
    if stage in ("proposed", "approved"):
        world.propose(application)
    if stage == "approved":
        world.approve(application)
    if stage == "on_hold":
        consents.revoke(by=world.signatory, consent_id=consent.pk)
    application.refresh_from_db()
    assert application.status == stage
    applications.withdraw(by=world.signatory, application_id=application.pk)
    application.refresh_from_db()
    assert (application.status, world.line.reserved) == ("withdrawn", 0)


def test_lapsing_frees_the_line(world: finance.World, in_park: Any) -> None:
    world.consent()
    application = world.apply()
    Application.objects.filter(pk=application.pk).update(lapses_at="2020-01-01T00:00Z")
    assert applications.due_to_lapse() == [application.pk]
    assert applications.lapse(by=Actor.system(in_park), application_id=application.pk)
    assert not applications.lapse(by=Actor.system(in_park), application_id=application.pk)
    application.refresh_from_db()
    assert (application.status, world.line.reserved) == ("lapsed", 0)


def test_applications_never_take_more_than_the_line(world: finance.World) -> None:
    world.consent()
    world.apply(6_000_000, "a")
    with pytest.raises(Conflict):
        world.apply(3_000_001, "b")
    world.apply(3_000_000, "c")
    assert (world.line.reserved, Application.objects.count()) == (9_000_000, 2)


def test_agent_may_not_sign_submit_or_revoke(world: finance.World) -> None:
    with pytest.raises(Forbidden):
        consents.grant(by=world.agent, product_code=world.version.product.code, months=6)
    consent = world.consent()
    with pytest.raises(Forbidden):
        consents.revoke(by=world.agent, consent_id=consent.pk)
    with pytest.raises(Forbidden):
        applications.submit(
            by=world.agent,
            product_code=world.version.product.code,
            amount=Decimal(1),
            term_months=12,
            purpose="x",
            client_ref="x",
        )


@pytest.mark.parametrize(
    ("amount", "rate", "term"),
    [
        ("5000001", "0.0345", 12),
        ("0", "0.0345", 12),
        ("1", "0.0299", 12),
        ("1", "0.0451", 12),
        ("1", "0.0345", 2),
        ("1", "0.0345", 37),
    ],
)
def test_proposals_stay_inside_application_band_and_term(
    world: finance.World, amount: str, rate: str, term: int
) -> None:
    world.consent()
    application = world.apply()
    with pytest.raises(Refused):
        decisions.propose(
            by=world.maker,
            application_id=application.pk,
            amount=Decimal(amount),
            rate=Decimal(rate),
            term_months=term,
        )
    content = '{"x": 1}'
    with pytest.raises(DatabaseError):
        sql(
            "INSERT INTO finance_decision (park_id, application_id, kind, amount, rate, term_months, content, content_hash, maker_person, "
            "maker_name, checker_name, outcome, reasons, note, live) VALUES (%s,%s,'bank',%s,%s,%s,%s,'h',%s,'','','','{}','',true)",
            world.park.pk, application.pk, amount, rate, term, content, world.maker.person_id,
        )  # fmt: skip


def test_same_person_with_two_accounts_cannot_check(world: finance.World) -> None:
    bank = people.Organisation.objects.get(pk=world.maker.organisation_id)
    twin = people.actor(
        "bank_checker", world.park, organisation=bank, person=Person.objects.get(pk=world.maker.person_id)
    )
    world.consent()
    application = world.apply()
    world.propose(application)
    with pytest.raises(Forbidden):
        world.approve(application, by=twin)
    with pytest.raises(DatabaseError):
        sql(
            "UPDATE finance_decision SET outcome = 'approved', checker_person = maker_person WHERE application_id = %s",
            application.pk,
        )


def test_maker_cannot_check_and_checker_cannot_propose(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    with pytest.raises(Forbidden):
        decisions.propose(
            by=world.checker,
            application_id=application.pk,
            amount=Decimal(1),
            rate=Decimal("0.03"),
            term_months=12,
        )
    world.propose(application)
    with pytest.raises(Forbidden):
        world.approve(application, by=world.maker)


def test_content_cannot_be_edited_after_the_proposal_even_by_sql(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    decision = world.propose(application)
    for column in ("amount = 1", "rate = 0.03", "content = '{}'", "content_hash = 'x'", "maker_person = 1"):
        with pytest.raises(DatabaseError, match="permission denied"):
            sql("UPDATE finance_decision SET " + column + " WHERE id = %s", decision.pk)  # fixed texts
    with pytest.raises(Conflict):
        decisions.decide(
            by=world.checker, application_id=application.pk, outcome="approve", content_hash="0" * 64
        )


def test_approval_by_sql_needs_a_checker_of_that_bank(world: finance.World) -> None:
    """The event of an approval names a person who holds the role in that bank, and who decided."""
    world.consent()
    application = world.apply()
    world.propose(application)
    stranger = people.actor("bank_checker", world.park)
    insert = (
        "INSERT INTO finance_applicationevent (park_id, application_id, seq, machine, from_state, event, role, to_state, reserve, person_ref, "
        "person_name, reason_code, note) VALUES (%s,%s,0,'application','proposed','approve','bank_checker','approved',4000000,%s,'','','')"
    )
    for person in (world.checker.person_id, world.maker.person_id, stranger.person_id):
        with pytest.raises(DatabaseError):
            sql(insert, world.park.pk, application.pk, person)
    Decision.objects.filter(application=application).update(
        outcome="approved", checker_person=stranger.person_id
    )
    with pytest.raises(DatabaseError, match="is not bank_checker here"):
        sql(insert, world.park.pk, application.pk, stranger.person_id)


def test_products_need_two_people_by_service_and_by_sql(world: finance.World) -> None:
    version = products.propose(by=world.maker, code="second", name="第二", terms=finance.terms())
    with pytest.raises(Forbidden):
        products.activate(by=world.maker, version_id=version.pk)
    with pytest.raises(DatabaseError):
        sql(
            "UPDATE finance_productversion SET state = 'active', activated_by_ref = proposed_by_ref, activated_at = now() WHERE id = %s",
            version.pk,
        )
    with pytest.raises(DatabaseError, match="permission denied"):
        sql("UPDATE finance_productversion SET cap = 1 WHERE id = %s", world.version.pk)
    with pytest.raises(DatabaseError):
        sql(
            "UPDATE finance_productversion SET state = 'draft', activated_by_ref = NULL WHERE id = %s",
            world.version.pk,
        )


def test_activating_a_version_retires_the_one_before(world: finance.World) -> None:
    code = world.version.product.code
    second = products.propose(
        by=world.checker, code=code, name="x", terms=finance.terms(cap=Decimal(1_000_000))
    )
    products.activate(by=world.maker, version_id=second.pk)
    states = dict(ProductVersion.objects.values_list("number", "state"))
    assert states == {1: "retired", 2: "active"}


def test_bank_reads_consented_groups_and_each_read_is_logged(world: finance.World) -> None:
    consent = world.consent()
    sections = consents.read(by=world.maker, consent_id=consent.pk, subject="test")
    assert [section.group for section in sections] == ["id", "score", "dims", "fin"]
    text = str(sections)
    assert world.enterprise.name in text
    assert "50,000,000" not in text, "figures are banded"
    read = ConsentAccess.objects.get()
    assert (read.person_name, read.groups, read.organisation_id) == (
        world.maker.person_name,
        consent.groups,
        world.maker.organisation_id,
    )


def test_revoking_stops_reads_voids_quotes_freezes_and_holds(world: finance.World) -> None:
    consent = world.consent()
    application = world.apply()
    consents.revoke(by=world.signatory, consent_id=consent.pk)
    assert consents.read(by=world.maker, consent_id=consent.pk, subject="test") is None
    application.refresh_from_db()
    assert (application.status, world.line.state, Quote.objects.get().state) == ("on_hold", "frozen", "void")
    assert application.reserved == world.line.reserved == 5_000_000
    with pytest.raises(Problem):
        world.propose(application)
    with pytest.raises(Conflict):
        world.apply(ref="again")


def test_read_fails_closed_when_the_log_is_refused(world: finance.World, monkeypatch: Any) -> None:
    """Even code that believes in a revoked consent gets nothing: the database refuses the log row."""
    consent = world.consent()
    consents.revoke(by=world.signatory, consent_id=consent.pk)
    monkeypatch.setattr(consents.queries, "granted_to", lambda by: Consent.objects.all())
    assert consents.read(by=world.maker, consent_id=consent.pk, subject="test") is None
    assert not ConsentAccess.objects.exists()


def test_another_bank_reads_nothing(world: finance.World) -> None:
    consent = world.consent()
    application = world.apply()
    stranger = people.actor("bank_maker", world.park)
    assert consents.read(by=stranger, consent_id=consent.pk, subject="test") is None
    with pytest.raises(NotFound):
        queries.for_bank(stranger, application.pk)
    assert not queries.to_bank(stranger).exists()


def test_revoked_consent_never_reopens_and_nothing_else_of_it_changes(world: finance.World) -> None:
    consent = world.consent()
    with pytest.raises(DatabaseError, match="permission denied"):
        sql("UPDATE finance_consent SET groups = '{id}' WHERE id = %s", consent.pk)
    consents.revoke(by=world.signatory, consent_id=consent.pk)
    with pytest.raises(DatabaseError, match="not taken back"):
        sql("UPDATE finance_consent SET revoked_at = NULL, revoked_by_ref = NULL WHERE id = %s", consent.pk)
    with pytest.raises(Conflict):
        consents.revoke(by=world.signatory, consent_id=consent.pk)
    world.consent()
    assert Consent.objects.count() == 2


def test_consents_do_not_overlap_and_are_bounded(world: finance.World) -> None:
    world.consent()
    with pytest.raises(Conflict):
        world.consent()
    copy = (
        "INSERT INTO finance_consent (park_id, enterprise_id, organisation_id, product_id, purpose, groups, period, text_version, text, digest, "
        "granted_by_ref, granted_by_name, revoked_by_name) SELECT park_id, enterprise_id, organisation_id, product_id, {purpose}, {groups}, "
        "{period}, '', '', '', granted_by_ref, '', '' FROM finance_consent"
    )
    fresh = {"purpose": "'other'", "groups": "groups", "period": "period"}
    for change in (
        {"purpose": "purpose"},
        {"groups": "'{salary}'"},
        {"groups": "'{}'"},
        {"period": "tstzrange(now(), now() + interval '367 days')"},
        {"period": "tstzrange(now(), NULL)"},
    ):
        with pytest.raises(DatabaseError):
            sql(copy.format(**(fresh | change)))
    sql(copy.format(**fresh))


@pytest.mark.parametrize("months", [0, 2, 13])
def test_only_one_six_or_twelve_months(world: finance.World, months: int) -> None:
    with pytest.raises(Refused):
        world.consent(months)


def test_all_groups_must_be_ticked(world: finance.World) -> None:
    with pytest.raises(Refused):
        consents.grant(by=world.signatory, product_code=world.version.product.code, months=6, groups=["id"])


def test_a_cut_below_the_proposal_stops_the_approval_but_not_the_check_constraint(
    world: finance.World,
) -> None:
    world.consent()
    application = world.apply(5_000_000)
    world.propose(application, 4_000_000)
    lines.cut(by=world.checker, line_id=world.line.pk, limit=Decimal(3_000_000))
    assert (world.line.quoted_limit, world.line.hard_limit) == (3_000_000, 5_000_000)
    with pytest.raises(Conflict):
        world.approve(application)
    decision = application.decisions.get(live=True)
    decision_row = Decision.objects.filter(pk=decision.pk)
    with pytest.raises(DatabaseError, match="cut below"), transaction.atomic():
        decision_row.update(outcome="approved", checker_person=world.checker.person_id)
        applications.step(application, "approve", by=world.checker, reserve=Decimal(4_000_000))


def test_a_quote_that_is_over_stops_the_approval(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    world.propose(application)
    Quote.objects.update(state="expired")
    with pytest.raises(Conflict):
        world.approve(application)


def test_requote_supersedes_and_lets_the_approval_pass(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    world.propose(application)
    quotes.request(by=world.signatory, product_code=world.version.product.code)
    assert sorted(Quote.objects.values_list("state", flat=True)) == ["live", "superseded"]
    world.approve(application)


def test_line_cannot_be_raised_or_filled_by_sql(world: finance.World) -> None:
    world.consent()
    for change in ("reserved = 1", "drawn = 1", "enterprise_id = 1"):
        with pytest.raises(DatabaseError, match="permission denied"):
            sql("UPDATE finance_creditline SET " + change)  # fixed texts
    with pytest.raises(DatabaseError, match="not covered"):
        sql("UPDATE finance_creditline SET quoted_limit = 99000000, hard_limit = 99000000")


def test_the_table_of_transitions_is_the_literal() -> None:
    rows = AllowedTransition.objects.values_list("machine", "from_state", "event", "role", "to_state")
    assert set(rows) == set(TRANSITIONS)


def test_transitions_cannot_be_added_by_the_application(world: finance.World) -> None:
    for text in (
        "INSERT INTO finance_allowedtransition (machine, from_state, event, role, to_state) VALUES ('application','draft','x','system','approved')",
        "UPDATE finance_allowedtransition SET to_state = 'approved'",
        "DELETE FROM finance_allowedtransition",
    ):
        with pytest.raises(DatabaseError):
            sql(text)


def test_every_state_can_be_reached_and_left_or_is_an_end() -> None:
    reached, grown = {"draft"}, True
    while grown:
        more = {to for _m, source, _e, _r, to in TRANSITIONS if source in reached} - reached
        reached |= more
        grown = bool(more)
    assert reached == set(ApplicationState.values)


MUTANTS = [
    (event, role, target)
    for event, role, target in [
        ("approve", "bank_checker", "approved"), ("approve", "bank_maker", "approved"), ("propose", "bank_checker", "proposed"),
        ("submit", "enterprise_signatory", "submitted"), ("screen", "system", "approved"), ("withdraw", "enterprise_agent", "withdrawn"),
        ("withdraw", "bank_maker", "withdrawn"), ("reject", "bank_checker", "approved"), ("acknowledge", "bank_checker", "screened"),
        ("lapse", "bank_maker", "lapsed"), ("hold", "bank_maker", "on_hold"), ("lapse", "system", "approved"),
        ("propose", "bank_maker", "approved"), ("return", "bank_checker", "screened"),
    ]
]  # fmt: skip


@pytest.mark.parametrize(("event", "role", "target"), MUTANTS)
def test_steps_that_are_not_listed_are_refused_by_the_database(
    world: finance.World, event: str, role: str, target: str
) -> None:
    world.consent()
    application = world.apply()
    people_by_role = {
        "bank_maker": world.maker, "bank_checker": world.checker, "enterprise_signatory": world.signatory, "enterprise_agent": world.agent,
    }  # fmt: skip
    person = people_by_role.get(role)
    with pytest.raises(DatabaseError), transaction.atomic():
        ApplicationEvent.objects.create(
            application=application, machine="application", from_state="screened", event=event, role=role, to_state=target,
            reserve=application.reserved, person_ref=person.person_id if person else None,
        )  # fmt: skip
    application.refresh_from_db()
    assert application.status == "screened"


def test_status_cannot_be_written_and_history_cannot_be_changed(world: finance.World) -> None:
    world.consent()
    application = world.apply()
    for text in (
        "UPDATE finance_application SET status = 'approved'", "UPDATE finance_application SET reserved = 0",
        "UPDATE finance_application SET amount = 1", "DELETE FROM finance_application", "UPDATE finance_applicationevent SET note = 'x'",
        "DELETE FROM finance_applicationevent", "DELETE FROM finance_consentaccess",
    ):  # fmt: skip
        with pytest.raises(DatabaseError):
            sql(text)
    with pytest.raises(DatabaseError, match="is in state"), transaction.atomic():
        ApplicationEvent.objects.create(
            application=application, machine="application", from_state="proposed", event="approve", role="bank_checker",
            to_state="approved", reserve=1, person_ref=world.checker.person_id,
        )  # fmt: skip


def test_nothing_of_another_park_is_seen_or_joined(world: finance.World) -> None:
    consent = world.consent()
    application = world.apply()
    twin_park = people.park(code="hz", name="第二高新区")
    park_id = world.park.pk
    bank = people.Organisation.objects.get(pk=world.maker.organisation_id)
    from parks import scope

    token = scope._park_id.set(None)
    try:
        with park_scope(twin_park.pk):
            twin = Actor.of(
                Membership.objects.get(pk=people.membership("bank_maker", twin_park, organisation=bank).pk)
            )
            assert not queries.to_bank(twin).exists()
            assert consents.read(by=twin, consent_id=consent.pk, subject="x") is None
            with pytest.raises(NotFound):
                queries.for_bank(twin, application.pk)
            with pytest.raises(DatabaseError):
                sql(
                    "INSERT INTO finance_product (park_id, organisation_id, code, name, created_at) VALUES (%s, %s, 'x', 'x', now())",
                    park_id, bank.pk,
                )  # fmt: skip
    finally:
        scope._park_id.reset(token)
        scope.set_local("app.park_id", str(park_id))
