"""A scheme: the method of scoring as data, read from a YAML file or a plain dict, checked, and frozen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator, ValidationError

from .canonical import canonical_json, sha256
from .errors import ExpressionError, SchemeError
from .expressions import Expression, in_range, parse

SCHEMA = json.loads((Path(__file__).parent / "scheme.schema.json").read_text(encoding="utf-8"))
WEIGHT_SCALE = 10**10  # effective weights are exact decimals with 10 places
RELATIVE = frozenset({"percentile", "min_max", "z_score", "rank", "borda", "distance_max", "distance_median"})
LEVELLED = frozenset({"level_sum", "level_max"})
NEEDED_PARAMETERS = {
    "piecewise": ("points",),
    "log_cap": ("k", "cap"),
    "level_sum": ("levels", "cap"),
    "level_max": ("levels",),
    "step": ("tiers",),
    "linear_cap": ("floor", "cap"),
    "efficacy": ("low", "high"),
    "distance_target": ("target", "reach"),
}
OWN_PARAMETERS = {
    "level_sum": {"rank_factor"},
    "level_max": {"rank_factor"},
    "z_score": {"range"},
    "distance_median": {"reach"},
}  # besides the needed ones; functions that look at a cohort also take `within` and `zero_is_zero`
PENALTY = "penalty."


@dataclass(frozen=True, slots=True)
class Check:
    """A rule over inputs: `expression` must hold; level E refuses, W asks for an explanation."""

    level: str
    expression: Expression
    zh: str = ""
    en: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One raw input. `scale` = minor units in one unit (money arrives in yuan and is kept in fen: 100)."""

    code: str
    zh: str
    en: str
    type: str
    unit: str
    period: str
    sources: tuple[str, ...]
    scale: int
    levels: Mapping[str, Mapping[str, str]]
    ranks: tuple[str, ...]
    checks: tuple[Check, ...]
    columns: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        return self.type in ("list", "person_list")


@dataclass(frozen=True, slots=True)
class Group:
    """One group (stage) given by a rule over the inputs."""

    code: str
    zh: str
    en: str
    rule: Expression


