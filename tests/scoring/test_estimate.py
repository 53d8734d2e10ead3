"""The live estimate: the production rules on a declaration that nobody has verified yet."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enterprises.models import DeclaredValue
from enterprises.services import declarations
from parks.scope import park_scope
from scoring import rules
from scoring.models import WhatIfUse
from scoring.queries.estimate import estimate
from tests.factories import enterprises as firms
from tests.factories import parks as people
from tests.factories import scoring as make

pytestmark = pytest.mark.django_db
URL = "/p/cq/e/score/2025/estimate/"


@pytest.fixture
def admin(park: Any) -> Any:
    return people.actor("park_admin", park)


@pytest.fixture
def declaration(park: Any, admin: Any) -> Any:
    """The second worked example, as its enterprise declares it: nothing is verified."""
    with park_scope(park.pk):
        cycle = firms.cycle(admin)
        firm = make.enterprise(2)
        found = firms.declaration(admin, firm, cycle)
        for code, value in make.values_of(make.GOLDEN[1]["inputs"]).items():
            zero = value.amount == 0 or value.entries == []
            DeclaredValue.objects.filter(declaration=found, code=code).update(
                state="zero_confirmed" if zero else "confirmed",
                declared_amount=value.amount,
                declared_entries=value.entries,
            )
    return found


@pytest.fixture
def agent(park: Any, declaration: Any) -> Any:
    return people.actor("enterprise_agent", park, organisation=declaration.enterprise.organisation)


def test_the_estimate_of_finished_figures_is_the_official_total(park: Any, declaration: Any) -> None:
    with park_scope(park.pk):
        found = estimate(declaration)
    assert str(found.total) == make.GOLDEN[1]["total"] == "59.03"
    assert sum(item.points for item in found.dimensions) == pytest.approx(found.total, abs=Decimal("0.03"))
    assert found.percentile is None
    assert found.cohort is None


def test_a_missing_field_says_the_most_it_can_move(park: Any, declaration: Any) -> None:
    with park_scope(park.pk):
        before = estimate(declaration)
        DeclaredValue.objects.filter(declaration=declaration, code="tax_paid_total").update(
            state="missing", declared_amount=None
        )
        after = estimate(declaration)
    effect = {item.code: item for item in after.missing}["tax_paid_total"]
    assert effect.gain == 3  # the weight of the taxes paid in this stage
    assert before.total - after.total <= effect.gain
    assert after.completeness == before.completeness - 3


def test_a_correction_that_waits_says_what_refusing_it_costs(
    park: Any, admin: Any, declaration: Any, agent: Any
) -> None:
    with park_scope(park.pk):
        DeclaredValue.objects.filter(declaration=declaration, code="rd_expense").update(
            state="prefilled", prefilled_amount=5_000_000, declared_amount=None
        )
        department = estimate(declaration).total
        value = firms.value(declaration, "rd_expense")
        declarations.correct(
            by=agent,
            declaration=declaration,
            code="rd_expense",
            version=value.version,
            reason="审计报告为准",
            amount=Decimal(6_880_000),
        )
        corrected = estimate(declaration)
    assert str(corrected.total) == "59.03"
    assert [item.loss for item in corrected.unverified] == [corrected.total - department]


def test_a_failing_check_says_what_is_at_stake(park: Any, declaration: Any) -> None:
    with park_scope(park.pk):
        DeclaredValue.objects.filter(declaration=declaration, code="rd_super_deduction_relief").update(
            declared_amount=90_000_000
        )
        warned = {item.code: item for item in estimate(declaration).warned}
    assert warned["rd_super_deduction_relief"].loss == 4  # at the cap: the whole weight


def test_the_fragment_is_for_the_firm_and_is_a_page_without_script(
    declaration: Any, agent: Any, client_as: Any
) -> None:
    client = client_as(agent)
    page = client.get(URL).content.decode()
    fragment = client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in page
    assert "<html" not in fragment
    for text in ("59.03", "估算，不作为官方积分", "style="):
        assert (text in fragment) == (text != "style=")


def test_the_estimate_asks_few_questions_whatever_waits(park: Any, declaration: Any) -> None:
    counts = []
    with park_scope(park.pk):
        for state in ("confirmed", "disputed"):
            DeclaredValue.objects.filter(declaration=declaration, state="confirmed").update(state=state)
            with CaptureQueriesContext(connection) as queries:
                estimate(declaration)
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 7


def test_under_a_scheme_that_looks_at_the_cohort_an_estimate_is_a_question(
    park: Any, declaration: Any, agent: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its points tell of peers: it counts like any other question, and none is answered above the number."""
    with park_scope(park.pk):
        version = declaration.cycle.scheme_version
        body = json.loads(json.dumps(version.body))
        next(item for item in body["indicators"] if item["code"] == "rd_intensity")["scoring"] = {
            "function": "percentile"
        }
        declaration.cycle.scheme_version = make.scheme_version(body, "relative")
        declaration.cycle.save(update_fields=["scheme_version"])
    client = client_as(agent)
    monkeypatch.setattr(rules, "WHAT_IFS_AN_HOUR", 2)
    assert ["估算总分" in client.get(URL).content.decode() for _time in range(2)] == [True, True]
    refused = client.get(URL)
    assert refused.status_code == 429
    assert "每小时最多试 2 次" in refused.content.decode()
    assert "估算总分" not in refused.content.decode()
    with park_scope(park.pk):
        assert WhatIfUse.objects.count() == 2
