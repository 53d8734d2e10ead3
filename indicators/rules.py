"""Pure rules over the body of a scheme: what is wrong with a draft, and what differs between two versions, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

Body = Mapping[str, Any]
FULL = Decimal(100)
DIGITS = 15  # before and after the point
LARGEST = Decimal(10) ** DIGITS
MOST_POINTS = 50  # of a curve
TYPED = {
    "code": (gettext_lazy("代码"), 64), "zh": (gettext_lazy("名称"), 80), "en": (gettext_lazy("英文名称"), 120),
    "evidence": (gettext_lazy("佐证材料"), 200), "unit": (gettext_lazy("单位"), 20), "formula": (gettext_lazy("公式"), 400),
}  # fmt: skip
"""What is typed about an indicator, and how many characters of it."""
CORE = "core"
# What each function is told a group: pairs x:s, or names with a number each; the levels stand apart.
PAIRS = {"piecewise": "points", "step": "tiers"}
NAMED = {
    "log_cap": ("k", "cap"),
    "linear_cap": ("floor", "cap"),
    "efficacy": ("low", "high"),
    "distance_target": ("target", "reach"),
    "level_sum": ("cap",),
}
ENDS = {"linear_cap": ("floor", "cap"), "efficacy": ("low", "high")}
LEVELLED = ("level_sum", "level_max")
PLAIN = ("percentile", "min_max", "z_score", "rank", "borda", "distance_max", "distance_median")
FUNCTIONS = (*PAIRS, *NAMED, "level_max", *PLAIN)
FUNCTION_LABELS = {
    "piecewise": gettext_lazy("分段线性"),
    "log_cap": gettext_lazy("对数封顶"),
    "level_sum": gettext_lazy("按级别累计"),
    "level_max": gettext_lazy("取最高级别"),
    "step": gettext_lazy("分档"),
    "linear_cap": gettext_lazy("线性封顶"),
    "percentile": gettext_lazy("同组百分位"),
    "efficacy": gettext_lazy("功效系数"),
    "min_max": gettext_lazy("极差标准化"),
    "z_score": gettext_lazy("标准分"),
    "rank": gettext_lazy("名次"),
    "borda": gettext_lazy("波达计数"),
    "distance_target": gettext_lazy("与目标的距离"),
    "distance_max": gettext_lazy("与最大值的距离"),
    "distance_median": gettext_lazy("与中位数的距离"),
}


UNITS = {
    "万元": gettext_lazy("万元"),
    "人": gettext_lazy("人"),
    "件": gettext_lazy("件"),
    "件/百人": gettext_lazy("件/百人"),
    "项": gettext_lazy("项"),
    "分": gettext_lazy("分"),
    "级": gettext_lazy("级"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that keeps a draft from coming into force: about an indicator, a group or a board (or none: "")."""

    text: str
    indicator: str = ""
    group: str = ""
    board: str = ""


class BadParameters(ValueError):
    """Text of parameters that cannot be read; says what was expected."""


def name_of(item: Any) -> str:
    """The name of an input, group, dimension, indicator, board, level or rule in the reader's language."""
    english = (get_language() or "").startswith("en")
    get = item.get if isinstance(item, dict) else lambda key, default="": getattr(item, key, default)
    return str((get("en", "") if english else get("zh", "")) or get("zh", "") or get("code", ""))


def is_about_people(item: Any) -> bool:
    """Does an input list or count people? Its papers are then rolls, payrolls, certificates: personal data."""
    return bool(item.type == "person_list" or item.unit == "人")


def unit_of(unit: str) -> str:
    """A unit of a scheme in the reader's language; one that the platform does not know stays as it is written."""
    return str(UNITS.get(unit, unit))


def typed_unit(item: Any) -> str:
    """The unit in which figures of an input are typed and shown, in the reader's language: money in 万元."""
    return unit_of("万元" if item.type == "money" else item.unit)


def groups_of(body: Body) -> list[str]:
    """Codes of the stages."""
    groups = body.get("groups", {})
    alone = "default" if groups.get("column") else "all"  # as the engine calls it
    return [str(item["code"]) for item in groups.get("items", [])] or [alone]


