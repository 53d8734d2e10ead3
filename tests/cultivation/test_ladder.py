"""The ladder: rungs as rules, a firm's next steps with gaps and missing data, the park's firms by rung."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation import formula
from cultivation.models import PolicyVersion
from cultivation.queries import ladder, matching, matching_facts
from cultivation.queries import policies as rules
from cultivation.services import claims, policies, reminders
from cultivation.services import matching as service
from innovscore.core.problems import NotFound, Refused
from parks import jobs, workdays
from parks.clock import db_today
from parks.models import Notification
from tests.factories import parks as people
from tests.factories import policies as make

RUNGS = {code: formula.load(text) for code, text in rules.library().items() if code.startswith("ladder_")}


def judged(code: str, **facts: Any) -> formula.Result:
    known = {name: None if value is None else Decimal(str(value)) for name, value in facts.items()}
    return formula.result_for(RUNGS[code], known)


@pytest.mark.parametrize("code", sorted(RUNGS))
def test_shipped_rungs_pass_their_cases_and_name_their_source(code: str) -> None:
    rule = RUNGS[code]
    assert rule.kind == "rung" and all(case.is_green for case in formula.run_tests(rule))
    assert all(one.clause for one in rule.conditions)


def test_a_gap_is_a_number_and_what_is_missing_is_the_item_and_not_the_score_made_of_it() -> None:
    short = judged(
        "ladder_hnte", age_years=5, ip_class1=1, ip_class2=0, rd_staff_ratio="8.7", revenue=6000, rd_intensity_3y=4,
        hightech_share=70,
    )  # fmt: skip
    assert short.near is not None and (short.near.gap, short.near.clause) == ("差 1.3%", "第十一条（四）")
    points = judged(
        "ladder_tech_sme", staff_total=50, revenue=900, total_assets_end=900, hnte=0, provincial_platform=0, rd_staff_ratio=30, rd_intensity="3.5",
        rd_cost_share=3, ip_class1=0, ip_class2=2,
    )  # fmt: skip
    assert points.near is not None and points.near.gap == "差 8 分"
    assert judged("ladder_unicorn", age_years=12).checks[0].gap == "超出 2 年"
    blind = judged(
        "ladder_tech_sme",
        staff_total=50,
        revenue=900,
        total_assets_end=900,
        hnte=0,
        provincial_platform=0,
        rd_staff_ratio=30,
    )
    assert blind.outcome == formula.UNKNOWN
    assert blind.checks[-1].lacks == ("rd_intensity", "rd_cost_share", "ip_class1", "ip_class2")


def test_of_tiers_the_first_that_holds_counts_and_one_that_cannot_be_told_makes_the_figure_unknown() -> None:
    needed = {
        revenue: judged("ladder_hnte", revenue=revenue, rd_intensity_3y="3.5").checks[3].state
        for revenue in (5000, 20000, 20001)
    }
    assert needed == {5000: "not_met", 20000: "not_met", 20001: "met"}
    assert judged("ladder_hnte", rd_intensity_3y=9).checks[3].state == "unknown"


def test_a_rule_is_for_one_thing() -> None:
    text = rules.library()["ladder_gazelle"]
    with pytest.raises(formula.RuleError, match="one_purpose"):
        formula.load(text + "amount: {fixed_wan: 1}\n")
    with pytest.raises(formula.RuleError, match="not_a_flag"):
        formula.load(text.replace("level: gazelle", "level: revenue"))


def test_an_input_that_has_become_a_common_name_is_that_name() -> None:
    text = rules.library()["ladder_unicorn"]
    old = formula.load(text + "inputs: [{code: valuation_musd, label: 估值, unit: count}]\n")
    assert old.inputs == () and old.names == formula.load(text).names
    with pytest.raises(formula.RuleError, match="name_taken"):
        formula.load(text + "inputs: [{code: valuation_musd, label: 估值, unit: wan}]\n")


def test_a_date_and_years_make_the_end_of_a_qualification() -> None:
    hnte = RUNGS["ladder_hnte"]
    assert ladder.valid_until(dt.date(2024, 2, 29), hnte) == dt.date(2027, 2, 28)
    assert ladder.valid_until(None, hnte) is None
    assert ladder.valid_until(dt.date(2024, 1, 1), RUNGS["ladder_unicorn"]) is None


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"cultivation:{name}", kwargs={"park": "cq"} | kwargs)


@pytest.mark.django_db
def test_a_firm_sees_gap_and_the_item_that_lacks_data(office: make.Office) -> None:
    version = office.release(make.text("ladder_hnte"))
    firm = make.firm(office.park, 1)
    client = people.client_for(firm.agent)
    page = client.get(url("growth")).content.decode()
    year = matching_facts.firm(firm.enterprise.pk).year
    item = reverse("enterprises:item", kwargs={"park": "cq", "year": year, "code": "rd_staff"})
    assert "高新技术企业" in page and "第十一条（四）" in page and item in page
    tried = client.get(url("rung", version_id=version.pk), {"rd_staff_ratio": "8.7"}).content.decode()
    assert "差 1.3%" in tried


@pytest.mark.django_db
def test_one_run_judges_policies_and_rungs_and_the_office_sees_firms_by_rung(office: make.Office) -> None:
    office.release()
    rung = office.release(
        make.text(
            "ladder_gazelle",
            conditions='[{test: "rd_intensity > 2.5 %", text: 强度}]',
            tests="[{name: a, facts: {rd_intensity: 3}, outcome: eligible}]",
        )
    )
    make.firm(office.park, 1)
    make.firm(office.park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    jobs.run(service.request(by=office["officer"]).pk)
    run = matching.current()
    (step,) = ladder.funnel(run)
    assert (step.held, step.ready, step.near, step.unknown, step.rest) == (0, 1, 1, 0, 0)
    assert [one.version.kind for one in matching.counts(run)] == ["policy"]
    assert matching.counts(run)[0].total == 148_000
    client = people.client_for(office["officer"])
    page = client.get(url("ladder"), {"rung": rung.pk, "standing": "near"}).content.decode()
    assert "示例企业2" in page and "示例企业1" not in page and "差 1.34%" in page
    assert client.get(url("ladder"), {"export": "csv"}).content.decode().count("瞪羚企业") == 2


@pytest.mark.django_db
def test_a_rung_is_not_paid_for_and_stays_a_rung(office: make.Office, client: Any) -> None:
    version = office.release(make.text("ladder_hnte"))
    firm = make.firm(office.park, 1)
    with pytest.raises(NotFound):
        claims.file(by=firm.agent, version_id=version.pk, inputs={}, account=make.ACCOUNT)
    with pytest.raises(Refused, match="kind_fixed"):
        policies.save(by=office["officer"], text=make.text(code="ladder_hnte"))
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(kind="policy")
    assert client.get(url("public_policy", version_id=version.pk)).status_code == 404


@pytest.mark.django_db
def test_a_firm_is_told_once_a_step_that_a_qualification_ends(office: make.Office, monkeypatch: Any) -> None:
    office.release(make.text("ladder_hnte"))
    firm = make.firm(office.park, 1)
    today = db_today()
    until = workdays.add_working_days(today, 20)
    entry = {
        "level": "hnte",
        "name": "高新技术企业",
        "number": "GR1",
        "date": f"{until.year - 3}{until:-%m-%d}",
    }
    told_of = replace(matching_facts.firm(firm.enterprise.pk), qualifications=(entry,))
    monkeypatch.setattr(matching_facts, "firms", lambda: [told_of])
    assert (reminders.remind(by=office["admin"]), reminders.remind(by=office["admin"])) == (1, 0)
    text = Notification.objects.filter(organisation=firm.enterprise.organisation, kind="deadline").get().text
    assert "还有 20 个工作日" in text and str(until) in text