@dataclass(frozen=True, slots=True)
class Dimension:
    """A node of the tree; `parent` empty = directly below the total; `bonus` = its points come on top of the total."""

    code: str
    zh: str
    en: str
    parent: str
    aggregate: str
    bonus: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. `scoring` holds the raw parameters; `parameter` and `weight` answer for one group."""

    code: str
    zh: str
    en: str
    dimension: str
    scope: str
    unit: str
    higher_better: bool
    inputs: tuple[str, ...]
    formula: Expression
    function: str
    scoring: Mapping[str, Any]
    weights: Any
    constants: Mapping[str, Any]
    zero_when: tuple[Check, ...]
    alternative_when: Expression | None
    alternative_formula: Expression | None
    alternative_points: Any
    outliers: Mapping[str, Any]
    missing: str
    not_applicable: bool
    sources: tuple[str, ...]
    evidence: str
    definition: Mapping[str, str]

    @property
    def relative(self) -> bool:
        return self.function in RELATIVE

    def weight(self, group: str) -> Decimal:
        return Decimal(str(for_group(self.weights, group)))

    def parameter(self, name: str, group: str) -> Any:
        value = self.scoring.get(name)
        return value if name in ("levels", "rank_factor") else for_group(value, group)

    def names(self, *, alternative: bool) -> tuple[str, ...]:
        """Inputs that one branch reads (constants left out)."""
        found: list[str] = []
        formula = self.alternative_formula if alternative and self.alternative_formula else self.formula
        for expression in (self.alternative_when, formula, *(check.expression for check in self.zero_when)):
            found += expression.names if expression else ()
        return tuple(name for name in dict.fromkeys(found) if name not in self.constants)


@dataclass(frozen=True, slots=True)
class Board:
    code: str
    zh: str
    en: str
    weights: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BoardRules:
    scope: str = "all"
    size: int = 10
    cut: str = "tie_break"
    zero_units: tuple[str, ...] = ()
    completeness: Decimal = Decimal(0)
    eligibility: tuple[Check, ...] = ()
    tie_break: tuple[str, ...] = ("total", "heaviest", "confirmed_at", "id")


@dataclass(frozen=True, slots=True)
class Penalty:
    code: str
    zh: str
    en: str
    points: Decimal
    veto: bool

    @property
    def column(self) -> str:
        return PENALTY + self.code


@dataclass(frozen=True)
class Scheme:
    """A whole scheme, frozen. `digest` is the SHA-256 of its canonical form; `body` the data as read."""

    code: str
    version: str
    zh: str
    en: str
    money_unit: str
    total_points: Decimal
    aggregate: str
    rescale_weights: bool
    bonus_points: Decimal
    inputs: tuple[Input, ...]
    group_code: str
    group_column: str
    group_default: str
    min_group: int
    groups: tuple[Group, ...]
    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    boards: tuple[Board, ...]
    board_rules: BoardRules
    penalties: tuple[Penalty, ...]
    deduction_cap: Decimal
    not_applicable_limit: Decimal
    provisional_below: Decimal
    body: Mapping[str, Any] = field(repr=False)

    @cached_property
    def digest(self) -> str:
        return sha256(canonical_json(self.body)).hex()

    @cached_property
    def fact_columns(self) -> tuple[str, ...]:
        """Order of the int64 columns of one fact row: inputs (lists flattened), then penalties."""
        inputs = tuple(column for item in self.inputs for column in item.columns)
        return inputs + tuple(penalty.column for penalty in self.penalties)

    @cached_property
    def input_by_code(self) -> Mapping[str, Input]:
        return {item.code: item for item in self.inputs}

    @cached_property
    def indicator_by_code(self) -> Mapping[str, Indicator]:
        return {item.code: item for item in self.indicators}

    @cached_property
    def bonus_indicators(self) -> tuple[bool, ...]:
        """For every indicator whether it hangs below a bonus dimension: points on top, not asked for completeness."""
        nodes = {item.code: item for item in self.dimensions}

        def extra(code: str) -> bool:
            node = nodes.get(code)
            return node is not None and (node.bonus or (node.parent != code and extra(node.parent)))

        return tuple(extra(item.dimension) for item in self.indicators)

    @property
    def draft(self) -> bool:
        """Not yet a method in force: its text is still to be settled."""
        return bool(self.body.get("draft", False))

    @property
    def most_points(self) -> Decimal:
        """The highest total anybody can reach, bonus included."""
        return self.total_points + self.bonus_points

    @cached_property
    def flag_names(self) -> tuple[str, ...]:
        """The scheme's own flags (bits 12 and up of a flag word), in order of appearance."""
        return tuple(
            dict.fromkeys(check.flag for item in self.indicators for check in item.zero_when if check.flag)
        )

    @property
    def group_codes(self) -> tuple[str, ...]:
        return tuple(group.code for group in self.groups) or ("all",)

    @property
    def relative(self) -> bool:
        """Whether any score depends on the other units (then one unit cannot be scored alone)."""
        return any(
            item.relative or item.missing in ("group_mean", "group_median") for item in self.indicators
        )


def for_group(value: Any, group: str) -> Any:
    """The value for one group: a plain value holds for all, a table by group may have a `default`."""
    if not isinstance(value, Mapping):
        return value
    return value[group] if group in value else value.get("default")


def load_scheme(source: Path | str | Mapping[str, Any]) -> Scheme:
    """Read a scheme from a file path or a dict; SchemeError lists all problems with key path and line."""
    body, lines = (source, {}) if isinstance(source, Mapping) else _read(Path(source))
    problems = list(_numbers(body)) or _schema_problems(body)
    if problems:
        raise SchemeError(_with_lines(problems, lines))
    builder = _Builder(body)
    scheme = builder.build()
    problems = builder.problems or _meaning_problems(scheme)
    if problems:
        raise SchemeError(_with_lines(problems, lines))
    return scheme


Path_ = tuple[str | int, ...]
Problem = tuple[Path_, str]