def full_points(body: Body) -> Decimal:
    """What the weights of a group sum to, the bonus included."""
    return number(body.get("total_points", 100)) + number(body.get("bonus_points", 0))


def value_for(value: Any, group: str) -> Any:
    """The value of a group: a plain one holds for all, a table by group may have a `default`."""
    if not isinstance(value, Mapping):
        return value
    return value.get(group, value.get("default"))


def number(value: Any) -> Decimal:
    """A figure of the body; 0 where there is none."""
    try:
        return Decimal(str(value)) if value is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def weight_sums(body: Body) -> dict[str, Decimal]:
    """Sum of the weights of each group."""
    return {
        group: sum((number(value_for(item["weight"], group)) for item in body["indicators"]), Decimal(0))
        for group in groups_of(body)
    }


def board_sums(body: Body) -> dict[str, Decimal]:
    """Sum of the weights of each board."""
    return {
        board["code"]: sum((number(weight) for weight in board["weights"].values()), Decimal(0))
        for board in body.get("boards", [])
    }


def findings(body: Body) -> list[Finding]:
    """What is wrong, in the order of the page."""
    return [*_sums(body), *_codes(body), *_curves(body)]


def _sums(body: Body) -> Iterator[Finding]:
    full = full_points(body)
    for group, total in weight_sums(body).items():
        if total != full and not body.get("rescale_weights"):
            text = _("权重合计为 %(sum)s，应为 %(full)s。") % {"sum": plain(total), "full": plain(full)}
            yield Finding(text, group=group)
    for board, total in board_sums(body).items():
        if total != FULL:
            text = _("榜单权重合计为 %(sum)s，应为 100。") % {"sum": plain(total)}
            yield Finding(text, board=board)
    for item in body["indicators"]:
        for group in groups_of(body):
            if number(value_for(item["weight"], group)) < 0:
                yield Finding(_("权重不能小于 0。"), indicator=item["code"], group=group)


def _codes(body: Body) -> Iterator[Finding]:
    known = [item["code"] for item in body["indicators"]]
    for code in sorted({code for code in known if known.count(code) > 1}):
        yield Finding(_("指标代码重复：%(code)s。") % {"code": code}, indicator=code)
    for board in body.get("boards", []):
        for code in board["weights"]:
            if code not in known:
                text = _("榜单里的指标 %(code)s 不在指标体系里。") % {"code": code}
                yield Finding(text, board=board["code"])


def _curves(body: Body) -> Iterator[Finding]:
    for item in body["indicators"]:
        function = item["scoring"]["function"]
        name = PAIRS.get(function)
        if name is None:
            for group in groups_of(body):
                yield from _named(item["code"], group, function, item["scoring"])
            continue
        rising = item.get("direction", "higher_better") == "higher_better"
        for group in groups_of(body):
            pairs = value_for(item["scoring"].get(name), group) or []
            yield from _curve(item["code"], group, pairs, rising=rising)


def _named(code: str, group: str, function: str, scoring: Mapping[str, Any]) -> Iterator[Finding]:
    values = {name: number(value_for(scoring.get(name), group)) for name in NAMED.get(function, ())}
    for name in ("k", "cap", "reach"):
        if name in values and function != "linear_cap" and values[name] <= 0:
            yield Finding(_("%(name)s 必须大于 0。") % {"name": name}, code, group)
    ends = ENDS.get(function)
    if ends and values[ends[0]] == values[ends[1]]:
        text = _("%(first)s 和 %(second)s 不能相等。")
        yield Finding(text % {"first": ends[0], "second": ends[1]}, code, group)


