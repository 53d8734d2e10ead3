"""Receipt and return notice on paper: as signed and as sent, for the firm and the office only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from enterprises.services import declarations, verification
from tests.factories import enterprises as make
from tests.factories import parks as people
from tests.factories.enterprises import finish, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(declaration: Any, agent: Any, signatory: Any) -> Any:
    finish(declaration, agent)
    return sign(declaration, signatory)


@pytest.fixture
def reviewer(in_park: Any) -> Any:
    return people.actor("park_reviewer", in_park)


def test_the_receipt_says_what_was_signed_whatever_happens_later(
    case: Any, agent: Any, reviewer: Any, client_as: Any
) -> None:
    row = case.receipts.get()
    page = f"/p/cq/declarations/{case.pk}/receipts/{row.seq}/"
    verification.decide(
        by=reviewer,
        value=make.value(case, "revenue"),
        decision="adjust",
        amount=Decimal(1),
        reason="按报表调整",
    )
    for who in (agent, reviewer):
        text = client_as(who).get(page).content.decode()
        assert row.number in text
        assert row.content_hash in text
        assert "86,000,000.00" in text
        assert "当年吸纳应届毕业生数" in text  # not answered, listed all the same
    made = client_as(agent).get(f"{page}?export=pdf")
    assert (made["Content-Type"], made.content[:5]) == ("application/pdf", b"%PDF-")


def test_the_notice_names_everything_once_with_the_date(
    case: Any, agent: Any, reviewer: Any, in_park: Any, client_as: Any
) -> None:
    value = make.value(case, "revenue")
    verification.decide(
        by=reviewer,
        value=value,
        decision="mark",
        reason="页码不对",
        reason_code="wrong_page",
        bring="审计报告",
    )
    notice = verification.send_back(by=reviewer, declaration=case)
    page = f"/p/cq/declarations/{case.pk}/returns/1/"
    row = make.value(case, "revenue")
    declarations.correct(
        by=agent,
        declaration=case,
        code="revenue",
        version=row.version,
        reason="已补充材料",
        amount=row.amount,
    )
    for who in (agent, reviewer):
        text = client_as(who).get(page).content.decode()
        assert all(words in text for words in ("营业收入", "页码不符：页码不对", "审计报告", "行政许可法"))
        assert f"{notice.due_at:%Y年}" in text
    other = people.actor("enterprise_agent", in_park, organisation=make.enterprise(9).organisation)
    for path in (page, f"/p/cq/declarations/{case.pk}/receipts/{case.receipts.get().seq}/"):
        assert client_as(other).get(path).status_code == 404
    assert client_as(agent).get(f"/p/cq/declarations/{case.pk}/returns/2/").status_code == 404
