"""What differs between two versions of a scheme, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .formulas import formula_in, names_of
from .rules import (
    FUNCTION_LABELS,
    Body,
    groups_of,
    levels_text,
    name_of,
    number,
    parameters_text,
    plain,
    value_for,
)

LABELS = {
    "formula": gettext_lazy("公式"), "unit": gettext_lazy("单位"), "direction": gettext_lazy("方向"),
    "dimension": gettext_lazy("维度"), "zh": gettext_lazy("名称"), "scope": gettext_lazy("范围"),
}  # fmt: skip
WORDS = {
    "higher_better": gettext_lazy("越大越好"), "lower_better": gettext_lazy("越小越好"),
    "core": gettext_lazy("核心"), "local": gettext_lazy("本地"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same: where, and a sentence."""

    place: str
    text: str


def differences(old: Body, new: Body) -> list[Difference]:
    """What a version changes against another, in words."""
    return [*_indicator_changes(old, new), *_board_changes(old, new), *_other_changes(old, new)]


def _by_code(items: list[Any]) -> dict[str, Any]:
    return {item["code"]: item for item in items}


def _indicator_changes(old: Body, new: Body) -> Iterator[Difference]:
    before, after = _by_code(old["indicators"]), _by_code(new["indicators"])
    for code, item in before.items():
        if code not in after:
            yield Difference(name_of(item), _("删除此指标。"))
    for code, item in after.items():
        name = name_of(item)
        if code not in before:
            weights = "/".join(plain(value_for(item["weight"], group)) for group in groups_of(new))
            yield Difference(name, _("新增指标，权重 %(weights)s。") % {"weights": weights})
            continue
        yield from (Difference(name, text) for text in _changes(before[code], item, old, new))


def _group_names(body: Body) -> dict[str, str]:
    """Names of the stages by code."""
    named = {item["code"]: name_of(item) for item in body.get("groups", {}).get("items", [])}
    return named or {"all": _("全体")}


def _changes(old: Body, new: Body, before: Body, after: Body) -> Iterator[str]:
    """What is not the same in an indicator of two bodies, `before` and `after`."""
    groups = _group_names(after)
    for group, name in groups.items():
        was, now = number(value_for(old["weight"], group)), number(value_for(new["weight"], group))
        if was != now:
            yield _("%(group)s权重由 %(was)s 改为 %(now)s。") % {
                "group": name,
                "was": plain(was),
                "now": plain(now),
            }
    if old["scoring"]["function"] != new["scoring"]["function"]:
        names = {
            when: FUNCTION_LABELS[body["scoring"]["function"]] for when, body in (("was", old), ("now", new))
        }
        yield _("赋分函数由 %(was)s 改为 %(now)s。") % names
    for group, name in groups.items():
        texts = parameters_text(old["scoring"], group), parameters_text(new["scoring"], group)
        if texts[0] != texts[1]:
            yield _("%(group)s参数由“%(was)s”改为“%(now)s”。") % {
                "group": name,
                "was": texts[0],
                "now": texts[1],
            }
    if levels_text(old["scoring"]) != levels_text(new["scoring"]):
        yield _("各级别的分值改变。")
    for key, label in LABELS.items():
        if old.get(key) != new.get(key):
            told = {"was": _said(key, old, before), "now": _said(key, new, after)}
            yield _("%(what)s由“%(was)s”改为“%(now)s”。") % ({"what": label} | told)


def _said(key: str, item: Body, body: Body) -> str:
    """A part of an indicator in words."""
    value = str(item.get(key, ""))
    if key == "formula":
        return formula_in(body, item)
    names = names_of(body["dimensions"]) if key == "dimension" else WORDS
    return str(names.get(value, value))


def _board_changes(old: Body, new: Body) -> Iterator[Difference]:
    before, after = _by_code(old.get("boards", [])), _by_code(new.get("boards", []))
    names = {
        code: name_of(item)
        for code, item in (_by_code(old["indicators"]) | _by_code(new["indicators"])).items()
    }
    for code in before.keys() | after.keys():
        one, two = before.get(code, {}), after.get(code, {})
        title = name_of(two or one)
        weights, others = one.get("weights", {}), two.get("weights", {})
        for item in sorted(weights.keys() | others.keys()):
            was, now = number(weights.get(item)), number(others.get(item))
            if was != now:
                texts = {"name": names.get(item, item), "was": plain(was), "now": plain(now)}
                yield Difference(title, _("%(name)s的权重由 %(was)s 改为 %(now)s。") % texts)


def _other_changes(old: Body, new: Body) -> Iterator[Difference]:
    labels = {
        "groups": _("阶段划分"), "dimensions": _("维度"), "inputs": _("数据项"), "board_rules": _("榜单规则"), "missing": _("缺失数据规则"),
        "penalties": _("扣分和一票否决"), "aggregate": _("合成方法"),
    }  # fmt: skip
    for key, label in labels.items():
        if old.get(key) != new.get(key):
            yield Difference(label, _("此部分有改动，详见文件。"))
