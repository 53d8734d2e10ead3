"""Policies: saved with their cases, released by two people, fixed afterwards, readable by all, matched to firms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation import formula
from cultivation.models import Policy, PolicyVersion
from cultivation.queries import matching as queries
from cultivation.services import matching as run_all
from cultivation.services import policies
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import jobs
from parks.models import Notification
from parks.todo import todos_for
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"cultivation:{name}", kwargs={"park": "cq"} | kwargs)


def test_a_policy_is_released_by_another_person_with_its_budget(office: make.Office) -> None:
    row = policies.save(by=office["publisher"], text=make.text(budget_wan="50"))
    policies.propose(by=office["publisher"], version_id=row.pk)
    with pytest.raises(Forbidden, match="same_person"):
        policies.release(by=office["publisher"], version_id=row.pk)
    assert [one.label for one in todos_for(office["admin"]) if "研发投入增长奖励" in one.label]
    policies.release(by=office["admin"], version_id=row.pk)
    assert Policy.objects.get().budget == 500_000


def test_a_red_case_blocks_proposal_and_release(office: make.Office) -> None:
    row = policies.save(by=office["officer"], text=make.text().replace("amount_wan: 14.8", "amount_wan: 15"))
    with pytest.raises(Refused, match="red_tests"):
        policies.propose(by=office["officer"], version_id=row.pk)


def test_a_refused_proposal_leaves_a_page_on_which_the_draft_can_be_put_right(office: make.Office) -> None:
    row = policies.save(by=office["officer"], text=make.text().replace("14.8", "14.9"))
    answer = people.client_for(office["officer"]).post(url("policy_propose", version_id=row.pk))
    page = answer.content.decode()
    edit = url("policy_edit", version_id=row.pk)
    assert answer.status_code == 422 and f'action="{edit}"' in page and f'href="{edit}forecast/"' in page


def test_a_tier_without_a_case_blocks_proposal(office: make.Office) -> None:
    tiers = '{tiers: [{when: "rd_increase > 0 wan", rate: 0.10, of: rd_increase}, {fixed_wan: 1}]}'
    row = policies.save(by=office["officer"], text=make.text(amount=tiers))
    with pytest.raises(Refused, match="untried_tier"):
        policies.propose(by=office["officer"], version_id=row.pk)


def test_a_released_version_never_changes_and_the_next_one_replaces_it(office: make.Office) -> None:
    first = office.release()
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=first.pk).update(text="x")
    with pytest.raises(Conflict, match="not_draft"):
        policies.save(by=office["officer"], text=make.text(), version_id=first.pk)
    second = office.release(make.text(budget_wan="7"))
    first.refresh_from_db()
    assert (first.state, second.number, second.state) == ("retired", 2, "released")


def test_a_refused_rule_names_line_and_key_and_keeps_nothing(office: make.Office) -> None:
    client = people.client_for(office["officer"])
    answer = client.post(url("policy_new"), {"text": make.text().replace("rate: 0.10", "rate: 7")})
    assert answer.status_code == 422
    line = next(n for n, one in enumerate(make.text().splitlines(), 1) if "rate: 0.10" in one)
    assert f"第 {line} 行 amount.rate" in answer.content.decode()
    assert not PolicyVersion.objects.exists()


def test_the_editor_shows_card_cases_and_cost_and_exports_what_can_be_imported(office: make.Office) -> None:
    make.firm(office.park)
    client = people.client_for(office["officer"])
    answer = client.post(url("policy_new"), {"text": make.text()}, follow=True)
    page = answer.content.decode()
    assert "研发费用增加额的 10%" in page and "通过" in page
    row = PolicyVersion.objects.get()
    file = client.get(url("policy_export", version_id=row.pk)).content.decode()
    assert policies.read(file).code == make.GROWTH
    client.post(url("policy_discard", version_id=row.pk))
    upload = SimpleUploadedFile("规则.yaml", file.encode("utf-8-sig"), content_type="application/yaml")
    assert client.post(url("policy_new"), {"upload": upload}).status_code == 302
    again = PolicyVersion.objects.get()
    assert (again.text, again.digest, again.rule) == (row.text, row.digest, row.rule)
    live = client.post(url("policy_check"), {"text": file.replace("14.8", "14.9")}).content.decode()
    assert "未通过" in live


def test_a_new_policy_begins_with_a_sound_rule_that_explains_itself(office: make.Office) -> None:
    client = people.client_for(office["officer"])
    page = client.get(url("policy_new")).content.decode()
    assert "没有上限的不写" in page and "rd_intensity" in page and "未通过" not in page
    assert client.post(url("policy_new"), {"text": formula.BLANKS["zh"]}).status_code == 302
    assert client.post(url("policy_new"), {"text": ""}).status_code == 422
    assert "应为 “键: 值”的形式" in client.post(url("policy_new"), {"text": "给20万元"}).content.decode()
    assert not PolicyVersion.objects.filter(title="给20万元").exists()


def test_a_draft_can_be_thrown_away_and_nothing_else(office: make.Office) -> None:
    row = policies.save(by=office["officer"], text=make.text())
    policies.propose(by=office["officer"], version_id=row.pk)
    client = people.client_for(office["officer"])
    assert client.post(url("policy_discard", version_id=row.pk)).status_code == 409
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=row.pk).delete()
    policies.take_back(by=office["officer"], version_id=row.pk)
    assert client.post(url("policy_discard", version_id=row.pk)).status_code == 302
    assert not PolicyVersion.objects.exists()


def test_everybody_reads_released_policies_only(office: make.Office, client: Any) -> None:
    draft = policies.save(by=office["officer"], text=make.text("hz32_tech_contract"))
    version = office.release()
    page = client.get(url("public_policies")).content.decode()
    assert "研发投入增长奖励" in page and "技术合同交易额奖励" not in page
    assert client.get(url("public_policies") + "?tag=研发").content.decode().count("<article") == 1
    assert "渝高新发〔2025〕12号" in client.get(url("public_policy", version_id=version.pk)).content.decode()
    assert client.get(url("public_policy", version_id=draft.pk)).status_code == 404


def test_a_firm_sees_amount_formula_gap_and_what_if(office: make.Office) -> None:
    version = office.release()
    poor = make.firm(office.park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    rich = make.firm(office.park, 1)
    page = people.client_for(rich.agent).get(url("policies")).content.decode()
    assert "148,000.00" in page and "148 万元 × 10% = 14.8 万元" in page
    client = people.client_for(poor.agent)
    near = client.get(url("policies")).content.decode()
    assert "只差一项（1）" in near and "差 1.84%" in near
    supposed = client.get(url("policy", version_id=version.pk), {"rd_expense": "400"}).content.decode()
    assert "310 万元 × 10% = 31 万元" in supposed and "4.65%" in supposed
    assert client.get(url("policy", version_id=version.pk), {"rd_intensity": "abc"}).status_code == 200


def test_who_subscribed_to_a_tag_hears_of_each_version_once(office: make.Office) -> None:
    told, other = make.firm(office.park), make.firm(office.park, 2)
    office.release(make.text(tags="[研发]"))
    client = people.client_for(told.agent)
    assert client.post(url("policies"), {"tags": ["没有"]}).status_code == 422
    assert client.post(url("policies"), {"tags": ["研发"]}).status_code == 302
    assert "checked" in client.get(url("policies")).content.decode()
    version = office.release(make.text(tags="[研发, 资金]"))
    make.told()
    make.told()
    (message,) = Notification.objects.filter(text__contains="新政策")
    assert message.organisation_id == told.enterprise.organisation_id
    assert message.url == url("policy", version_id=version.pk)
    assert client.post(url("policies"), {}).status_code == 302
    assert not queries.policies.subscribers(["研发"]) and other


def test_the_api_tells_a_firm_its_own_and_the_office_the_last_run(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    own, staff = people.client_for(firm.agent), people.client_for(office["reviewer"])
    (row,) = own.get("/api/v1/parks/cq/own/policies/").json()["results"]
    assert (row["policy"], row["outcome"], row["amount"], row["claim"]) == (
        version.pk,
        "eligible",
        "148000.00",
        None,
    )
    claim = make.filed(firm, version)
    assert queries.overview(firm.enterprise.pk).total == 0
    assert own.get("/api/v1/parks/cq/own/policies/").json()["results"][0]["claim"] == claim.pk
    assert own.get("/api/v1/parks/cq/policy-matches/").status_code == 403
    jobs.run(run_all.request(by=office["officer"]).pk)
    rows = staff.get("/api/v1/parks/cq/policy-matches/", {"eligible": "True"}).json()
    assert [(one["uscc"], one["amount"]) for one in rows["results"]] == [(firm.enterprise.uscc, "148000.00")]
    assert staff.get("/api/v1/parks/cq/policy-matches/", {"policy": "x"}).status_code == 400


def test_of_two_policies_for_one_thing_the_higher_counts(office: make.Office) -> None:
    office.release(make.text(stacking="{group: rd}"))
    office.release(
        make.text(
            code="rd_small", title="小额研发奖励", cap_wan="3", stacking="{group: rd}", tests=make.UNKNOWN
        )
    )
    found = queries.overview(make.firm(office.park).enterprise.pk)
    assert [(one.result.yuan, one.better) for one in found.eligible] == [
        (148_000, ""),
        (30_000, "研发投入增长奖励"),
    ]
    assert found.total == Decimal(148_000)


def test_before_release_the_office_sees_which_firms_a_draft_would_pay(office: make.Office) -> None:
    make.firm(office.park)
    make.firm(office.park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    client = people.client_for(office["officer"])
    row = policies.save(by=office["officer"], text=make.text(budget_wan="10"))
    address = url("policy_forecast", version_id=row.pk)
    page = client.get(address).content.decode()
    assert all(text in page for text in ("148,000.00", "示例企业1", "示例企业2", "差 1.84%", "预算不足"))
    assert "示例企业2" not in client.get(address, {"eligible": "True"}).content.decode()
    file = client.get(address, {"name": "企业1", "export": "csv"}).content.decode()
    assert "148000" in file and "示例企业2" not in file
