"""A bank sees what was consented to, while it was: nothing before, after or beyond; every look is on record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from finance.filters import ApplicationFilter, QueueFilter
from finance.models import Application, Consent, ConsentAccess, CreditLine, Quote
from finance.queries import applications as application_queries
from finance.queries import consents as queries
from finance.services import applications, consents, daily, quotes
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.clock import db_now
from parks.models import Notification
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.factories import finance as make

pytestmark = pytest.mark.django_db
NINE_MILLION = Decimal(9_000_000)


@pytest.fixture
def granted(in_park: Any) -> tuple[make.Bank, make.Firm, Consent]:
    """A consent given through the service, the line quoted with it."""
    bank, firm = make.bank(in_park), make.firm(in_park)
    return bank, firm, consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)


def test_consent_quotes_the_worked_example(granted: Any) -> None:
    _bank, firm, consent = granted
    line, quote = CreditLine.objects.get(), Quote.objects.get()
    assert (line.quoted_limit, quote.amount, quote.binding) == (NINE_MILLION, NINE_MILLION, "equity_capacity")
    steps = {step["code"]: Decimal(step["value"]) for step in quote.steps}
    assert (steps["base"], steps["growth"], steps["score"]) == (
        Decimal("8400000.00"),
        Decimal("1.125"),
        Decimal("9450000.00"),
    )
    assert quote.expires_at <= consent.period.upper
    assert quotes.request(by=firm.signatory, product_code="jf-loan").quote.digest == quote.digest  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"official": False}, "not published"),
        ({"flags": 1}, "vetoed"),
        ({"flags": 2}, "provisional"),
        ({"points": 59}, "low"),
        ({"net_assets_end": None}, "figures"),
    ],
)
def test_no_line_without_a_final_clean_score_and_figures(
    in_park: Any, change: dict[str, Any], why: str
) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park, **change)
    consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)
    assert not CreditLine.objects.exists(), why
    with pytest.raises(Conflict):
        applications.submit(
            by=firm.signatory,
            product_code="jf-loan",
            amount=Decimal(10_000),
            term_months=12,
            purpose="",
            client_ref="a",
        )


def test_only_the_signatory_grants_and_revokes(granted: Any) -> None:
    bank, firm, consent = granted
    for by in (firm.agent, bank.maker):
        with pytest.raises(Forbidden):
            consents.grant(by=by, product_code=bank.product.code, months=6)
        with pytest.raises(Forbidden):
            consents.revoke(by=by, consent_id=consent.pk)
    with pytest.raises(Forbidden):
        applications.submit(
            by=firm.agent,
            product_code="jf-loan",
            amount=Decimal(10_000),
            term_months=12,
            purpose="",
            client_ref="a",
        )


@pytest.mark.parametrize("months", [0, 2, 13, 24])
def test_the_period_is_one_six_or_twelve_months(in_park: Any, months: int) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    with pytest.raises(Refused):
        consents.grant(by=firm.signatory, product_code=bank.product.code, months=months)


def test_a_read_is_on_record_with_person_groups_and_time(granted: Any) -> None:
    bank, firm, consent = granted
    sections = consents.read(by=bank.maker, consent_id=consent.pk, subject="A1")
    assert [section.group for section in sections or []] == ["id", "score", "dims", "fin"]
    row = queries.reads_of(firm.enterprise.pk).get()
    assert (row.person_name, row.role, row.groups, row.organisation) == (
        bank.maker.person_name,
        "bank_maker",
        list(consent.groups),
        bank.organisation,
    )


def test_only_the_consented_groups_are_shown(in_park: Any) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    consent = make.consent(bank, firm, groups=("id",))
    sections = consents.read(
        by=bank.maker, consent_id=consent.pk, subject="A1", groups=("id", "score", "fin")
    )
    assert [section.group for section in sections or []] == ["id"]
    with pytest.raises(DatabaseError, match="no consent covers"), transaction.atomic():
        _log(bank, firm, consent, ["id", "fin"])


def _log(bank: make.Bank, firm: make.Firm, consent: Consent, groups: list[str]) -> ConsentAccess:
    return ConsentAccess.objects.create(
        consent=consent, enterprise=firm.enterprise, organisation=bank.organisation, person_ref=bank.maker.person_id,
        person_name=bank.maker.person_name, role="bank_maker", groups=groups, subject="A1",
    )  # fmt: skip


@pytest.mark.parametrize("why", ["revoked", "expired", "not begun"])
def test_reading_fails_closed(in_park: Any, why: str) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    starts = {
        "revoked": dt.timedelta(minutes=-1),
        "expired": dt.timedelta(days=-30),
        "not begun": dt.timedelta(hours=1),
    }[why]
    consent = make.consent(bank, firm, days=20, starts=starts)
    if why == "revoked":
        make.revoke(consent, firm)
    assert consents.read(by=bank.maker, consent_id=consent.pk, subject="A1") is None
    assert not queries.granted_to(bank.maker).exists()
    with pytest.raises(DatabaseError, match="no consent covers"), transaction.atomic():
        _log(bank, firm, consent, ["id"])
    assert not ConsentAccess.objects.exists()


def test_another_bank_reads_nothing(granted: Any, in_park: Any) -> None:
    _bank, _firm, consent = granted
    other = make.bank(in_park, name="山城银行", code="other")
    assert consents.read(by=other.maker, consent_id=consent.pk, subject="A1") is None
    assert consents.note_list_reads(by=other.maker, consent_ids=[consent.pk], subject="list") == set()
    assert not application_queries.to_bank(other.maker).exists()


def test_revoking_stops_reads_voids_the_quote_and_holds_the_application(granted: Any) -> None:
    bank, firm, consent = granted
    open_one = applications.submit(
        by=firm.signatory,
        product_code="jf-loan",
        amount=Decimal(10**6),
        term_months=12,
        purpose="采购",
        client_ref="a",
    )
    consents.revoke(by=firm.signatory, consent_id=consent.pk)
    assert consents.read(by=bank.maker, consent_id=consent.pk, subject="A1") is None
    assert Quote.objects.get().state == "void"
    assert CreditLine.objects.get().state == "frozen"
    assert Application.objects.get(pk=open_one.pk).status == "on_hold"
    with pytest.raises(Conflict):
        consents.revoke(by=firm.signatory, consent_id=consent.pk)


def test_what_was_signed_never_changes(granted: Any) -> None:
    _bank, firm, consent = granted
    for change in ({"groups": ["id"]}, {"text": "别的"}, {"granted_by_ref": 1}, {"period": consent.period}):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Consent.objects.filter(pk=consent.pk).update(**change)
    make.revoke(consent, firm)
    for change in ({"revoked_at": None, "revoked_by_ref": None}, {"revoked_by_ref": 7}):
        with pytest.raises(DatabaseError, match="once"), transaction.atomic():
            Consent.objects.filter(pk=consent.pk).update(**change)


def test_consents_do_not_overlap_and_last_at_most_366_days(in_park: Any) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    with pytest.raises(IntegrityError, match="period_bounds"), transaction.atomic():
        make.consent(bank, firm, days=367)
    first = make.consent(bank, firm, days=366)
    with pytest.raises(IntegrityError, match="no_overlap"), transaction.atomic():
        make.consent(bank, firm, days=10)
    make.revoke(first, firm)
    make.consent(bank, firm, days=10)


@pytest.mark.parametrize("groups", [(), ("id", "salaries")])
def test_groups_are_some_of_the_known_ones(in_park: Any, groups: tuple[str, ...]) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    with pytest.raises(IntegrityError, match="groups_known"), transaction.atomic():
        make.consent(bank, firm, groups=groups)


def test_the_other_park_finds_none_of_it(granted: Any, other_park: Any) -> None:
    bank, firm, consent = granted
    from parks.scope import _park_id  # the fixture is inside the first park; leave it for the twin

    token = _park_id.set(None)
    try:
        with park_scope(other_park.pk):
            twin = make.bank(other_park, code="jf-loan")
            assert consents.read(by=twin.maker, consent_id=consent.pk, subject="A1") is None
            with pytest.raises(NotFound):
                queries.own(firm.enterprise.pk, consent.pk)
            assert not Consent.everywhere.exists()
            with pytest.raises(IntegrityError), transaction.atomic():
                make.consent(twin, firm)
    finally:
        _park_id.reset(token)


def ending(park: Any, days: int = 10, **kwargs: Any) -> tuple[make.Bank, make.Firm, Consent]:
    """A consent that ends in so many days, with a line and an application on it."""
    bank, firm = make.bank(park), make.firm(park)
    consent = make.consent(bank, firm, days=200, starts=dt.timedelta(days=days - 200))
    consent.refresh_from_db()
    return bank, firm, consent


def end_now(consent: Consent) -> None:
    """As if its time were over and the renewal had begun (only the owner can do that)."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(consent.park_id)])
        cursor.execute("ALTER TABLE finance_consent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE finance_consent SET period = tstzrange(lower(period) - interval '11 days', upper(period) - interval '11 days') WHERE root_id = %s",
            [consent.root_id],
        )
        cursor.execute("ALTER TABLE finance_consent ENABLE TRIGGER USER")


