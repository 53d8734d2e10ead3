"""The spread of quotes: quartiles by kind of enterprise, none for kinds of fewer than five."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from finance.queries.fairness import spreads
from finance.services import consents
from parks.scope import park_scope
from tests.factories import finance as make

pytestmark = pytest.mark.django_db


def test_kinds_of_five_firms_show_quartiles_and_smaller_ones_nothing(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        bank = make.bank(park)
        for number in range(1, 10):
            young = number <= 5
            firm = make.firm(park, number, stage="growth" if young else "mature", points=60 + 2 * number)
            founded = dt.date(2025, 1, 1) if young else dt.date(2001, 1, 1)
            make.Enterprise.objects.filter(pk=firm.enterprise.pk).update(founded_on=founded)
            consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)
        found = {title: {row.label: row for row in rows} for title, rows in spreads()}
        amounts = sorted(make.Quote.objects.order_by("enterprise_id").values_list("amount", flat=True)[:5])
    for kind in (found["按发展阶段"]["成长期"], found["按成立年限"]["成立不足 3 年"]):
        assert (kind.count, kind.quartiles) == (5, tuple(amounts[1:4]))
    for kind in (found["按发展阶段"]["稳定期"], found["按成立年限"]["成立 10 年及以上"]):
        assert (kind.count, kind.quartiles) == (None, ())
    assert found["按规模"]["营业收入 2,000 万元至 1 亿元"].count == 9
    page = (
        client_as(make.people.actor("park_admin", park)).get("/p/cq/office/finance/spread/").content.decode()
    )
    assert "不足 5 家" in page
    assert "示例企业" not in page


def test_without_quotes_there_is_nothing_to_spread(in_park: Any) -> None:
    assert [rows for _title, rows in spreads()] == [[], [], []]