def _read(path: Path) -> tuple[Any, dict[Path_, int]]:
    lines: dict[Path_, int] = {}
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise SchemeError([(str(path), line, "aliases (*name) are not used in scheme files")])
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise SchemeError([(str(path), 0, "the file is empty")])
        _record(root, (), lines)
        return yaml.safe_load(text), lines
    except SchemeError:
        raise
    except RecursionError as error:
        raise SchemeError([(str(path), 0, "nested too deeply")]) from error
    except UnicodeDecodeError as error:
        raise SchemeError([(str(path), 0, "not UTF-8 text")]) from error
    except ValueError as error:
        raise SchemeError([(str(path), 0, f"a value cannot be read: {error}")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise SchemeError([(str(path), line, f"not YAML: {getattr(error, 'problem', error)}")]) from error


def _record(node: Any, path: Path_, lines: dict[Path_, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1 if node is not None else 0)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise SchemeError(
                    [(_path_text((*path, key.value)), key.start_mark.line + 1, "key given twice")]
                )
            seen.add(key.value)
            lines[*path, key.value] = key.start_mark.line + 1
            _record(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _record(value, (*path, index), lines)


def _path_text(path: Path_) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _with_lines(problems: Iterable[Problem], lines: Mapping[Path_, int]) -> list[tuple[str, int, str]]:
    located = []
    for path, text in problems:
        known = path
        while known and known not in lines:
            known = known[:-1]
        located.append((_path_text(path), lines.get(known, 0), text))
    return located


def locate(path: Path, problems: Iterable[Problem]) -> list[tuple[str, int, str]]:
    """Findings about a scheme file with the line of each."""
    return _with_lines(problems, _read(path)[1])


def _numbers(value: Any, path: Path_ = ()) -> Iterator[Problem]:
    """Numbers that no arithmetic can hold: NaN, infinity, and beyond 18 digits on either side of the point."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    elif isinstance(value, (int, float, Decimal)) and not in_range(Decimal(value)):
        yield path, "numbers lie between 10^-18 and 10^18"


def _schema_problems(body: Any) -> list[Problem]:
    errors = sorted(
        Draft202012Validator(SCHEMA).iter_errors(body), key=lambda e: [str(p) for p in e.absolute_path]
    )
    return [problem for error in errors for problem in _plain(error)]


def _plain(error: ValidationError) -> Iterator[Problem]:
    """The finding of the shape checker in plain words, at the key that is wrong."""
    path, wanted, given = (
        tuple(error.absolute_path),
        cast(Any, error.validator_value),
        cast(Any, error.instance),
    )
    shape = cast(Any, error.schema)
    if error.validator == "anyOf" and error.context:
        # The branch meant is the one that gets furthest into the value.
        yield from _plain(max(error.context, key=lambda e: (len(e.absolute_path), e.validator != "type")))
    elif error.validator == "additionalProperties" and shape.get("properties"):
        known = sorted(shape["properties"])
        for key in sorted(str(key) for key in given if key not in shape["properties"]):
            near = get_close_matches(key, known, 1)
            meant = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            yield (*path, key), f"unknown key{meant}"
    elif error.validator == "required":
        yield path, error.message.replace(" is a required property", " is missing")
    else:
        yield (
            path,
            _PLAIN.get(str(error.validator), "{message}").format(
                given=repr(given)[:60], wanted=wanted, message=error.message[:300]
            ),
        )


_PLAIN = {
    "enum": "{given} is not one of {wanted}",
    "pattern": "{given} is no name: letters, digits and _, not beginning with a digit",
    "type": "{given} is no {wanted}",
}


class _Builder:
    """Turns checked data into dataclasses; collects expression errors with their key path."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.problems: list[Problem] = []

    def build(self) -> Scheme:
        body, groups, rules = self.body, self.body.get("groups", {}), self.body.get("board_rules", {})
        missing, penalties = self.body.get("missing", {}), self.body.get("penalties", {})
        return Scheme(
            code=body["code"], version=str(body["version"]), zh=body.get("zh", ""), en=body.get("en", ""),
            money_unit=body.get("money_unit", "yuan"), total_points=Decimal(str(body.get("total_points", 100))),
            aggregate=body.get("aggregate", "arithmetic"), rescale_weights=body.get("rescale_weights", False),
            bonus_points=Decimal(str(body.get("bonus_points", 0))),
            inputs=tuple(self._input(item, index) for index, item in enumerate(body["inputs"])),
            group_code=groups.get("code", ""), group_column=groups.get("column", ""),
            group_default=groups.get("default", ""), min_group=groups.get("min_group", 1),
            groups=tuple(
                Group(g["code"], g.get("zh", ""), g.get("en", ""), self._condition(g["rule"], ("groups", "items", i, "rule")))
                for i, g in enumerate(groups.get("items", []))
            ),
            dimensions=tuple(
                Dimension(d["code"], d.get("zh", ""), d.get("en", ""), d.get("parent", ""), d.get("aggregate", "arithmetic"), d.get("bonus", False))
                for d in body["dimensions"]
            ),
            indicators=tuple(self._indicator(item, index) for index, item in enumerate(body["indicators"])),
            boards=tuple(
                Board(b["code"], b.get("zh", ""), b.get("en", ""), {k: Decimal(str(v)) for k, v in b["weights"].items()})
                for b in body.get("boards", [])
            ),
            board_rules=BoardRules(
                scope=rules.get("scope", "all"), size=rules.get("size", 10), cut=rules.get("cut", "tie_break"),
                zero_units=tuple(rules.get("zero_is_zero", {}).get("units", ())),
                completeness=Decimal(str(rules.get("completeness", 0))),
                eligibility=self._checks(rules.get("eligibility", []), ("board_rules", "eligibility")),
                tie_break=tuple(rules.get("tie_break", BoardRules().tie_break)),
            ),
            penalties=tuple(
                Penalty(p["code"], p.get("zh", ""), p.get("en", ""), Decimal(str(p.get("points", 0))), kind == "veto")
                for kind in ("veto", "deductions") for p in penalties.get(kind, [])
            ),
            deduction_cap=Decimal(str(penalties.get("cap", body.get("total_points", 100)))),
            not_applicable_limit=Decimal(str(missing.get("not_applicable_limit", body.get("total_points", 100)))),
            provisional_below=Decimal(str(missing.get("provisional_below", 0))),
            body=body,
        )  # fmt: skip

    def _input(self, item: Mapping[str, Any], index: int) -> Input:
        kind, code = item["type"], item["code"]
        scale = {"money": 100, "number": 10 ** item.get("decimals", 6)}.get(kind, 1)
        # By code, not as written: a database or another tool may reorder keys, and columns must stay where they are.
        levels, ranks = dict(sorted(item.get("levels", {}).items())), tuple(item.get("ranks", ()))
        columns = tuple(
            f"{code}.{level}#{rank}" if rank else f"{code}.{level}"
            for level in levels
            for rank in ranks or ("",)
        )
        return Input(
            code=code, zh=item.get("zh", code), en=item.get("en", code), type=kind, unit=item.get("unit", ""),
            period=item.get("period", ""), sources=tuple(item.get("sources", ())), scale=scale, levels=levels,
            ranks=ranks, checks=self._checks(item.get("validation", []), ("inputs", index, "validation")),
            columns=columns or (code,),
        )  # fmt: skip

    def _indicator(self, item: Mapping[str, Any], index: int) -> Indicator:
        path: Path_ = ("indicators", index)
        other = item.get("alternative")
        formula = self._expression(item["formula"], (*path, "formula"))
        indicator = Indicator(
            code=item["code"], zh=item.get("zh", item["code"]), en=item.get("en", item["code"]),
            dimension=item["dimension"], scope=item.get("scope", ""), unit=item.get("unit", ""),
            higher_better=item.get("direction", "higher_better") == "higher_better",
            inputs=tuple(item.get("inputs", ())), formula=formula, function=item["scoring"]["function"],
            scoring=item["scoring"], weights=item["weight"], constants=item.get("constants", {}),
            zero_when=self._checks(item.get("zero_when", []), (*path, "zero_when")),
            alternative_when=self._condition(other["when"], (*path, "alternative", "when")) if other else None,
            alternative_formula=self._expression(other["formula"], (*path, "alternative", "formula")) if other else None,
            alternative_points=other.get("points") if other else None, outliers=item.get("outliers", {}),
            missing=item.get("missing", self.body.get("missing", {}).get("rule", "zero")),
            not_applicable="not_applicable" in item, sources=tuple(item.get("sources", ())),
            evidence=item.get("evidence", ""), definition=item.get("definition", {}),
        )  # fmt: skip
        if "inputs" in item:
            return indicator
        read = (*indicator.names(alternative=False), *indicator.names(alternative=True))
        return replace(indicator, inputs=tuple(dict.fromkeys(read)))

    def _checks(self, items: Iterable[Mapping[str, Any]], path: Path_) -> tuple[Check, ...]:
        return tuple(
            Check(
                item.get("level", "E"), self._condition(item["check"], (*path, index, "check")),
                item.get("zh", ""), item.get("en", ""), item.get("flag", ""),
            )
            for index, item in enumerate(items)
        )  # fmt: skip

    def _condition(self, text: str, path: Path_) -> Expression:
        expression = self._expression(text, path)
        if not expression.is_condition and not any(p == path for p, _ in self.problems):
            self.problems.append((path, f"{text!r} is a number; a comparison is needed"))
        return expression

    def _expression(self, text: str, path: Path_) -> Expression:
        try:
            return parse(text)
        except ExpressionError as error:
            self.problems.append((path, str(error)))
            return parse("0")


def _meaning_problems(scheme: Scheme) -> list[Problem]:
    from .scheme_rules import problems

    return problems(scheme)
