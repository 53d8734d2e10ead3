"""What people are told leads them to the page where it can be seen or done."""

from __future__ import annotations

from typing import Any

import pytest

from finance.services import decisions, needs
from parks.models import Notification
from parks.scope import park_scope
from tests.factories import lending
from tests.factories import loans as make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("outcome", "word"), [("approve", "已通过"), ("reject", "未通过")])
def test_the_enterprise_hears_of_the_decision(park: Any, client_as: Any, outcome: str, word: str) -> None:
    with park_scope(park.pk):
        world = lending.world(park)
        world.consent()
        made = world.apply()
        proposal = world.propose(made)
        decisions.decide(
            by=world.checker, application_id=made.pk, outcome=outcome, content_hash=proposal.content_hash,
            reason="capacity" if outcome == "reject" else "",
        )  # fmt: skip
        told = Notification.objects.get(organisation_id=made.enterprise.organisation_id, kind="decision")
    assert word in told.text
    assert made.number in client_as(world.agent).get(told.url).content.decode()


def test_every_message_of_a_loan_and_a_need_has_a_page_that_opens(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        scene = make.scene(park)
        scene.loan()
        need = needs.post(
            by=scene.firm.agent, amount=make.MILLION, term_months=12, purpose="周转", guarantee_wish="any"
        )
        needs.answer(by=scene.maker, need_id=need.pk, offers=False, text="超出范围")
        sent = list(Notification.objects.all())
    readers = {
        scene.firm.agent.organisation_id: scene.firm.agent, scene.bank.pk: scene.maker, scene.guarantor.pk: scene.g_maker,
        scene.fund.pk: scene.fund1,
    }  # fmt: skip
    assert len(sent) >= 6
    for one in sent:
        assert one.url, one.text
        assert client_as(readers[one.organisation_id]).get(one.url).status_code == 200, one.text
