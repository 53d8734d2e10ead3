"""Editing a scheme: a draft may be wrong, what comes into force may not; one edits, another activates."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.utils import IntegrityError

from indicators import formulas, rules
from indicators.differences import differences
from indicators.models import SchemeVersion
from indicators.queries import curves
from indicators.queries.schemes import scheme_of
from indicators.services import drafts, schemes
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.actors import Actor
from parks.scope import park_scope
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(in_park: Any) -> Any:
    return people.actor("score_officer", in_park)


@pytest.fixture
def admin(in_park: Any) -> Any:
    return people.actor("park_admin", in_park)


@pytest.fixture
def source(in_park: Any) -> SchemeVersion:
    return schemes.adopt(by=Actor.system(in_park), name="cq_htz_30")


@pytest.fixture
def draft(source: SchemeVersion, editor: Any) -> SchemeVersion:
    return drafts.begin(by=editor, source=source, version="2026.1")


def weights(draft: SchemeVersion, **changes: str) -> tuple[dict[Any, str], dict[Any, str]]:
    """The table as it stands, with some cells typed anew (`revenue_growth__startup="5"`)."""
    body = draft.body
    cells = {
        (item["code"], group): rules.plain(rules.value_for(item["weight"], group))
        for item in body["indicators"] for group in rules.groups_of(body)
    }  # fmt: skip
    boards = {
        (board["code"], code): rules.plain(weight)
        for board in body["boards"]
        for code, weight in board["weights"].items()
    }
    cells |= {tuple(key.split("__")): text for key, text in changes.items()}  # type: ignore[misc]
    return cells, boards


def edit(draft: SchemeVersion, by: Any, **changes: str) -> SchemeVersion:
    cells, boards = weights(draft, **changes)
    return drafts.set_weights(by=by, draft=draft, weights=cells, boards=boards)


def test_a_copy_differs_in_the_version_only(draft: SchemeVersion, source: SchemeVersion) -> None:
    assert differences(source.body, draft.body) == []
    assert drafts.checked(draft.body).version == "2026.1"


def test_saving_what_stands_there_changes_nothing(draft: SchemeVersion, editor: Any) -> None:
    before = drafts.checked(draft.body)
    after = drafts.checked(edit(draft, editor).body)
    for item in before.indicators:
        for group in before.group_codes:
            assert after.indicator_by_code[item.code].weight(group) == item.weight(group)
    assert differences(draft.based_on.body, draft.body) == []


def test_a_wrong_sum_is_kept_in_the_draft_and_named_at_its_stage(draft: SchemeVersion, editor: Any) -> None:
    changed = edit(draft, editor, revenue_growth__startup="5")
    found = rules.findings(changed.body)
    assert [(item.group, item.text) for item in found] == [("startup", "权重合计为 101，应为 100。")]
    with pytest.raises(Refused, match="draft_wrong"):
        drafts.propose(by=editor, draft=draft, notes="试一试")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0:0 10:0.5 5:1", "从小到大"),
        ("0:0 10:0.8 20:0.5", "不能下降"),
        ("0:0 10:1.5", "0 和 1 之间"),
        ("0:0", "至少要有两个点"),
    ],
)
def test_a_curve_that_cannot_be_is_named(draft: SchemeVersion, editor: Any, text: str, said: str) -> None:
    texts = dict.fromkeys(rules.groups_of(draft.body), text)
    changed = drafts.set_indicator(
        by=editor, draft=draft, code="rd_intensity", names={}, function="piecewise", texts=texts, levels=""
    )
    assert any(
        said in item.text and item.indicator == "rd_intensity" for item in rules.findings(changed.body)
    )


@pytest.mark.parametrize(
    ("function", "text", "said"),
    [("log_cap", "k=0 cap=5", "k 必须大于 0"), ("linear_cap", "floor=5 cap=5", "不能相等"), ("distance_target", "target=5 reach=-1", "reach 必须大于 0")],
)  # fmt: skip
def test_parameters_that_make_no_curve_are_named(
    draft: SchemeVersion, editor: Any, function: str, text: str, said: str
) -> None:
    texts = dict.fromkeys(rules.groups_of(draft.body), text)
    changed = drafts.set_indicator(
        by=editor, draft=draft, code="rd_intensity", names={}, function=function, texts=texts, levels=""
    )
    assert any(said in item.text for item in rules.findings(changed.body))


@pytest.mark.parametrize("text", ["1e999999", "-1e999999", "1e-999999", "NaN", "Infinity", "9" * 40, "一"])
def test_a_weight_that_is_no_figure_is_refused_at_its_cell(
    draft: SchemeVersion, editor: Any, text: str
) -> None:
    with pytest.raises(Refused, match="not_a_number") as caught:
        edit(draft, editor, revenue_growth__startup=text)
    assert caught.value.field == "w-revenue_growth-startup"


@pytest.mark.parametrize("text", ["", "10", "a:b", "0:0:0", "k=1", "0:0 1e999999:1"])
def test_parameters_that_cannot_be_read_say_how_to_write_them(
    draft: SchemeVersion, editor: Any, text: str
) -> None:
    with pytest.raises(Refused, match="bad_parameters"):
        drafts.set_indicator(
            by=editor, draft=draft, code="rd_intensity", names={}, function="piecewise",
            texts=dict.fromkeys(rules.groups_of(draft.body), text), levels="",
        )  # fmt: skip


def test_every_indicator_reads_back_as_it_was_written(source: SchemeVersion) -> None:
    groups = rules.groups_of(source.body)
    for item in source.body["indicators"]:
        scoring = item["scoring"]
        texts = {group: rules.parameters_text(scoring, group) for group in groups}
        again = rules.read_parameters(scoring["function"], texts, rules.levels_text(scoring))
        for group in groups:
            assert rules.parameters_text(again, group) == texts[group]
            assert curves.of_scoring(again, group) is not None, item["code"]


def test_one_edits_and_proposes_another_activates(draft: SchemeVersion, editor: Any, admin: Any) -> None:
    changed = edit(draft, editor, revenue_growth__startup="5", hightech_revenue__startup="0")
    proposed = drafts.propose(by=editor, draft=changed, notes="按省厅通知调整")
    with pytest.raises(Forbidden, match="same_person"):
        drafts.activate(by=editor, draft=proposed, seen_digest=proposed.digest)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        drafts.activate(by=admin, draft=proposed, seen_digest="0" * 64)
    active = drafts.activate(by=admin, draft=proposed, seen_digest=proposed.digest)
    assert active.state == "active"
    with pytest.raises(Conflict, match="in_force"):
        edit(active, editor)
    with pytest.raises(DatabaseError), transaction.atomic():
        SchemeVersion.objects.filter(pk=active.pk).update(body={})
    with pytest.raises(DatabaseError), transaction.atomic():
        active.delete()


def test_the_database_wants_two_persons(draft: SchemeVersion, editor: Any) -> None:
    with pytest.raises(IntegrityError, match="one proposes, another activates"), transaction.atomic():
        SchemeVersion.objects.filter(pk=draft.pk).update(
            state="active",
            activated_at="2026-01-01T00:00Z",
            proposed_by_ref=7,
            edited_by_ref=7,
            activated_by_ref=7,
        )


def test_editing_again_takes_the_proposal_back(draft: SchemeVersion, editor: Any, admin: Any) -> None:
    proposed = drafts.propose(by=editor, draft=draft, notes="依据通知")
    edit(proposed, editor)
    with pytest.raises(Conflict, match="not_proposed"):
        drafts.activate(by=admin, draft=draft, seen_digest=draft.digest)


def test_local_indicators_come_and_go_core_ones_stay(draft: SchemeVersion, editor: Any) -> None:
    added = drafts.add_local(
        by=editor,
        draft=draft,
        code="export_income",
        like="tax_paid",
        zh="出口收入",
        en="Exports",
        formula="hightech_revenue",
    )
    assert added.body["indicators"][-1]["scope"] == "local"
    drafts.checked(added.body)
    assert [item.text for item in differences(draft.based_on.body, added.body)] == ["新增指标，权重 0/0/0。"]
    removed = drafts.remove_local(by=editor, draft=draft, code="export_income")
    assert differences(draft.based_on.body, removed.body) == []
    with pytest.raises(Refused, match="core_stays"):
        drafts.remove_local(by=editor, draft=draft, code="rd_intensity")
    gone = drafts.remove_local(by=editor, draft=draft, code="tax_paid")
    assert {item.board for item in rules.findings(gone.body)} == {"", "high_quality"}


def test_differences_are_told_in_words(draft: SchemeVersion, editor: Any) -> None:
    changed = edit(draft, editor, revenue_growth__startup="5")
    told = [(item.place, item.text) for item in differences(draft.based_on.body, changed.body)]
    assert told == [("营业收入增长率", "初创期权重由 4 改为 5。")]


def test_the_pages_edit_preview_and_hand_out_the_file(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        officer, admin = people.actor("score_officer", park), people.actor("park_admin", park)
        source = schemes.adopt(by=Actor.system(park), name="cq_htz_30")
    client = client_as(officer)
    base = "/p/cq/office/schemes/"
    answer = client.post(f"{base}{source.pk}/copy/", {"version": "2026.1"})
    draft_url = answer["Location"]
    page = client.get(draft_url).content.decode()
    assert page.count('name="w-') == 90
    assert "style=" not in page
    assert "应为 100" in client.post(draft_url, {}, headers={"HX-Request": "true"}).content.decode()
    assert "应为 100" not in client.get(draft_url).content.decode()
    indicator = f"{draft_url}rd_intensity/"
    auditor = client_as(people.actor("park_auditor", park))
    for url, shown in ((draft_url, "尚未提请启用"), (indicator, "disabled")):
        looked_at = auditor.get(url).content.decode()
        assert shown in looked_at and 'name="w-' not in looked_at
        assert f'action="{draft_url}' not in looked_at and ">保存" not in looked_at
    texts = {f"p-{group}": "0:0 3:0.3 12:1" for group in ("startup", "growth", "mature")}
    preview = client.post(
        indicator, {"function": "piecewise"} | texts, headers={"HX-Request": "true"}
    ).content.decode()
    assert preview.count("<svg") == 3
    bad = client.post(indicator, {"function": "piecewise", "p-startup": "x"}, headers={"HX-Request": "true"})
    assert "请写“数值:赋分”" in bad.content.decode()
    assert client.post(indicator, {"function": "piecewise"} | texts).status_code == 302
    assert "参数由" in client.get(draft_url).content.decode()
    file = client.get(f"{base}{source.pk}/file/")
    assert "cq_htz_30" in file.content.decode()
    assert client.get(f"{base}{source.pk}/file/", {"format": "json"}).json()["code"] == "cq_htz_30"
    assert client.post(f"{draft_url}propose/", {"notes": "按通知调整"}).status_code == 302
    with park_scope(park.pk):
        digest = SchemeVersion.objects.get(version="2026.1").digest
    client.post(f"{draft_url}activate/", {"digest": digest})
    waiting = client.get(draft_url).content.decode()
    assert "请另一位同事启用" in waiting and "启用此版本" not in waiting
    client_as(admin).post(f"{draft_url}activate/", {"digest": digest})
    with park_scope(park.pk):
        assert SchemeVersion.objects.get(version="2026.1").state == "active"


GROWTH = {"code": "rd_growth", "like": "rd_intensity", "zh": "研发费用增量占比", "en": "Growth of R&D"}


@pytest.mark.parametrize(
    "typed",
    [
        "（研发费用 － 上年研发费用）÷ 营业收入 × １００",
        "(rd_expense - rd_expense_prev) / revenue * 100",
        "(R&D expense - rd_expense_prev)/营业收入*100",
    ],
)
def test_a_formula_is_written_in_names_or_codes(draft: SchemeVersion, editor: Any, typed: str) -> None:
    added = drafts.add_local(by=editor, draft=draft, **GROWTH, formula=typed)
    item, inputs = added.body["indicators"][-1], added.body["inputs"]
    assert item["formula"].replace(" ", "") == "(rd_expense-rd_expense_prev)/revenue*100"
    assert item["inputs"] == ["rd_expense", "rd_expense_prev", "revenue"]
    drafts.checked(added.body)
    told = formulas.in_words(item["formula"], formulas.names_of(inputs))
    assert formulas.read(told, inputs)[0] == item["formula"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("研发费用 ÷", "公式没有写完"),
        ("研发费用 营业收入", "公式在“营业收入”处读不懂"),
        ("研发费用 ÷ 出口额", "没有数据项“出口额”"),
        ("研发费用 > 营业收入", "不能是比较"),
        ("100", "至少要有一个数据项"),
        ("__import__('os')", "读不懂"),
        ("", "公式没有写完"),
    ],
)
def test_a_formula_that_cannot_be_read_says_where(
    draft: SchemeVersion, editor: Any, typed: str, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        drafts.add_local(by=editor, draft=draft, **GROWTH, formula=typed)
    assert refused.value.field == "formula"
    assert said in str(refused.value.message)


def test_what_a_local_indicator_measures_can_change_what_a_core_one_measures_cannot(
    draft: SchemeVersion, editor: Any
) -> None:
    formula = "total_liabilities_end / net_assets_end"
    what = {"formula": formula, "unit": "倍", "direction": "lower_better", "dimension": "rd_input"}
    for code in ("debt_asset_ratio", "rd_intensity"):
        scoring = next(item for item in draft.body["indicators"] if item["code"] == code)["scoring"]
        texts = {group: rules.parameters_text(scoring, group) for group in rules.groups_of(draft.body)}
        draft = drafts.set_indicator(
            by=editor,
            draft=draft,
            code=code,
            names={},
            function="piecewise",
            texts=texts,
            levels="",
            what=what,
        )
    drafts.checked(draft.body)
    changed = next(item for item in draft.body["indicators"] if item["code"] == "debt_asset_ratio")
    assert changed["inputs"] == [
        "total_liabilities_end",
        "net_assets_end",
        "total_assets_end",
    ]  # the last by a condition
    told = {(item.place, item.text) for item in differences(draft.based_on.body, draft.body)}
    assert told == {
        ("资产负债率", "公式由“年末负债总额 / 年末资产总额 × 100”改为“年末负债总额 / 年末净资产”。"),
        ("资产负债率", "单位由“%”改为“倍”。"),
        ("资产负债率", "维度由“经济税务”改为“研发投入”。"),
    }


def test_a_formula_in_words_has_no_codes_left(source: SchemeVersion) -> None:
    told = [formulas.formula_in(source.body, item) for item in source.body["indicators"]]
    assert (
        told[0]
        == "(营业收入 - 较大值(上年营业收入, 按阶段 50、500、5000)) / 较大值(上年营业收入, 按阶段 50、500、5000) × 100"
    )
    assert not [text for text in told if "_" in text or "max" in text]
    assert told == [formulas.formula_of(scheme_of(source), item) for item in scheme_of(source).indicators]
    assert formulas.read("较大值(上年营业收入, 5)", source.body["inputs"])[0] == "max(revenue_prev, 5)"


@pytest.mark.parametrize(("field", "most"), [("zh", 80), ("en", 120), ("formula", 400), ("code", 64)])
def test_words_that_are_too_long_are_refused_at_their_field(
    draft: SchemeVersion, editor: Any, field: str, most: int
) -> None:
    typed = GROWTH | {"formula": "rd_expense"} | {field: "r" * (most + 1)}
    with pytest.raises(Refused, match="too_long") as refused:
        drafts.add_local(by=editor, draft=draft, **typed)
    assert refused.value.field == field
