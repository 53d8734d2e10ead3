"""What a scheme must satisfy beyond its shape: names exist, weights add up, parameters make sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .expressions import Expression
from .raw import MOST_LEVEL_POINTS
from .relative import CURVES
from .scheme import LEVELLED, NEEDED_PARAMETERS, OWN_PARAMETERS, Indicator, Scheme, for_group

Problem = tuple[tuple[str | int, ...], str]


def problems(scheme: Scheme) -> list[Problem]:
    """Every finding as (key path, text)."""
    found = [*_doubles(scheme), *_groups(scheme), *_dimensions(scheme), *_inputs(scheme)]
    for index, indicator in enumerate(scheme.indicators):
        found += _indicator(scheme, indicator, ("indicators", index))
    return found or [*_weights(scheme), *_boards(scheme)]


def labels(scheme: Scheme) -> tuple[str, ...]:
    """Groups that parameters are checked for; with a group column only `default` is sure."""
    return ("default",) if scheme.group_column else scheme.group_codes


def _doubles(scheme: Scheme) -> Iterator[Problem]:
    for key in ("inputs", "dimensions", "indicators", "boards"):
        counts = Counter(item.code for item in getattr(scheme, key))
        for code, count in counts.items():
            if count > 1:
                yield (key,), f"code {code!r} is used {count} times"
    for code, count in Counter(item.code for item in scheme.penalties).items():
        if count > 1:
            yield ("penalties",), f"code {code!r} is used {count} times"


def _groups(scheme: Scheme) -> Iterator[Problem]:
    if scheme.group_column and scheme.groups:
        yield ("groups",), "give either `column` or `items`, not both"
    if scheme.group_code and not scheme.group_column and not scheme.groups:
        yield ("groups",), "give `column` or `items`"
    if scheme.group_default and scheme.groups and scheme.group_default not in scheme.group_codes:
        yield ("groups", "default"), f"{scheme.group_default!r} is not one of {', '.join(scheme.group_codes)}"
    for index, group in enumerate(scheme.groups):
        yield from _names(group.rule, scheme, {}, ("groups", "items", index, "rule"))


def _dimensions(scheme: Scheme) -> Iterator[Problem]:
    parents = {item.code: item.parent for item in scheme.dimensions}
    for index, item in enumerate(scheme.dimensions):
        seen, at = {item.code}, item.parent
        while at:
            if at not in parents:
                yield ("dimensions", index, "parent"), f"there is no dimension {at!r}"
                break
            if at in seen:
                yield ("dimensions", index, "parent"), "the tree of dimensions has a circle"
                break
            seen.add(at)
            at = parents[at]
        if item.bonus and item.parent:
            yield ("dimensions", index, "bonus"), "only a dimension directly below the total can be a bonus"


def _inputs(scheme: Scheme) -> Iterator[Problem]:
    for index, item in enumerate(scheme.inputs):
        if (item.levels or item.ranks) and not item.is_list:
            yield ("inputs", index), "only lists have levels and ranks"
        for number, check in enumerate(item.checks):
            yield from _names(check.expression, scheme, {}, ("inputs", index, "validation", number, "check"))
    for number, check in enumerate(scheme.board_rules.eligibility):
        yield from _names(check.expression, scheme, {}, ("board_rules", "eligibility", number, "check"))


def _names(
    expression: Expression, scheme: Scheme, constants: Mapping[str, Any], path: Any
) -> Iterator[Problem]:
    for name in expression.names:
        if name not in scheme.input_by_code and name not in constants:
            yield path, f"{name!r} is neither an input nor a constant"


def _indicator(scheme: Scheme, item: Indicator, path: Any) -> Iterator[Problem]:
    if item.dimension not in {dimension.code for dimension in scheme.dimensions}:
        yield (*path, "dimension"), f"there is no dimension {item.dimension!r}"
    if item.formula.is_condition:
        yield (*path, "formula"), "a number is needed, not a comparison"
    used = [(item.formula, "formula")]
    used += [(item.alternative_when, "alternative")] if item.alternative_when else []
    used += [(item.alternative_formula, "alternative")] if item.alternative_formula else []
    used += [(check.expression, "zero_when") for check in item.zero_when]
    for expression, key in used:
        yield from _names(expression, scheme, item.constants, (*path, key))
        for name in expression.names:
            if name in scheme.input_by_code and name not in item.inputs:
                yield (*path, "inputs"), f"{name!r} is read by {key} but not listed"
    for name in item.constants:
        if name in scheme.input_by_code:
            yield (*path, "constants", name), "an input has the same name"
    yield from _absent_inputs(scheme, item, path)
    yield from _strangers(item, path)
    for label in labels(scheme):
        yield from _parameters(scheme, item, label, (*path, "scoring"))
        yield from _per_group(item, label, path)
        yield from _against_direction(item, label, path)


def _absent_inputs(scheme: Scheme, item: Indicator, path: Any) -> Iterator[Problem]:
    for number, name in enumerate(item.inputs):
        if name not in scheme.input_by_code and name not in item.constants:
            yield (*path, "inputs", number), f"there is no input {name!r}"


def _strangers(item: Indicator, path: Any) -> Iterator[Problem]:
    """Parameters and outlier rules that the function would pass over in silence."""
    known = {"function", *NEEDED_PARAMETERS.get(item.function, ()), *OWN_PARAMETERS.get(item.function, ())}
    if item.relative:
        known |= {"within", "zero_is_zero"}
    for name in item.scoring:
        if name not in known:
            yield (*path, "scoring", name), f"{item.function} takes no {name!r}"
    rule = item.outliers
    if rule.get("method", "none") == "none":
        return
    if not item.relative:
        yield (
            (*path, "outliers"),
            f"{item.function} looks at one unit alone: its parameters bound what is far out",
        )
    curve = rule["method"] if rule["method"] in CURVES else rule.get("otherwise")
    if curve and item.function not in ("min_max", "z_score"):
        yield (*path, "outliers"), f"{curve} is for min_max and z_score"
    if curve == "box_cox" and "lambda" not in rule:
        yield (*path, "outliers"), "box_cox needs 'lambda' (python -m scoring.engine analyse proposes one)"
    if rule["method"] == "clip" and rule.get("low", 0.01) >= rule.get("high", 0.99):
        yield (*path, "outliers"), "low must be below high"


def _against_direction(item: Indicator, label: str, path: Any) -> Iterator[Problem]:
    """A curve that only runs against the direction said: boards would rank the other way round."""
    if item.function in ("log_cap", *LEVELLED) and not item.higher_better:
        yield (*path, "direction"), f"{item.function} always rises: use linear_cap or piecewise"
    curve = _curve(item, label)
    steps = [b - a for a, b in zip(curve, curve[1:], strict=False)]
    wrong = [step < 0 if item.higher_better else step > 0 for step in steps if step]
    if wrong and all(wrong):
        yield (*path, "direction"), f"the curve of group {label!r} runs against the direction"


def _curve(item: Indicator, label: str) -> list[Decimal]:
    """Scores of an absolute function in ascending order of x; empty where there is no such order."""
    name = {"piecewise": "points", "step": "tiers"}.get(item.function)
    if name:
        return [Decimal(str(s)) for _x, s in item.parameter(name, label) or ()]
    ends = {"linear_cap": ("floor", "cap"), "efficacy": ("low", "high")}.get(item.function)
    if ends is None or any(item.parameter(end, label) is None for end in ends):
        return []
    rising = item.parameter(ends[0], label) < item.parameter(ends[1], label)
    return [Decimal(0), Decimal(1)] if rising else [Decimal(1), Decimal(0)]


def _per_group(item: Indicator, label: str, path: Any) -> Iterator[Problem]:
    if for_group(item.weights, label) is None:
        yield (*path, "weight"), f"no weight for group {label!r}"
    for name, value in item.constants.items():
        if for_group(value, label) is None:
            yield (*path, "constants", name), f"no value for group {label!r}"


def _parameters(scheme: Scheme, item: Indicator, label: str, path: Any) -> Iterator[Problem]:
    missing = [
        name for name in NEEDED_PARAMETERS.get(item.function, ()) if item.parameter(name, label) is None
    ]
    for name in missing:
        yield (*path, name), f"{item.function} needs {name!r} for group {label!r}"
    if missing:
        return
    if item.function in ("piecewise", "step"):
        name = "points" if item.function == "piecewise" else "tiers"
        yield from _ascending(item.parameter(name, label), (*path, name))
        if item.alternative_points is not None:
            yield from _ascending(
                for_group(item.alternative_points, label), (*path[:-1], "alternative", "points")
            )
    if item.function in LEVELLED:
        yield from _levels(scheme, item, path)
    for name in ("k", "cap", "reach", "range"):
        value = item.parameter(name, label)
        if value is not None and value <= 0 and item.function not in ("linear_cap",):
            yield (*path, name), f"must be above zero, is {value}"
    pair = {"linear_cap": ("floor", "cap"), "efficacy": ("low", "high")}.get(item.function)
    if pair and item.parameter(pair[0], label) == item.parameter(pair[1], label):
        yield path, f"{pair[0]} and {pair[1]} are equal"


def _ascending(points: Any, path: Any) -> Iterator[Problem]:
    if points is None:
        yield path, "points are missing for a group"
        return
    xs = [Decimal(str(point[0])) for point in points]
    if any(b <= a for a, b in zip(xs, xs[1:], strict=False)):
        yield path, f"break points must ascend strictly: {', '.join(map(str, xs))}"
    if any(not 0 <= Decimal(str(point[1])) <= 1 for point in points):
        yield path, "scores must lie between 0 and 1"


def _levels(scheme: Scheme, item: Indicator, path: Any) -> Iterator[Problem]:
    source = scheme.input_by_code.get(item.formula.single_name)
    if source is None or not source.is_list or not source.levels:
        yield (*path[:-1], "formula"), f"{item.function} needs the name of one list input with levels"
        return
    for level in item.scoring["levels"]:
        if level not in source.levels:
            yield (*path, "levels", level), f"the list {source.code!r} has no such level"
    for rank in item.scoring.get("rank_factor", {}):
        if rank not in source.ranks:
            yield (*path, "rank_factor", rank), f"the list {source.code!r} has no such rank"
    if (
        max(item.scoring["levels"].values(), default=0)
        * max(item.scoring.get("rank_factor", {}).values(), default=1)
        > MOST_LEVEL_POINTS
    ):
        yield (*path, "levels"), f"an entry counts at most {MOST_LEVEL_POINTS} points"
    if item.function == "level_max" and any(value > 1 for value in item.scoring["levels"].values()):
        yield (*path, "levels"), "level_max scores must lie between 0 and 1"


def _weights(scheme: Scheme) -> Iterator[Problem]:
    if scheme.bonus_points and not any(scheme.bonus_indicators):
        yield ("bonus_points",), "no dimension is a bonus"
    for label in labels(scheme):
        for bonus, wanted in ((False, scheme.total_points), (True, scheme.bonus_points)):
            members = [
                i
                for i, extra in zip(scheme.indicators, scheme.bonus_indicators, strict=True)
                if extra == bonus
            ]
            total = sum((item.weight(label) for item in members), Decimal(0))
            if (total <= 0 and members) or (total != wanted and not (scheme.rescale_weights and members)):
                what = "bonus weights" if bonus else "weights"
                yield ("indicators",), f"{what} of group {label!r} sum to {total}, not {wanted}"


def warnings(scheme: Scheme) -> list[Problem]:
    """What can be scored but deserves a second look, as (key path, text)."""
    found: list[Problem] = []
    for index, item in enumerate(scheme.indicators):
        path: tuple[str | int, ...] = ("indicators", index)
        for label in labels(scheme):
            curve = _curve(item, label)
            steps = {b > a for a, b in zip(curve, curve[1:], strict=False) if a != b}
            if len(steps) > 1:
                found.append(
                    ((*path, "scoring"), f"{item.code}: the curve of group {label!r} rises and falls")
                )
            if curve and max(curve) < 1:
                found.append(
                    ((*path, "scoring"), f"{item.code}: nobody in group {label!r} can reach full points")
                )
            if item.weight(label) == 0:
                found.append(((*path, "weight"), f"{item.code}: weight 0 in group {label!r}"))
    read = {name for item in scheme.indicators for name in item.inputs}
    rules = [g.rule for g in scheme.groups] + [c.expression for c in scheme.board_rules.eligibility]
    rules += [check.expression for item in scheme.inputs for check in item.checks]
    read |= {name for rule in rules for name in rule.names}
    for index, source in enumerate(scheme.inputs):
        if source.code not in read:
            found.append((("inputs", index), f"{source.code}: nobody reads this input"))
    return found


def _boards(scheme: Scheme) -> Iterator[Problem]:
    for index, board in enumerate(scheme.boards):
        for code in board.weights:
            if code not in scheme.indicator_by_code:
                yield ("boards", index, "weights", code), "there is no such indicator"
        if sum(board.weights.values()) != 100:
            yield ("boards", index, "weights"), f"weights sum to {sum(board.weights.values())}, not 100"