def _curve(code: str, group: str, pairs: list[Any], *, rising: bool) -> Iterator[Finding]:
    xs, ys = [number(pair[0]) for pair in pairs], [number(pair[1]) for pair in pairs]
    if len(pairs) < 2:
        yield Finding(_("曲线至少要有两个点。"), code, group)
    if any(b <= a for a, b in zip(xs, xs[1:], strict=False)):
        yield Finding(_("数值必须从小到大排列，不能相等。"), code, group)
    if any(not 0 <= y <= 1 for y in ys):
        yield Finding(_("赋分必须在 0 和 1 之间。"), code, group)
    steps = [(b - a) if rising else (a - b) for a, b in zip(ys, ys[1:], strict=False)]
    if any(step < 0 for step in steps):
        text = _("此指标越大越好，赋分不能下降。") if rising else _("此指标越小越好，赋分不能上升。")
        yield Finding(text, code, group)


def plain(value: Any) -> str:
    """A figure without zeros at the end."""
    return f"{number(value).normalize():f}"


def parameters_text(scoring: Mapping[str, Any], group: str) -> str:
    """Parameters of a group as one line: "0:0 10:0.25" or "k=50 cap=2000"; empty where there are none."""
    function = scoring["function"]
    if function in PAIRS:
        pairs = value_for(scoring.get(PAIRS[function]), group) or []
        return "  ".join(f"{plain(x)}:{plain(s)}" for x, s in pairs)
    return "  ".join(
        f"{name}={plain(value_for(scoring[name], group))}"
        for name in NAMED.get(function, ())
        if name in scoring
    )


def levels_text(scoring: Mapping[str, Any]) -> str:
    """Points of the levels, one a line, the highest first."""
    levels = sorted(scoring.get("levels", {}).items(), key=lambda item: (-number(item[1]), item[0]))
    return "\n".join(f"{level}={plain(points)}" for level, points in levels)


def read_parameters(function: str, texts: Mapping[str, str], levels: str) -> dict[str, Any]:
    """The `scoring` of a body from one text a group. Raises BadParameters naming the group and what was expected."""
    if function not in FUNCTIONS:
        raise BadParameters(_("没有这种赋分函数。"))
    scoring: dict[str, Any] = {"function": function}
    if function in LEVELLED:
        scoring["levels"] = _read_named(levels, None, _("每行写一个级别，例如 national=5。"))
    if function in PAIRS:
        scoring[PAIRS[function]] = {group: _read_pairs(text) for group, text in texts.items()}
    elif function in NAMED:
        wanted = NAMED[function]
        hint = _("请写 %(form)s。") % {"form": "  ".join(f"{name}=…" for name in wanted)}
        read = {group: _read_named(text, wanted, hint) for group, text in texts.items()}
        scoring |= {name: {group: values[name] for group, values in read.items()} for name in wanted}
    return scoring


def _read_pairs(text: str) -> list[list[int | float]]:
    parts = text.replace("，", " ").replace(",", " ").replace("：", ":").split()
    try:
        pairs = [[read_number(part) for part in pair.split(":")] for pair in parts]
    except InvalidOperation as error:
        raise BadParameters(_("请写“数值:赋分”，用空格隔开，例如 0:0 10:0.25 30:0.6。")) from error
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise BadParameters(_("请写“数值:赋分”，用空格隔开，例如 0:0 10:0.25 30:0.6。"))
    if len(pairs) > MOST_POINTS:
        raise BadParameters(_("曲线最多 %(n)s 个点。") % {"n": MOST_POINTS})
    return pairs


def _read_named(text: str, wanted: tuple[str, ...] | None, hint: str) -> dict[str, int | float]:
    parts = text.replace("，", " ").replace(",", " ").replace("＝", "=").split()
    found: dict[str, int | float] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        try:
            found[name] = read_number(value)
        except InvalidOperation as error:
            raise BadParameters(hint) from error
        if not equals or (wanted is not None and name not in wanted):
            raise BadParameters(hint)
    if not found or (wanted is not None and set(found) != set(wanted)):
        raise BadParameters(hint)
    return found


def read_number(text: str) -> int | float:
    """A figure as the body keeps it. Raises InvalidOperation for what is none, or has more digits than a figure has."""
    value = Decimal(text.strip())
    if not value.is_finite() or abs(value) > LARGEST or value and value.adjusted() < -DIGITS:
        raise InvalidOperation
    return int(value) if value == value.to_integral_value() else float(value)
