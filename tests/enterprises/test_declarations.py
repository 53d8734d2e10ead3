"""Pre-filled, confirmed, disputed, explained, signed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from enterprises.models import Cycle, Declaration, DeclaredValue
from enterprises.queries import cycles as cycle_queries
from enterprises.queries import declarations as queries
from enterprises.queries.verified import amounts_of
from enterprises.services import corrections, cycles, signing
from enterprises.services import declarations as services
from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.clock import db_now
from parks.models import AuditEvent
from parks.services import evidence
from tests.factories import enterprises as make
from tests.factories.enterprises import SOUND, finish, sign

pytestmark = pytest.mark.django_db


def test_a_new_declaration_has_every_input_with_source_and_date(declaration: Any) -> None:
    rows = DeclaredValue.objects.filter(declaration=declaration)
    assert rows.count() == len(scheme_of(declaration.cycle.scheme_version).inputs)
    revenue = make.value(declaration, "revenue")
    assert (revenue.state, revenue.amount, revenue.source, revenue.as_of) == (
        "prefilled",
        86_000_000,
        "tax",
        dt.date(2026, 6, 12),
    )
    assert make.value(declaration, "platforms").state == "missing"


def test_preparing_twice_makes_no_second_declaration(admin: Any, firm: Any, declaration: Any) -> None:
    assert cycles.prepare_declarations(by=admin, cycle=declaration.cycle, enterprises=[firm]) == 0


def test_only_certified_firms_wait_for_a_declaration(admin: Any, declaration: Any) -> None:
    make.enterprise(2, state="submitted")
    three = make.enterprise(3)
    assert cycle_queries.without_declaration(declaration.cycle) == [three.pk]


def test_confirming_a_page_leaves_the_departments_value(declaration: Any, agent: Any) -> None:
    assert (
        services.confirm(by=agent, declaration=declaration, codes=["revenue", "rd_expense", "platforms"]) == 2
    )
    assert services.confirm(by=agent, declaration=declaration, codes=["revenue"]) == 0
    value = make.value(declaration, "revenue")
    assert (value.state, value.declared_amount, value.version) == ("confirmed", None, 2)
    assert AuditEvent.objects.filter(action="value.confirmed").count() == 2


def test_a_figure_that_changed_since_it_was_shown_is_not_confirmed(declaration: Any, agent: Any) -> None:
    shown = make.value(declaration, "revenue").version
    DeclaredValue.objects.filter(declaration=declaration, code="revenue").update(
        prefilled_amount=90_000_000, version=shown + 1
    )
    with pytest.raises(Conflict):
        services.confirm(by=agent, declaration=declaration, codes=["revenue"], versions={"revenue": shown})
    assert make.value(declaration, "revenue").state == "prefilled"


def test_the_figure_that_counts_follows_what_was_said(declaration: Any) -> None:
    rows = DeclaredValue.objects.filter(declaration=declaration)
    rows.filter(code="revenue").update(state="rejected", declared_amount=1)
    rows.filter(code="staff_total").update(state="not_applicable")
    rows.filter(code="platforms").update(state="zero_confirmed")
    Cycle.objects.update(state="frozen")
    declaration.state = "frozen"
    declaration.save(update_fields=["state"])
    codes = ("revenue", "staff_total", "platforms", "rd_expense")
    assert amounts_of(enterprise_id=declaration.enterprise_id, year=2025, codes=codes) == {
        "revenue": 86_000_000, "staff_total": None, "platforms": 0, "rd_expense": 6_880_000,
    }  # fmt: skip


def test_a_correction_stands_beside_the_departments_value(declaration: Any, agent: Any) -> None:
    services.correct(
        by=agent,
        declaration=declaration,
        code="rd_expense",
        version=1,
        reason="以审计报告为准",
        amount=Decimal("7020000"),
    )
    value = make.value(declaration, "rd_expense")
    assert (value.state, value.prefilled_amount, value.declared_amount, value.amount) == (
        "disputed",
        6_880_000,
        7_020_000,
        7_020_000,
    )


def test_a_correction_needs_a_reason_and_a_first_value_does_not(declaration: Any, agent: Any) -> None:
    with pytest.raises(Refused, match="更正原因"):
        services.correct(
            by=agent, declaration=declaration, code="revenue", version=1, reason="错", amount=Decimal(1)
        )
    services.correct(
        by=agent, declaration=declaration, code="fresh_graduates", version=1, reason="", amount=Decimal(12)
    )
    assert make.value(declaration, "fresh_graduates").state == "confirmed"


def test_an_old_version_is_refused_and_nothing_is_lost(declaration: Any, agent: Any) -> None:
    services.correct(
        by=agent,
        declaration=declaration,
        code="revenue",
        version=1,
        reason="以审计报告为准",
        amount=Decimal(2),
    )
    with pytest.raises(Conflict, match="刚被"):
        services.correct(
            by=agent,
            declaration=declaration,
            code="revenue",
            version=1,
            reason="另一个理由",
            amount=Decimal(3),
        )
    assert make.value(declaration, "revenue").amount == 2


def test_zero_only_where_no_department_has_a_value(declaration: Any, agent: Any) -> None:
    services.confirm_zero(by=agent, declaration=declaration, code="pct_applications", version=1)
    assert make.value(declaration, "pct_applications").state == "zero_confirmed"
    with pytest.raises(Refused, match="已有数值"):
        services.confirm_zero(by=agent, declaration=declaration, code="revenue", version=1)


def test_not_applicable_only_where_the_scheme_allows_it(declaration: Any, agent: Any) -> None:
    with pytest.raises(Refused, match="不能选择"):
        services.not_applicable(
            by=agent, declaration=declaration, code="awards", version=1, reason="没有获奖"
        )
    services.not_applicable(
        by=agent, declaration=declaration, code="revenue_prev", version=1, reason="当年成立的企业"
    )
    assert make.value(declaration, "revenue_prev").state == "not_applicable"


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([{"level": "nonsense", "name": "a"}], "级别"),
        ([{"level": "national", "name": " "}], "名称"),
        ([{"name": "a"}], "级别"),
    ],
)
def test_list_items_need_level_and_name(declaration: Any, agent: Any, entries: Any, why: str) -> None:
    with pytest.raises(Refused, match=why):
        services.correct(
            by=agent, declaration=declaration, code="platforms", version=1, reason="", entries=entries
        )


def test_an_error_blocks_until_it_is_gone(declaration: Any, agent: Any, signatory: Any) -> None:
    services.correct(
        by=agent,
        declaration=declaration,
        code="hightech_revenue",
        version=1,
        reason="测试更正",
        amount=Decimal(90_000_000),
    )
    with pytest.raises(Refused, match="高新技术"):
        sign(declaration, signatory)
    services.correct(
        by=agent,
        declaration=declaration,
        code="hightech_revenue",
        version=2,
        reason="测试更正",
        amount=Decimal(50_000_000),
    )
    finish(declaration, agent)
    sign(declaration, signatory)


def test_growth_above_300_percent_must_be_explained(declaration: Any, agent: Any, signatory: Any) -> None:
    row = make.value(declaration, "revenue_prev")
    DeclaredValue.objects.filter(pk=row.pk).update(prefilled_amount=10_000_000)
    services.confirm(by=agent, declaration=declaration, codes=list(SOUND))
    with pytest.raises(Refused, match="300%"):
        sign(declaration, signatory)
    finish(declaration, agent)
    assert sign(declaration, signatory).state == "submitted"


def test_signing_locks_and_records_the_hash(declaration: Any, agent: Any, signatory: Any) -> None:
    finish(declaration, agent)
    signed = sign(declaration, signatory)
    assert (signed.state, signed.submitted_by_ref) == ("submitted", signatory.person_id)
    assert len(signed.content_hash) == 64
    for act in (
        lambda: services.confirm(by=agent, declaration=declaration, codes=["revenue"]),
        lambda: services.correct(
            by=agent,
            declaration=declaration,
            code="revenue",
            version=9,
            reason="以审计报告为准",
            amount=Decimal(1),
        ),
        lambda: sign(declaration, signatory),
    ):
        with pytest.raises(Conflict, match="不能再修改"):
            act()


def test_only_the_signatory_signs_and_only_what_was_shown(
    declaration: Any, agent: Any, signatory: Any
) -> None:
    finish(declaration, agent)
    with pytest.raises(Forbidden):
        sign(declaration, agent)
    shown = signing.content_hash(
        {row.code: row for row in DeclaredValue.objects.filter(declaration=declaration)}
    )
    row = make.value(declaration, "ip_class1")
    services.correct(
        by=agent, declaration=declaration, code="ip_class1", version=row.version, reason="", amount=Decimal(3)
    )
    with pytest.raises(Conflict, match="有变化"):
        signing.submit(by=signatory, declaration=declaration, seen_hash=shown)


def test_the_content_hash_does_not_depend_on_order_or_writing_of_numbers(declaration: Any) -> None:
    rows = list(DeclaredValue.objects.filter(declaration=declaration))
    same = {row.code: row for row in reversed(rows)}
    assert signing.content_hash(same) == signing.content_hash({row.code: row for row in rows})


def test_after_the_deadline_nothing_is_saved(declaration: Any, agent: Any) -> None:
    Cycle.objects.update(declaration_deadline=db_now() - dt.timedelta(seconds=1))
    with pytest.raises(Conflict, match="截止"):
        services.confirm(by=agent, declaration=declaration, codes=["revenue"])


def test_sections_ask_each_input_once_and_count(declaration: Any, agent: Any) -> None:
    sections = queries.sections(declaration)
    asked = [item.input.code for section in sections for item in section.items]
    assert sorted(asked) == sorted(item.code for item in scheme_of(declaration.cycle.scheme_version).inputs)
    waiting = sum(section.waiting for section in sections)
    services.confirm(by=agent, declaration=declaration, codes=["revenue"])
    assert sum(section.waiting for section in queries.sections(declaration)) < waiting


def test_a_cycle_is_opened_once_with_an_adopted_scheme_and_a_future_deadline(admin: Any) -> None:
    version = make.scheme(admin)
    with pytest.raises(Refused, match="截止"):
        cycles.open_cycle(by=admin, year=2025, scheme_version=version, deadline=db_now())
    make.cycle(admin)
    with pytest.raises(Conflict, match="已开启"):
        cycles.open_cycle(
            by=admin, year=2025, scheme_version=version, deadline=db_now() + dt.timedelta(days=9)
        )


def test_the_database_knows_three_rules_itself(declaration: Any) -> None:
    row = type(declaration).objects.filter(pk=declaration.pk)
    for change in ({"returns": 3}, {"submitted_by_ref": 7, "verified_by_ref": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        type(declaration).objects.create(cycle=declaration.cycle, enterprise=declaration.enterprise)


# last year's figures


@pytest.fixture
def last_year(admin: Any, firm: Any) -> Any:
    """The verified declaration of the year before: the revenue was declared higher than it was verified."""
    of = make.declaration(admin, firm, make.cycle(admin, 2024), **SOUND | {"revenue": 71_000_000})
    row = make.value(of, "revenue")
    row.declared_amount, row.state, row.verified_amount = Decimal(80_000_000), "verified", Decimal(70_000_000)
    row.verified_at = dt.datetime(2025, 8, 30, 17, tzinfo=dt.UTC)
    row.save()
    DeclaredValue.objects.filter(declaration=of, code="rd_expense").update(
        state="rejected", declared_amount=9_000_000, prefilled_amount=5_400_000
    )
    Declaration.objects.filter(pk=of.pk).update(state="verified")
    return of


def item_of(declaration: Any, code: str) -> queries.Item:
    return next(one for part in queries.sections(declaration) for one in part.items if one.value.code == code)


def test_beside_each_fact_stands_the_verified_figure_of_last_year(last_year: Any, declaration: Any) -> None:
    revenue = item_of(declaration, "revenue")
    assert revenue.last_year == 70_000_000
    assert revenue.change == pytest.approx(Decimal("22.857"), rel=Decimal("0.001"))
    assert item_of(declaration, "rd_expense").last_year == 5_400_000  # the correction was not accepted


def test_figures_of_the_year_before_are_those_that_were_verified(last_year: Any, declaration: Any) -> None:
    item = item_of(declaration, "revenue_prev")
    assert (item.value.amount, item.value.state, item.value.as_of) == (
        70_000_000,
        "prefilled",
        dt.date(2025, 8, 31),  # Beijing's day
    )
    assert (item.source_name, item.findings) == ("上年核定值", [])
    assert item_of(declaration, "rd_expense_prev").value.amount == 5_400_000


def test_no_department_overrides_a_verified_figure_but_is_shown_beside_it(
    last_year: Any, declaration: Any, admin: Any
) -> None:
    table = make.table(("统一社会信用代码", "上年营业收入（万元）"), (declaration.enterprise.uscc, 9100))
    make.apply(admin, make.batch(admin, declaration.cycle, table))
    item = item_of(declaration, "revenue_prev")
    assert item.value.amount == 70_000_000
    (other,) = item.others
    assert (other.source, other.amount, other.is_far) == ("税务局", 91_000_000, True)


def test_another_figure_of_the_year_before_needs_reason_and_paper(
    last_year: Any, declaration: Any, agent: Any
) -> None:
    row = make.value(declaration, "revenue_prev")
    change = {"by": agent, "declaration": declaration, "code": "revenue_prev", "amount": Decimal(80_000_000)}
    row = services.correct(**change, version=row.version, reason="以审计报告为准")
    (finding,) = item_of(declaration, "revenue_prev").errors
    assert "上一周期核定" in finding.zh
    assert [
        str(one)
        for one in signing.blocking(declaration, signing.values_of(declaration))
        if "核定" in str(one)
    ]
    paper = evidence.store(
        by=agent, organisation_id=declaration.enterprise.organisation_id, upload=make.paper("审计报告.pdf")
    )
    services.correct(**change, version=row.version, reason="以审计报告为准", evidence=paper, page=2)
    assert item_of(declaration, "revenue_prev").errors == []


def test_a_correction_order_of_last_year_reaches_this_year(
    last_year: Any, declaration: Any, admin: Any
) -> None:
    corrections.correct_frozen(
        by=admin, cycle_id=last_year.cycle_id, enterprise_id=last_year.enterprise_id, code="revenue",
        amount=Decimal(69_000_000), order="更正令 1",
    )  # fmt: skip
    assert make.value(declaration, "revenue_prev").amount == 69_000_000


def test_two_departments_far_apart_want_an_explanation(declaration: Any, agent: Any, admin: Any) -> None:
    table = make.table(("统一社会信用代码", "研发费用（万元）"), (declaration.enterprise.uscc, 480))
    make.apply(admin, make.batch(admin, declaration.cycle, table, source="stats", as_of=dt.date(2026, 4, 1)))
    item = item_of(declaration, "rd_expense")
    assert item.needs_explanation
    services.explain(
        by=agent,
        declaration=declaration,
        code="rd_expense",
        version=item.value.version,
        text="统计口径不含委外研发",
    )
    assert not item_of(declaration, "rd_expense").needs_explanation
