"""Platforms as a table: the template with drop-downs, and reading a filled one with every fault named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from enterprises.services import workbooks
from enterprises.services.mappings import KEY_HEAD
from enterprises.services.spreadsheets import column_letters, open_table
from innovscore.core.problems import Refused
from parks.actors import Actor

from ..models.platforms import FIGURES, MONEY
from ..queries import platforms as queries
from . import platforms

FormOf = Callable[[Mapping[str, Any]], forms.Form]
MOST_ROWS = 2000
MOST_TOLD = 10
DATES = ("approved_on", "valid_until")
HEADS = {
    "uscc": KEY_HEAD, "name": "平台名称", "type": "类型", "level": "级别", "field": "技术领域", "head": "负责人", "approver": "批准单位",
    "approval_number": "批准文号", "approved_on": "批准日期", "valid_until": "有效期至", "staff": "专职研发人员",
    "senior": "其中中高级职称或研究生", "area": "场地面积（m²）", "equipment": "仪器设备原值（万元）", "outlay": "年度研发经费（万元）",
    "projects": "在研项目", "patents": "有效发明专利", "contracts": "技术合同数", "contract_amount": "技术合同金额（万元）",
}  # fmt: skip
"""Heads are Chinese in every language, as in every template."""
LINES = (
    "研发平台登记表",
    "请在“数据”页填写，一个平台一行，第一行表头不要改动。",
    "类型和级别请从下拉表中选择；日期写作 2025-01-31；金额单位为万元。",
    "导入后由另一位同事核对，核对通过才生效。有一行有误，整份不导入，并逐行说明。",
)


def template() -> bytes:
    """An empty workbook with drop-downs of the park's types and levels."""
    choices = {code: [(title, title) for title in titles] for code, titles in _titles().items()}
    columns = [
        workbooks.Column(code, head, "", _kind(code, choices), "", choices.get(code, ()))
        for code, head in HEADS.items()
    ]
    return workbooks.blank(columns, LINES, {"template": "platforms"})


def _kind(code: str, choices: Mapping[str, Any]) -> str:
    if choices.get(code):
        return "levels"
    if code in DATES:
        return "date"
    if code in MONEY:
        return "money"
    return {"uscc": "key"}.get(code, "int" if code in FIGURES else "text")


def load(*, by: Actor, data: bytes, form_of: FormOf) -> int:
    """Enter the platforms of a filled table, all or none; `form_of` is the page's form over the cells of a row.

    Raises Refused naming row and column of the first faults.
    """
    reading = open_table(data)
    places = {head: place for place, head in enumerate(reading.heads)}
    missing = [head for code, head in HEADS.items() if head not in places and code not in FIGURES]
    if missing:
        message = _("缺少这些列：%(what)s。请用模板填写。") % {"what": "、".join(missing)}
        raise Refused(code="columns_missing", field="file", message=message)
    titles = _titles()
    rows: list[tuple[int, str, dict[str, Any]]] = []
    faults: list[str] = []
    for number, cells in reading.rows:
        if len(rows) == MOST_ROWS or len(faults) >= MOST_TOLD:
            break
        form = form_of(_typed(cells, places, titles))
        if form.is_valid():
            found = dict(form.cleaned_data)
            rows.append((number, found.pop("uscc"), found))
        else:
            faults += _faults(number, form, places)
    else:
        number = 0
    if faults:
        raise Refused(code="rows_wrong", field="file", message="；".join(faults[:MOST_TOLD]))
    if number:
        message = _("一次最多导入 %(n)s 行，请分成几份。") % {"n": MOST_ROWS}
        raise Refused(code="too_many", field="file", message=message)
    return platforms.import_rows(by=by, rows=rows)


def _titles() -> dict[str, dict[str, int]]:
    """What the drop-downs offer: title -> number, by column."""
    return {
        "type": {one.title: one.pk for one in queries.types()},
        "level": {one.title: one.pk for one in queries.levels()},
    }


def _typed(
    cells: Sequence[Any], places: Mapping[str, int], titles: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """The cells of a row by field; a title that is not offered stays unknown to the form."""
    typed = {
        code: cells[places[head]] for code, head in HEADS.items() if places.get(head, len(cells)) < len(cells)
    }
    return typed | {code: known.get(str(typed.get(code)), typed.get(code)) for code, known in titles.items()}


def _faults(number: int, form: forms.Form, places: Mapping[str, int]) -> list[str]:
    text = _("第 %(n)s 行 %(column)s %(place)s：%(why)s")
    return [
        text
        % {
            "n": number, "column": column_letters(places.get(HEADS[code], 0) + 1), "place": HEADS[code],
            "why": " ".join(str(one) for one in why),
        }
        for code, why in form.errors.items()
    ]  # fmt: skip
