"""A firm adds a group to a consent in force: signed anew until the same day, and what runs on the consent goes on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import Application, Consent, ConsentAccess
from finance.queries import consents as queries
from finance.queries.invariants import breaches
from finance.rules import CREDIT_GROUPS
from finance.services import consents
from finance.states import ApplicationState
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.clock import BEIJING, db_now
from parks.scope import park_scope
from tests.factories import dossier


@pytest.fixture
def case(park: Any) -> Any:
    made = dossier.case(park)
    with park_scope(made.park.pk):
        yield made


def widen(case: dossier.Case, consent: Consent, *groups: str, **changes: Any) -> Consent:
    words = consents.digest_to_add(consent, {*consent.groups, *groups})
    said = {"by": case.firm.signatory, "consent_id": consent.pk, "groups": groups, "read_words": words}
    return consents.add_groups(**said | changes)


@pytest.mark.django_db
def test_the_bank_sees_more_and_the_application_goes_on(case: dossier.Case) -> None:
    consent = case.grant()
    application = case.apply(consent)
    made = widen(case, consent, "history")
    assert (made.groups, made.period.upper) == ([*CREDIT_GROUPS, "history"], consent.period.upper)
    assert "另外查询：历年积分" in made.text
    assert made.digest != consent.digest
    shown = consents.read(by=case.bank.maker, consent_id=application.consent_id, subject="案卷") or []
    assert "history" in {section.group for section in shown}
    assert ConsentAccess.objects.get(subject="案卷").consent_id == made.pk
    assert Application.objects.get(pk=application.pk).status == application.status
    states = {row.pk: queries.state_of(row, db_now()) for row in queries.ledger(consent.enterprise_id)}
    assert (states[consent.pk], states[made.pk]) == ("replaced", "active")
    assert not list(breaches())


@pytest.mark.django_db
def test_revoking_ends_all_of_it(case: dossier.Case) -> None:
    consent = case.grant()
    application = case.apply(consent)
    made = widen(case, consent, "history")
    with pytest.raises(Conflict, match="consent_revoked"):
        consents.revoke(by=case.firm.signatory, consent_id=consent.pk)
    consents.revoke(by=case.firm.signatory, consent_id=made.pk)
    assert consents.read(by=case.bank.maker, consent_id=consent.pk, subject="案卷") is None
    assert Application.objects.get(pk=application.pk).status == ApplicationState.ON_HOLD
    with pytest.raises(Conflict, match="not_widened"):
        widen(case, made, "indicators")


@pytest.mark.django_db
def test_a_renewal_that_was_signed_is_widened_too(
    case: dossier.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the day on which the renewal ends; revoking ends both."""
    consent = case.grant()
    monkeypatch.setattr(consents.rules, "RENEW_DAYS", 400)
    monkeypatch.setattr(queries, "RENEW_DAYS", 400)
    renewed = consents.renew(by=case.firm.signatory, consent_id=consent.pk, months=12)
    made = widen(case, consent, "history")
    following = queries.with_renewal(made).last()
    assert following is not None and following.pk not in (made.pk, renewed.pk)
    assert (made.period.upper, following.period) == (consent.period.upper, renewed.period)
    assert made.groups == following.groups == [*CREDIT_GROUPS, "history"]
    assert f"{following.period.upper.astimezone(BEIJING):%Y-%m-%d %H:%M}" in made.text == following.text
    states = {row.pk: queries.state_of(row, db_now()) for row in queries.ledger(consent.enterprise_id)}
    assert [states[one.pk] for one in (consent, renewed, made, following)] == [
        "replaced",
        "replaced",
        "active",
        "upcoming",
    ]
    consents.revoke(by=case.firm.signatory, consent_id=made.pk)
    assert not queries.with_renewal(made).exists()
    assert not list(breaches())


@pytest.mark.django_db
def test_only_the_signatory_and_only_what_was_read(case: dossier.Case) -> None:
    consent = case.grant("history")
    with pytest.raises(Forbidden, match="signatory_only"):
        widen(case, consent, "indicators", by=case.bank.maker)
    with pytest.raises(NotFound):
        widen(case, consent, "indicators", consent_id=consent.pk + 999)
    with pytest.raises(Refused, match="groups"):
        widen(case, consent, "history", "nonsense")
    with pytest.raises(Conflict, match="words_changed"):
        widen(case, consent, "indicators", read_words=consents.digest_to_add(consent, ["evidence"]))
    assert Consent.objects.get().revoked_at is None


def copy(consent: Consent, groups: str, period: str) -> None:
    """A row in the place of a consent, as SQL at a prompt would make it."""
    same = "park_id, enterprise_id, organisation_id, product_id, purpose, root_id, text_version, text, digest, granted_by_ref, granted_by_name"
    query = f"INSERT INTO finance_consent ({same}, revoked_by_name, groups, period) SELECT {same}, '', {groups}, {period} FROM finance_consent WHERE id = %s"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, [consent.pk])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("groups", "period"),
    [
        ("groups[1:4]", "tstzrange(revoked_at, upper(period))"),
        ("groups", "tstzrange(revoked_at, upper(period) + interval '1 day')"),
        ("groups", "tstzrange(revoked_at + interval '1 second', upper(period))"),
    ],
)
def test_sql_cannot_make_it_narrower_or_longer(case: dossier.Case, groups: str, period: str) -> None:
    consent = case.grant("history")
    consents.revoke(by=case.firm.signatory, consent_id=consent.pk)
    with pytest.raises(DatabaseError, match="or is replaced by a wider one"):
        copy(consent, groups, period)


def test_sql_cannot_bring_back_what_was_revoked_before(live_db: None, park: Any) -> None:
    case = dossier.case(park)
    with park_scope(park.pk):
        consent = case.grant()
    with park_scope(park.pk):
        consents.revoke(by=case.firm.signatory, consent_id=consent.pk)
    with park_scope(park.pk), pytest.raises(DatabaseError, match="or is replaced by a wider one"):
        copy(consent, "groups", "tstzrange(revoked_at, upper(period))")


@pytest.mark.django_db
def test_on_the_page(case: dossier.Case, client_as: Any) -> None:
    consent, code = case.grant(), case.bank.product.code
    url = f"/p/{case.park.code}/e/finance/{code}/consent/"
    firm = client_as(case.firm.signatory)
    assert f"{url}#more" in firm.get(f"/p/{case.park.code}/e/consents/").content.decode()
    text = firm.get(url).content.decode()
    assert ("另外提供" in text, 'name="confirm"' in text, consent.text in text) == (True, False, True)
    page = f"{url}?more=history"
    words = consents.digest_to_add(consent, ["history"])
    assert words in firm.get(page).content.decode()
    body = {"groups": ["history"], "read_words": words, "confirm": "on"}
    assert firm.post(page, body | {"read_words": "x"}).status_code == 409
    assert firm.post(page, body | {"groups": []}).status_code == 422
    assert firm.post(page, body).status_code == 302
    assert "已由补充授权接替" in firm.get(f"/p/{case.park.code}/e/consents/").content.decode()
