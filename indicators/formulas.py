"""Formulas of indicators as people write them: names of data items in the place of codes, × and ÷ for * and /."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from scoring.engine.errors import ExpressionError
from scoring.engine.expressions import parse

from .rules import BadParameters, name_of

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SIGNS = str.maketrans("×÷＋－＊／（），．０１２３４５６７８９", "*/+-*/(),.0123456789")
SHOWN = 12  # characters of what cannot be read


def names_of(items: Iterable[Any]) -> dict[str, str]:
    """Names by code in the reader's language, of a scheme's parts or of those of its body."""
    return {item["code"] if isinstance(item, Mapping) else item.code: name_of(item) for item in items}


def in_words(formula: str, names: Mapping[str, str]) -> str:
    """A formula as one would write it, with other words in the place of its codes; a code without one stays."""
    return NAME.sub(lambda found: names.get(found.group(), found.group()), formula).replace("*", "×")


def read(text: str, inputs: Iterable[Mapping[str, Any]]) -> tuple[str, list[str]]:
    """(formula in codes, the data items it reads) of a text in names of data items, Chinese or English, or in codes.

    Raises BadParameters saying where the text cannot be read, or which data item there is not.
    """
    items = list(inputs)
    codes = {
        item[language]: item["code"] for item in items for language in ("zh", "en") if item.get(language)
    }
    longest_first = sorted(codes, key=len, reverse=True)
    name = re.compile("|".join(map(re.escape, longest_first)))
    formula = name.sub(lambda found: codes[found.group()], text.strip()).translate(SIGNS) if codes else text
    try:
        found = parse(formula)
    except ExpressionError as error:
        raise BadParameters(_unreadable(in_words(formula[error.position :], names_of(items)))) from error
    if found.is_condition:
        raise BadParameters(_("公式要得出一个数，不能是比较。"))
    known = {item["code"] for item in items}
    for one in found.names:
        if one not in known:
            raise BadParameters(_("没有数据项“%(name)s”，请用下方列出的数据项。") % {"name": one[:40]})
    if not found.names:
        raise BadParameters(_("公式里至少要有一个数据项。"))
    return formula, list(found.names)


def read_by_conditions(item: Mapping[str, Any]) -> list[str]:
    """Data items that an indicator of a body reads beside its formula: where it counts as zero, where another one holds."""
    other = item.get("alternative", {})
    texts = [check["check"] for check in item.get("zero_when", [])]
    texts += [other[key] for key in ("when", "formula") if key in other]
    return [name for text in texts for name in parse(text).names if name in item["inputs"]]


def _unreadable(rest: str) -> str:
    where = _("公式在“%(rest)s”处读不懂。") % {"rest": rest[:SHOWN]} if rest else _("公式没有写完。")
    how = _("请用数据项的名称、数字、+ - × ÷ 和括号写，例如：研发费用 ÷ 营业收入 × 100。")
    return f"{where}{how}"
