"""What only the firm knows: stated with a paper, checked by another, counted until it runs out, never rewritten."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from cultivation.models import StatedFact
from cultivation.queries import ladder, matching, matching_facts
from cultivation.services import facts, reminders
from cultivation.services import matching as service
from innovscore.core.dates import add_years
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import jobs
from parks.clock import db_today
from parks.todo import todos_for
from tests.factories import files
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
UNICORN = make.text("ladder_unicorn")


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"cultivation:{name}", kwargs={"park": "cq"} | kwargs)


def paper(name: str = "投资协议.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.png("paper"))


def stated(firm: Any, code: str = "valuation_musd", value: int = 1100, **more: Any) -> StatedFact:
    given = {"as_of": db_today() - 30 * DAY, "upload": paper()} | more
    return facts.state(by=firm.agent, code=code, value=Decimal(value), **given)


def known(firm: Any, code: str = "valuation_musd") -> Decimal | None:
    return matching_facts.firm(firm.enterprise.pk).known.get(code)


def test_a_missing_figure_is_stated_accepted_and_makes_the_rung_ready(office: make.Office) -> None:
    version = office.release(UNICORN)
    firm = make.firm(office.park, 1)
    firm.enterprise.founded_on = db_today() - 2000 * DAY
    firm.enterprise.save(update_fields=["founded_on"])
    client, desk = people.client_for(firm.agent), people.client_for(office["reviewer"])
    assert url("own_fact", code="valuation_musd") in client.get(url("growth")).content.decode()
    day = str(db_today() - 30 * DAY)
    sent = client.post(
        url("own_fact", code="valuation_musd"), {"value": "1100", "as_of": day, "upload": paper()}
    )
    assert sent.status_code == 302 and known(firm) is None
    stated(firm, "private_funded", 1)
    assert [one.count for one in todos_for(office["reviewer"]) if one.label == "企业自报数据待核对"] == [2]
    for row in StatedFact.objects.all():
        assert desk.post(url("fact", fact_id=row.pk), {"accepts": "yes"}).status_code == 302
    assert known(firm) == 1100
    rung = ladder.rung(version, matching_facts.firm(firm.enterprise.pk), "cq")
    assert rung.state == "ready"
    page = client.get(url("rung", version_id=version.pk)).content.decode()
    assert "由企业" in page and f"截至 {day}" in page
    jobs.run(service.request(by=office["officer"]).pk)
    (step,) = ladder.funnel(matching.current())
    assert step.ready == 1


def test_who_stated_it_does_not_check_it_and_a_return_says_why(office: make.Office) -> None:
    firm = make.firm(office.park, 1)
    row = stated(firm)
    with pytest.raises(Forbidden, match="same_person"):
        facts.check(by=firm.agent, fact_id=row.pk, accepts=True)
    with pytest.raises(IntegrityError, match="fact_two_persons"), transaction.atomic():
        StatedFact.objects.filter(pk=row.pk).update(state="accepted", checked_by_ref=row.stated_by_ref)
    with pytest.raises(Refused, match="reason_missing"):
        facts.check(by=office["reviewer"], fact_id=row.pk, accepts=False, reason=" ")
    with pytest.raises(Conflict, match="waiting_already"):
        stated(firm, value=1200)
    facts.check(by=office["reviewer"], fact_id=row.pk, accepts=False, reason="协议没有盖章")
    page = people.client_for(firm.agent).get(url("own_fact", code="valuation_musd")).content.decode()
    assert "协议没有盖章" in page and known(firm) is None
    with pytest.raises(Conflict, match="checked_already"):
        facts.check(by=office["admin"], fact_id=row.pk, accepts=True)
    assert stated(firm, value=1300).state == "stated"


def test_what_was_stated_stays_even_by_sql(office: make.Office) -> None:
    row = stated(make.firm(office.park, 1))
    for change in (
        {"value": 5},
        {"until": db_today()},
        {"state": "accepted", "checked_by_ref": 1, "reason": "x", "as_of": db_today()},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            StatedFact.objects.filter(pk=row.pk).update(**change)
    facts.check(by=office["reviewer"], fact_id=row.pk, accepts=True)
    for change in ({"state": "stated"}, {"state": "returned", "reason": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            StatedFact.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


def test_an_accepted_figure_counts_until_its_day_and_the_newest_accepted_one_counts(
    office: make.Office,
) -> None:
    firm, today = make.firm(office.park, 1), db_today()
    last = today.replace(year=today.year - 2, day=min(today.day, 28))
    row = stated(firm, as_of=last)
    facts.check(by=office["reviewer"], fact_id=row.pk, accepts=True)
    assert row.until <= today and known(firm) == (1100 if row.until == today else None)
    newer = stated(firm, value=900)
    assert known(firm) == (1100 if row.until == today else None)
    facts.check(by=office["reviewer"], fact_id=newer.pk, accepts=True)
    assert known(firm) == 900


def test_a_firm_is_told_once_that_a_figure_runs_out(office: make.Office) -> None:
    firm, today = make.firm(office.park, 1), db_today()
    soon = add_years(today, -1) + 10 * DAY
    for code, as_of in (("market_share", soon), ("main_share", today)):
        row = stated(firm, code, 12, as_of=as_of)
        facts.check(by=office["reviewer"], fact_id=row.pk, accepts=True)
    assert (reminders.remind(by=office["admin"]), reminders.remind(by=office["admin"])) == (1, 0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"value": 101, "code": "market_share"}, "value_range"),
        ({"value": -1}, "value_range"),
        ({"as_of": dt.date(2000, 1, 1)}, "as_of_range"),
        ({"as_of": dt.date(2999, 1, 1)}, "as_of_range"),
        ({"upload": None}, "evidence_missing"),
        ({"upload": None, "evidence_id": 987654}, "no_file"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(office: make.Office, said: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        stated(make.firm(office.park, 1), **said)
    assert not StatedFact.objects.exists()


def test_a_form_without_paper_names_the_field_and_an_unknown_figure_is_absent(office: make.Office) -> None:
    client = people.client_for(make.firm(office.park, 1).agent)
    answer = client.post(url("own_fact", code="market_share"), {"value": "12%", "as_of": str(db_today())})
    assert answer.status_code == 422 and "请上传证明材料" in answer.content.decode()
    assert client.get(url("own_fact", code="revenue")).status_code == 404


def test_firms_see_their_own_and_the_office_finds_and_exports_all(office: make.Office) -> None:
    one, two = make.firm(office.park, 1), make.firm(office.park, 2)
    row = stated(one)
    stated(two, "market_share", 12)
    with pytest.raises(NotFound):
        facts.state(by=one.agent, code="revenue", value=Decimal(1), as_of=db_today(), upload=paper())
    assert (
        "1,100"
        not in people.client_for(two.agent).get(url("own_fact", code="valuation_musd")).content.decode()
    )
    desk = people.client_for(office["officer"])
    page = desk.get(url("facts"), {"name": "示例企业1"}).content.decode()
    assert "1,100" in page and "示例企业2" not in page
    assert "12%" in desk.get(url("facts"), {"export": "csv", "code": "market_share"}).content.decode()
    assert desk.post(url("fact", fact_id=row.pk), {"accepts": "yes"}).status_code == 403
