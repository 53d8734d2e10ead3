"""Technical needs: posted by firms, matched by shared fields, introduced by the park, the outcome said once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cultivation.models import Expert, IntroductionOutcome, TechNeed
from cultivation.queries import needs as queries
from cultivation.services import needs
from innovscore.core.problems import Conflict, NotFound, Refused
from parks.clock import db_today
from parks.models import Notification
from parks.todo import todos_for
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db
MATERIALS, ENERGY, BIOLOGY = "materials", "energy", "biology"


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


@pytest.fixture
def firm(office: make.Office) -> Any:
    return make.firm(office.park)


def post(firm: Any, **more: Any) -> TechNeed:
    said: dict[str, Any] = {
        "title": "耐高温涂层",
        "text": "1,200 度下 500 小时不脱落",
        "fields": [MATERIALS, ENERGY],
        "is_public": False,
    }
    return needs.post(by=firm.agent, until=db_today() + dt.timedelta(days=30), **(said | more))


def keep(office: make.Office, name: str, *fields: str, **more: Any) -> Expert:
    said: dict[str, Any] = {"institute": "示例大学", "availability": "每周三下午", "is_active": True}
    return needs.keep_expert(by=office["reviewer"], name=name, fields=list(fields), **(said | more))


def test_experts_fit_by_shared_fields_most_of_them_first(office: make.Office, firm: Any) -> None:
    need = post(firm)
    keep(office, "甲", ENERGY)
    keep(office, "乙", BIOLOGY)
    keep(office, "丙", MATERIALS, ENERGY)
    keep(office, "丁", MATERIALS, is_active=False)
    found = [(fit.expert.name, fit.shared) for fit in queries.fitting(need)]
    assert found == [("丙", ["新材料", "新能源与节能"]), ("甲", ["新能源与节能"])]


def test_the_park_introduces_once_and_tells_the_firm(office: make.Office, firm: Any) -> None:
    need, fits, stranger = post(firm), keep(office, "丙", MATERIALS), keep(office, "乙", BIOLOGY)
    assert [one.count for one in todos_for(office["reviewer"]) if one.label == "技术需求待对接"] == [1]
    needs.introduce(by=office["reviewer"], need_id=need.pk, expert_id=fits.pk)
    assert not [one for one in todos_for(office["reviewer"]) if one.label == "技术需求待对接"]
    with pytest.raises(Conflict, match="introduced_already"):
        needs.introduce(by=office["reviewer"], need_id=need.pk, expert_id=fits.pk)
    with pytest.raises(Refused, match="no_shared_field"):
        needs.introduce(by=office["reviewer"], need_id=need.pk, expert_id=stranger.pk)
    assert "示例大学 丙" in Notification.objects.get(organisation_id=firm.enterprise.organisation_id).text


def test_the_outcome_is_said_once_and_a_contract_has_its_amount(office: make.Office, firm: Any) -> None:
    need, expert = post(firm), keep(office, "丙", MATERIALS)
    met = needs.introduce(by=office["reviewer"], need_id=need.pk, expert_id=expert.pk)
    said = {"by": firm.agent, "need_id": need.pk, "introduction_id": met.pk}
    with pytest.raises(Refused, match="amount_missing"):
        needs.say_outcome(**said, outcome="contract")
    needs.say_outcome(**said, outcome="contract", amount=Decimal(300_000))
    with pytest.raises(Conflict, match="outcome_said"):
        needs.say_outcome(**said, outcome="none")
    assert queries.totals(db_today().year) == queries.Totals(1, 1, 1, Decimal(300_000), 1)
    for change in ({"outcome": "contract", "amount": None}, {"outcome": "none", "amount": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            IntroductionOutcome.objects.create(introduction=met, said_by_name="x", **change)
    with pytest.raises(DatabaseError), transaction.atomic():
        IntroductionOutcome.objects.update(amount=1)


def test_what_a_need_may_not_be(office: make.Office, firm: Any) -> None:
    for wrong, code in (
        ({"budget_from": Decimal(2), "budget_to": Decimal(1)}, "budget_wrong"),
        ({"budget_to": Decimal(1)}, "budget_wrong"),
    ):
        with pytest.raises(Refused, match=code):
            post(firm, **wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        post(firm, fields=[])
    need = post(firm)
    with pytest.raises(DatabaseError), transaction.atomic():
        TechNeed.objects.filter(pk=need.pk).update(title="another")
    needs.close(by=firm.agent, need_id=need.pk, closing="dropped")
    with pytest.raises(Conflict, match="need_closed"):
        needs.introduce(by=office["reviewer"], need_id=need.pk, expert_id=keep(office, "丙", MATERIALS).pk)
    with pytest.raises(Conflict, match="expert_known"):
        keep(office, "丙", ENERGY)


def test_the_public_sees_open_needs_whose_firm_agreed(office: make.Office, firm: Any, client: Any) -> None:
    post(firm, title="内部需求")
    shown = post(
        firm, title="公开需求", is_public=True, budget_from=Decimal(100_000), budget_to=Decimal(500_000)
    )
    board = reverse("cultivation:public_needs", kwargs={"park": "cq"})
    page = client.get(board).content.decode()
    assert "公开需求" in page and "10.00–50.00 万元" in page and "内部需求" not in page
    assert "公开需求" not in client.get(board, {"field": BIOLOGY}).content.decode()
    assert client.get(board, {"export": "csv", "words": "公开"}).status_code == 200
    needs.close(by=firm.agent, need_id=shown.pk, closing="contracted")
    assert "公开需求" not in client.get(board).content.decode()


def test_a_firm_sees_its_own_needs_only(office: make.Office, firm: Any) -> None:
    need, other = post(firm), make.firm(office.park, 2)
    with pytest.raises(NotFound):
        needs.close(by=other.agent, need_id=need.pk, closing="dropped")
    address = reverse("cultivation:tech_need", kwargs={"park": "cq", "need_id": need.pk})
    assert people.client_for(other.agent).get(address).status_code == 404
    assert "耐高温涂层" not in people.client_for(other.agent).get(
        reverse("cultivation:own_needs", kwargs={"park": "cq"})
    ).content.decode()  # fmt: skip


def test_the_whole_way_by_the_pages(office: make.Office, firm: Any) -> None:
    browser, desk = people.client_for(firm.agent), people.client_for(office["admin"])
    own = reverse("cultivation:own_needs", kwargs={"park": "cq"})
    said = {
        "title": "涂层", "text": "耐高温", "fields_of": [MATERIALS], "until": str(db_today() + dt.timedelta(days=9)),
        "budget_from": "10", "budget_to": "50", "idempotency_key": "n1",
    }  # fmt: skip
    wrong = browser.post(
        own, said | {"fields_of": [MATERIALS, ENERGY, BIOLOGY, "services"], "until": "2020-01-01"}
    )
    assert wrong.status_code == 422 and "最多选 3 项" in wrong.content.decode()
    page = browser.post(own, said)["Location"]
    assert browser.post(own, said)["Location"] == page  # pressed twice
    need = TechNeed.objects.get()
    assert need.budget_to == 500_000
    new = reverse("cultivation:expert_new", kwargs={"park": "cq"})
    assert (
        desk.post(
            new, {"name": "丙", "institute": "示例大学", "fields_of": [MATERIALS], "is_active": "on"}
        ).status_code
        == 302
    )
    expert = Expert.objects.get()
    assert "示例大学" in desk.get(page).content.decode()
    assert desk.post(f"{page}introduce/", {"expert": expert.pk}).status_code == 302
    met = need.introductions.get()
    result = f"{page}introductions/{met.pk}/outcome/"
    assert browser.post(result, {"outcome": "contract"}).status_code == 422
    assert browser.post(result, {"outcome": "contract", "amount": "30"}).status_code == 302
    assert "30.00 万元" in browser.get(page).content.decode()
    assert browser.post(f"{page}close/", {"closing": "contracted"}).status_code == 302
    for name in ("tech_needs", "experts"):
        answer = desk.get(
            reverse(f"cultivation:{name}", kwargs={"park": "cq"}), {"field": MATERIALS, "export": "xlsx"}
        )
        assert answer.status_code == 200
