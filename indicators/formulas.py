"""Formulas of indicators as people write them: names of data items in the place of codes, × and ÷ for * and /."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scoring import engine
from scoring.engine.errors import ExpressionError
from scoring.engine.expressions import parse

from .rules import BadParameters, Body, groups_of, name_of, plain, value_for

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SIGNS = str.maketrans("×÷＋－＊／（），．０１２３４５６７８９", "*/+-*/(),.0123456789")
SHOWN = 12  # characters of what cannot be read
FUNCTION_WORDS = {
    "max": gettext_lazy("较大值"), "min": gettext_lazy("较小值"), "abs": gettext_lazy("绝对值"), "sqrt": gettext_lazy("平方根"),
}  # fmt: skip


def names_of(items: Iterable[Any]) -> dict[str, str]:
    """Names by code in the reader's language, of a scheme's parts or of those of its body."""
    return {item["code"] if isinstance(item, Mapping) else item.code: name_of(item) for item in items}


def in_words(formula: str, names: Mapping[str, str]) -> str:
    """A formula as one would write it, with other words in the place of its codes; a code without one stays."""
    words = {**FUNCTION_WORDS, **names}
    return NAME.sub(lambda found: str(words.get(found.group(), found.group())), formula).replace("*", "×")


def formula_of(scheme: engine.Scheme, indicator: engine.scheme.Indicator) -> str:
    """The formula of an indicator in names of data items; a figure that each stage has of its own with all its values."""
    return in_words(
        indicator.formula.text, names_of(scheme.inputs) | _figures(indicator.constants, scheme.group_codes)
    )


def formula_in(body: Body, item: Body) -> str:
    """The same of a body, which may be a draft."""
    return in_words(
        item["formula"], names_of(body["inputs"]) | _figures(item.get("constants", {}), groups_of(body))
    )


def _figures(constants: Mapping[str, Any], groups: Iterable[str]) -> dict[str, str]:
    """What stands for the constants of a formula."""
    return {name: _figure(value, groups) for name, value in constants.items()}


def _figure(value: Any, groups: Iterable[str]) -> str:
    if not isinstance(value, Mapping):
        return plain(value)
    return _("按阶段 %(values)s") % {
        "values": _("、").join(plain(value_for(value, group)) for group in groups)
    }


def read(text: str, inputs: Iterable[Body], constants: Iterable[str] = ()) -> tuple[str, list[str]]:
    """(formula in codes, the data items it reads) of a text in names of data items, Chinese or English, or in codes.

    Raises BadParameters saying where the text cannot be read, or which data item there is not.
    """
    items = list(inputs)
    codes = {str(word): code for code, word in FUNCTION_WORDS.items()}
    for item in items:
        codes |= {item[language]: item["code"] for language in ("zh", "en") if item.get(language)}
    longest_first = sorted(codes, key=len, reverse=True)
    name = re.compile("|".join(map(re.escape, longest_first)))
    formula = name.sub(lambda found: codes[found.group()], text.strip()).translate(SIGNS)
    try:
        found = parse(formula)
    except ExpressionError as error:
        raise BadParameters(_unreadable(in_words(formula[error.position :], names_of(items)))) from error
    if found.is_condition:
        raise BadParameters(_("公式要得出一个数，不能是比较。"))
    used = [one for one in found.names if one not in constants]
    for one in used:
        if one not in {item["code"] for item in items}:
            raise BadParameters(_("没有数据项“%(name)s”，请用下方列出的数据项。") % {"name": one[:40]})
    if not used:
        raise BadParameters(_("公式里至少要有一个数据项。"))
    return formula, used


def read_by_conditions(item: Body) -> list[str]:
    """Data items that an indicator of a body reads beside its formula: where it counts as zero, where another one holds."""
    other = item.get("alternative", {})
    texts = [check["check"] for check in item.get("zero_when", [])]
    texts += [other[key] for key in ("when", "formula") if key in other]
    return [name for text in texts for name in parse(text).names if name in item["inputs"]]


def _unreadable(rest: str) -> str:
    where = _("公式在“%(rest)s”处读不懂。") % {"rest": rest[:SHOWN]} if rest else _("公式没有写完。")
    how = _("请用数据项的名称、数字、+ - × ÷ 和括号写，例如：研发费用 ÷ 营业收入 × 100。")
    return f"{where}{how}"