def test_a_renewed_consent_goes_on_where_the_old_one_ends(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        bank, firm, consent = ending(park)
        line = make.line(bank, firm, consent)
        application = make.submitted(bank, firm, line, consent)
        consents.read(by=bank.maker, consent_id=consent.pk, subject="before")
        renewed = consents.renew(by=firm.signatory, consent_id=consent.pk, months=12)
        assert (renewed.period.lower, renewed.groups) == (consent.period.upper, consent.groups)
        assert queries.state_of(renewed, db_now()) == "upcoming"
        with pytest.raises(Conflict, match="not_renewable"):
            consents.renew(by=firm.signatory, consent_id=consent.pk, months=12)
    end_now(consent)
    with park_scope(park.pk):
        assert consents.read(by=bank.maker, consent_id=consent.pk, subject="after") is not None
        assert consents.note_list_reads(by=bank.maker, consent_ids=[consent.pk], subject="list") == {
            consent.pk
        }
        assert application_queries.to_bank(bank.maker).get().consent_holds
        make.step(application, "acknowledge", "bank_maker", application.status, person=bank.maker)
        reads = dict(ConsentAccess.objects.values_list("subject", "consent_id"))
        assert reads == {"before": consent.pk, "after": renewed.pk, "list": renewed.pk}
        consents.revoke(by=firm.signatory, consent_id=consent.pk)
        assert consents.read(by=bank.maker, consent_id=consent.pk, subject="revoked") is None
        application.refresh_from_db()
        assert application.status == "on_hold"


def test_revoking_ends_the_renewal_too(in_park: Any) -> None:
    _bank, firm, consent = ending(in_park)
    renewed = consents.renew(by=firm.signatory, consent_id=consent.pk, months=6)
    consents.revoke(by=firm.signatory, consent_id=consent.pk)
    renewed.refresh_from_db()
    assert renewed.revoked_at is not None
    with pytest.raises(Conflict):
        consents.renew(by=firm.signatory, consent_id=consent.pk, months=6)


def test_a_renewal_is_signed_in_time_by_the_signatory(in_park: Any) -> None:
    _bank, firm, consent = ending(in_park, days=31)
    for by, months, problem in (
        (firm.agent, 6, Forbidden),
        (firm.signatory, 7, Refused),
        (firm.signatory, 6, Conflict),
    ):
        with pytest.raises(problem):
            consents.renew(by=by, consent_id=consent.pk, months=months)
    with pytest.raises(DatabaseError, match="goes on where one that holds ends"), transaction.atomic():
        make.consent(_bank, firm, days=10, starts=dt.timedelta(days=90), root_id=consent.pk)


def test_the_signatory_is_reminded_once_and_not_after_renewing(in_park: Any) -> None:
    _bank, firm, consent = ending(in_park)
    for _n in range(2):
        daily.tell_expiring()
    notice = Notification.objects.get()
    assert (notice.role, notice.url) == ("enterprise_signatory", f"/p/{in_park.code}/e/consents/")
    consents.renew(by=firm.signatory, consent_id=consent.pk, months=1)
    assert not [one for one in queries.with_following(queries.active()) if queries.may_renew(one, db_now())]


def test_a_search_in_the_queue_finds_by_number_and_by_names_that_may_be_told(granted: Any) -> None:
    """A bank cannot learn by searching what the list does not show."""
    bank, firm, consent = granted
    made = applications.submit(
        by=firm.signatory, product_code="jf-loan", amount=Decimal(10_000), term_months=12, purpose="研发", client_ref="a",
    )  # fmt: skip

    def found(text: str, kind: Any = QueueFilter) -> list[int]:
        rows = application_queries.to_bank(bank.maker)
        return list(kind({"q": text}, queryset=rows).qs.values_list("pk", flat=True))

    name = firm.enterprise.name[:4]
    assert found(name) == found(made.number) == [made.pk]
    assert found("A999999999") == found("没有这家") == []
    assert found(name, ApplicationFilter) == []  # no contract yet: other desks do not find the name
    consents.revoke(by=firm.signatory, consent_id=consent.pk)
    assert found(name) == []
    assert found(made.number) == [made.pk]


def test_the_consent_report_names_only_whose_consent_holds_and_each_name_is_a_read(
    park: Any, client_as: Any
) -> None:
    with park_scope(park.pk):
        bank, firm = make.bank(park), make.firm(park)
        consent = consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)
    reader, page = client_as(bank.maker), "/p/cq/desk/consents/"
    for kind in ("", "?export=csv", "?export=pdf"):
        assert reader.get(page + kind).status_code == 200
    table = reader.get(f"{page}?export=csv").content.decode("utf-8-sig").splitlines()
    assert table[0].startswith("内容指纹,企业,产品,信息组,期间,状态")
    assert firm.enterprise.name in table[1]
    assert "企业身份；积分" in table[1]
    with park_scope(park.pk):
        read = ConsentAccess.objects.get()
        assert (read.subject, read.groups) == ("授权报告", ["id"])
        consents.revoke(by=firm.signatory, consent_id=consent.pk)
    after = reader.get(f"{page}?export=csv").content.decode()
    assert firm.enterprise.name not in after
    assert "已撤回" in after
    assert "已撤回" not in reader.get(f"{page}?export=csv&state=active").content.decode()


def test_the_log_speaks_the_language_of_its_reader_not_of_the_bank(park: Any, client_as: Any) -> None:
    """The same list opened in two languages is one read."""
    with park_scope(park.pk):
        bank, firm = make.bank(park), make.firm(park)
        consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)
    reader, own = client_as(bank.maker), client_as(firm.agent)
    for language, said in (("en", "List of lines"), ("zh-hans", "额度列表")):
        reader.cookies["django_language"] = own.cookies["django_language"] = language
        reader.get("/p/cq/bank/lines/")
        assert said in own.get("/p/cq/e/access-log/").content.decode()
    with park_scope(park.pk):
        assert ConsentAccess.objects.get().subject == "额度列表"


def test_naming_firms_takes_the_same_few_statements_for_one_and_for_ten(
    in_park: Any, django_assert_max_num_queries: Any
) -> None:
    bank = make.bank(in_park)
    given = [make.consent(bank, make.firm(in_park, number)).pk for number in range(1, 11)]
    for asked in (given[:1], given):
        with django_assert_max_num_queries(8):
            assert consents.note_list_reads(by=bank.maker, consent_ids=asked, subject="list") == set(asked)
    assert ConsentAccess.objects.count() == 10
