"""四位一体: banks, guarantors, funds and credit bureaus answer a need within three working days; the park sees who is late."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from finance.models import Need
from finance.queries import needs as queries
from finance.services import needs, sandbox
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Notification, Park, Partnership
from parks.workdays import deadline_after
from tests.factories import bankapi
from tests.factories import loans as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    """In a park whose days can pass."""
    Park.objects.filter(pk=in_park.pk).update(kind=Park.Kind.SANDBOX)
    return make.scene(in_park)


@pytest.fixture
def bureau(scene: make.Scene) -> Actor:
    house = people.organisation("credit_bureau", "示例征信服务公司")
    Partnership.objects.create(organisation=house, starts_on=db_today())
    return people.actor("credit_bureau", scene.park, organisation=house)


def post(scene: make.Scene) -> Need:
    return needs.post(
        by=scene.firm.agent, amount=make.MILLION, term_months=12, purpose="购买检测设备", guarantee_wish="any"
    )


def test_a_credit_bureau_hears_of_a_need_and_answers_without_lending(
    scene: make.Scene, bureau: Actor, client_as: Any
) -> None:
    need = post(scene)
    assert Notification.objects.filter(organisation_id=bureau.organisation_id).exists()
    assert need.due_at == deadline_after(db_now(), 3)
    desk = client_as(bureau)
    assert need.number in desk.get("/p/cq/desk/needs/").content.decode()
    url = f"/p/cq/desk/needs/{need.pk}/"
    page = desk.get(url).content.decode()
    assert "可以出具信用报告" in page
    assert 'name="amount"' not in page
    assert desk.post(url, {"offers": "1", "text": "", "idempotency_key": "bureau-1"}).status_code == 422
    sent = {"offers": "1", "text": "两个工作日出具", "amount": "100", "idempotency_key": "bureau-2"}
    assert desk.post(url, sent).status_code == 302
    answer = need.answers.get()
    assert (answer.organisation_id, answer.offers, answer.amount) == (bureau.organisation_id, True, None)
    assert not queries.unanswered_by(bureau).exists()


def test_the_park_sees_who_is_late_after_three_working_days(scene: make.Scene, bureau: Actor) -> None:
    need = post(scene)
    needs.answer(by=bureau, need_id=need.pk, offers=False, text="资料不足")
    assert queries.flow(db_now()).slow_partners == ()
    ops = bankapi.ops_of(scene.bank.pk, scene.park)
    sandbox.advance(by=ops, days=(need.due_at - db_now()).days + 1)
    late = dict(queries.flow(db_now()).slow_partners)
    assert late == {house.name: 1 for house in (scene.bank, scene.guarantor, scene.fund)}


def test_a_partner_whose_time_is_over_is_neither_told_nor_late(scene: make.Scene, bureau: Actor) -> None:
    Partnership.objects.filter(organisation_id=bureau.organisation_id).update(
        starts_on=db_today() - dt.timedelta(days=9), ends_on=db_today()
    )
    post(scene)
    assert bureau.organisation_id not in queries.partners()
    assert not Notification.objects.filter(organisation_id=bureau.organisation_id).exists()
