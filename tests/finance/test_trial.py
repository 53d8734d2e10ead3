"""A version beside the one in force: who would be quoted more or less, without anything changing."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from finance.models import ConsentAccess, CreditLine, ProductVersion, Quote
from finance.queries import trial
from finance.services import consents, products
from innovscore.core.problems import Refused
from parks.scope import park_scope
from tests.factories import finance as make

pytestmark = pytest.mark.django_db
URL = "/p/cq/bank/products/{}/trial/"


def quoted(park: Any, firms: int) -> make.Bank:
    """A bank with a quote in force of so many firms, from the worked example down."""
    bank = make.bank(park)
    for number in range(1, firms + 1):
        firm = make.firm(park, number, points=88 - 2 * number)
        consents.grant(by=firm.signatory, product_code=bank.product.code, months=6)
    return bank


def proposed(bank: make.Bank, **changes: Any) -> ProductVersion:
    """Version 2 of the product: as version 1 but for this."""
    kept = {
        name: getattr(bank.version, name)
        for name in ("cap", "min_score", "rate_low", "rate_high", "term_min", "term_max", "formula", "digest")
    }
    return ProductVersion.objects.create(
        product=bank.product, number=2, proposed_by_ref=bank.maker.person_id, proposed_by_name=bank.maker.person_name,
        **(kept | changes),
    )  # fmt: skip


def tried(version: ProductVersion) -> Any:
    return trial.under(version, trial.in_force(version))


def test_the_same_terms_give_the_same_quotes(in_park: Any) -> None:
    rows = tried(proposed(quoted(in_park, 6)))
    assert [row.difference for row in rows] == [0] * 6
    told = trial.totals(rows)
    assert told.now == told.tried and dict(told.bands)["不变"] == 6


def test_other_terms_show_who_gains_and_who_loses_and_change_nothing(in_park: Any) -> None:
    bank = quoted(in_park, 6)
    before = list(Quote.objects.order_by("pk").values())
    formula = copy.deepcopy(bank.version.formula) | {"gamma": "0.70"}
    rows = tried(proposed(bank, formula=formula, min_score=Decimal(80), cap=Decimal(9_200_000)))
    told = {row.enterprise.name: (row.amount, row.tried) for row in rows}
    assert told["示例企业1"] == (9_000_000, 9_200_000), "equity no longer binds, the cap does"
    assert all(told[f"示例企业{number}"][1] == 0 for number in (5, 6)), "78 and 76 points are below the start"
    assert list(Quote.objects.order_by("pk").values()) == before
    assert (
        CreditLine.objects.filter(quoted_limit__in=[amount for amount, _tried in told.values()]).count() == 6
    )


def test_the_page_lists_firms_by_consent_filters_and_exports(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        bank = quoted(park, 6)
        version = proposed(bank, min_score=Decimal(80))
        other = make.bank(park, name="渝州银行", code="other")
    checker, url = client_as(bank.checker), URL.format(version.pk)
    page = checker.get(url).content.decode()
    assert "示例企业1" in page and "现在合计" in page
    with park_scope(park.pk):
        assert ConsentAccess.objects.filter(subject="试算产品版本").count() == 6
    fewer = checker.get(url, {"change": "lt"}).content.decode()
    assert "示例企业6" in fewer and "示例企业1<" not in fewer
    assert "试算额度（元）" in checker.get(url, {"export": "csv"}).content.decode("utf-8-sig")
    assert client_as(other.maker).get(url).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bands": [["60", "500000"], ["60", "600000"]]}, "从低到高"),
        ({"bands": [["60", "500000"], ["70", "400000"]]}, "不能随积分降低"),
        ({"alpha": "NaN"}, "不能为负"),
        ({"beta": "-8"}, "不能为负"),
        ({"growth_low": "1.1"}, "不能高于 1"),
        ({"stage": []}, "无法读取"),
        ({"delta": "1"}, "无法读取"),
    ],
)
def test_a_formula_that_cannot_be_is_refused_with_the_reason(in_park: Any, change: Any, said: str) -> None:
    bank = make.bank(in_park)
    terms = products.Terms(Decimal(10_000_000), Decimal(60), Decimal("0.03"), Decimal("0.06"), 3, 36)
    with pytest.raises(Refused) as refused:
        products.propose(
            by=bank.maker, code="jf-loan", name="x", terms=terms, formula=products.DEFAULT_FORMULA | change
        )
    assert refused.value.field == "formula" and said in str(refused.value.message)
