"""The terms of a product change midway: quotes, applications and proposals go by the terms in force, and there is a way on."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from finance.models import Application, ProductVersion
from finance.services import decisions, products, quotes
from innovscore.core.problems import Conflict, Refused
from parks.scope import park_scope
from tests.factories import lending, loans
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(in_park: Any) -> lending.World:
    made = lending.world(in_park)
    made.consent()
    return made


def change_terms(world: lending.World, **terms: Any) -> ProductVersion:
    return lending.product(world.maker, world.checker, code=world.version.product.code, **terms)


def test_a_line_quoted_on_former_terms_carries_no_new_application(world: lending.World) -> None:
    change_terms(world, cap=Decimal(1_000_000))
    with pytest.raises(Conflict, match="重新测算") as refused:
        world.apply(5_000_000)
    assert refused.value.code == "terms_changed"
    quotes.request(by=world.signatory, product_code=world.version.product.code)
    assert world.line.quoted_limit == 1_000_000
    with pytest.raises(Conflict, match="还剩 100.00 万元"):
        world.apply(5_000_000, ref="ref-2")
    assert world.apply(1_000_000, ref="ref-3").status == "screened"


def test_sql_cannot_join_an_application_and_a_quote_of_other_terms(world: lending.World) -> None:
    made = world.apply(1_000_000)
    row = Application.objects.filter(pk=made.pk).values(
        "park_id", "line_id", "enterprise_id", "organisation_id", "quote_id", "consent_id", "term_months", "purpose",
        "contact_due_at", "lapses_at", "created_by_ref", "created_by_name",
    ).get()  # fmt: skip
    new = change_terms(world)
    with pytest.raises(DatabaseError, match="do not belong together"), transaction.atomic():
        Application.objects.create(**row, product_version=new, amount=Decimal(100_000), client_ref="sql-1")


def test_a_proposal_on_former_terms_is_returned_and_made_anew(world: lending.World) -> None:
    made = world.apply(5_000_000)
    world.propose(made, 4_000_000)
    change_terms(world, cap=Decimal(4_500_000), rate_low=Decimal("0.034"))
    with pytest.raises(Conflict) as stale:
        world.approve(made)
    assert stale.value.code == "terms_changed"
    last = made.decisions.get(live=True)
    decisions.decide(
        by=world.checker,
        application_id=made.pk,
        outcome="return",
        content_hash=last.content_hash,
        note="按新条款",
    )
    with pytest.raises(Refused, match="450.00 万元"):
        world.propose(made, 4_600_000)
    world.propose(made, 4_000_000)
    with pytest.raises(Conflict, match="重新测算"):
        world.approve(made)
    quotes.request(by=world.signatory, product_code=world.version.product.code)
    world.approve(made)
    made.refresh_from_db()
    assert made.status == "approved"


def test_the_page_says_that_the_terms_have_changed(world: lending.World, client_as: Any) -> None:
    change_terms(world, cap=Decimal(1_000_000))
    firm, code = client_as(world.signatory), world.version.product.code
    page = firm.get("/p/cq/e/finance/").content.decode()
    assert "原额度按旧条款测算" in page
    assert f"/e/finance/{code}/apply/" not in page
    assert "提交申请</button>" not in firm.get(f"/p/cq/e/finance/{code}/apply/").content.decode()


@pytest.mark.parametrize(
    ("field", "kind", "roles"),
    [
        ("guarantor_id", "guarantor", ("guarantor_maker", "guarantor_checker")),
        ("pool_id", "fund", ("fund_manager", "fund_manager")),
    ],
)
def test_who_shares_the_risk_has_terms_in_this_park(
    park: Any, other_park: Any, field: str, kind: str, roles: tuple[str, str]
) -> None:
    """A guarantor or a pool whose terms are another park's cannot be named."""
    house = people.organisation(kind)
    with park_scope(other_park.pk):
        loans.terms(*(people.actor(role, other_park, organisation=house) for role in roles))
    with park_scope(park.pk):
        scene = loans.scene(park)
        terms = {
            "cap": Decimal(9_000_000), "min_score": Decimal(60), "rate_low": Decimal("0.03"), "rate_high": Decimal("0.05"), "term_min": 3,
            "term_max": 12, "guarantor_id": scene.guarantor.pk, "cover_low": Decimal("0.6"), "cover_high": Decimal("0.8"),
            "pool_id": scene.fund.pk, "pool_share": Decimal("0.1"),
        }  # fmt: skip
        wrong, right = products.Terms(**terms | {field: house.pk}), products.Terms(**terms)
        with pytest.raises(Refused) as refused:
            products.propose(by=scene.maker, code="other", name="外园担保", terms=wrong)
        assert (refused.value.code, refused.value.field) == ("no_terms", field)
        assert products.propose(by=scene.maker, code="own", name="本园担保", terms=right).pk


def test_what_is_signed_is_what_was_read(in_park: Any, client_as: Any) -> None:
    """The page shows the words for each reader; terms that bring in a guarantor meanwhile make the signature void."""
    scene = loans.scene(in_park)
    code, plain = "later", {
        "cap": Decimal(9_000_000), "min_score": Decimal(60), "rate_low": Decimal("0.03"), "rate_high": Decimal("0.05"), "term_min": 3,
        "term_max": 12,
    }  # fmt: skip

    def put_in_force(**more: Any) -> None:
        made = products.propose(
            by=scene.maker, code=code, name="创新贷", terms=products.Terms(**plain | more)
        )
        products.activate(by=scene.checker, version_id=made.pk)

    put_in_force()
    signer, url = client_as(scene.firm.signatory), f"/p/cq/e/finance/{code}/consent/"

    def words() -> str:
        page = signer.get(url).content.decode()
        assert "本企业同意 江城银行 为办理“创新贷”查询" in page
        return re.search(r'name="read_words" value="(\w{64})"', page).group(1)  # type: ignore[union-attr]

    body = {"months": 6, "groups": ["id", "score", "dims", "fin"], "confirm": "on", "read_words": words()}
    put_in_force(guarantor_id=scene.guarantor.pk, cover_low=Decimal("0.5"), cover_high=Decimal("0.8"))
    refused = signer.post(url, body)
    assert refused.status_code == 409
    assert "授权内容在您阅读后有变化" in refused.content.decode()
    assert "本企业同意 科技担保 为办理" in refused.content.decode()
    assert signer.post(url, body | {"read_words": ""}).status_code == 409
    assert signer.post(url, body | {"read_words": words()}).status_code == 302
