"""Reading a rule: YAML with the line of every key, checked against rule.schema.json, expressions parsed, units compared."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import yaml

from scoring.engine.errors import ExpressionError
from scoring.engine.expressions import Expression, Node, parse

from .rule import Amount, Cap, Condition, Derived, Name, Rule, Tier
from .schema import Key, faults
from .vocabulary import FACTS, NAMES, PLATFORM_FACTS, STATED

MOST_TEXT = 60_000
_LITERAL = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*(wan|万元|yuan|元|%)")
_COMPARED = re.compile(
    r"(?<![\w.])([A-Za-z_]\w*)\s*(?:<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*(wan|万元|yuan|元|%)?"
    r"|(?<![\w.])(\d+(?:\.\d+)?)\s*(wan|万元|yuan|元|%)?\s*(?:<=|>=|==|!=|<|>)\s*([A-Za-z_]\w*)(?!\s*[-+*/])"
)
_UNIT_OF = {"wan": "wan", "万元": "wan", "yuan": "wan", "元": "wan", "%": "percent", "": ""}
PAID = ("fixed_wan", "rate", "per_wan")
"""The kinds of amount, as the keys that name them."""
_LABELS = {"true": "1", "false": "0"} | {
    label: code for code, fact in NAMES.items() for label in (fact.zh, fact.en)
}
"""What people write for a name that the platform knows."""
_FORBIDDEN = ("if", "ln", "log10", "sqrt")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a rule: key path, line (0 = not known), a code, the value or limit it is about, and what may have been meant."""

    path: str
    line: int
    code: str
    what: str = ""
    meant: str = ""


class RuleError(ValueError):
    """A rule that cannot be used, with all findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{one.path} ({one.line}): {one.code} {one.what}" for one in findings))


def load(text: str) -> Rule:
    """The rule of a YAML (or JSON) text. Raises RuleError with every finding, its key and line."""
    body, lines = _read(text)
    return load_body(body, lines)


def load_body(body: Any, lines: Mapping[Key, int] | None = None) -> Rule:
    """The rule of plain data. Raises RuleError."""
    return _Reader(body, lines or {}).rule()


def _read(text: str) -> tuple[Any, dict[Key, int]]:
    if len(text) > MOST_TEXT:
        raise RuleError([Finding("", 0, "too_long", str(MOST_TEXT))])
    lines: dict[Key, int] = {}
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise RuleError([Finding("", 0, "alias")])
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return (_plain(node, (), lines) if node else None), lines
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, RuleError):
            raise
        mark = getattr(error, "problem_mark", None)
        raise RuleError([Finding("", mark.line + 1 if mark else 0, "not_yaml")]) from error


def _plain(node: Any, path: Key, lines: dict[Key, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in made:
                raise RuleError([Finding(_dotted((*path, name)), key.start_mark.line + 1, "twice")])
            made[name] = _plain(value, (*path, name), lines)
            lines[(*path, name)] = key.start_mark.line + 1
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, (*path, number), lines) for number, value in enumerate(node.value)]
    kind = node.tag.rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() in ("true", "yes", "on")
    if kind in ("int", "float") and re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", node.value):
        return float(node.value) if "." in node.value else int(node.value)
    return node.value


def _dotted(path: Key) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


class _Reader:
    """Turns plain data into a rule, gathering findings on the way."""

    def __init__(self, body: Any, lines: Mapping[Key, int]) -> None:
        self.body, self.lines = body, lines
        self.findings: list[Finding] = []
        self.units: dict[str, str] = {code: fact.unit for code, fact in FACTS.items()}

    def rule(self) -> Rule:
        for path, code, what in faults(self.body):
            self._wrong(path, code, what, _meant(path[-1], what.split(", ")) if code == "no_such_key" else "")
        self._stop()
        if len({"amount", "rung", "upgrade"} & self.body.keys()) != 1:
            self._wrong((), "one_purpose")
        if "upgrade" in self.body:
            self.units |= {code: fact.unit for code, fact in PLATFORM_FACTS.items()}
        self._days()
        inputs = tuple(self._inputs())
        derived = tuple(self._derived())
        conditions = tuple(
            Condition(one["text"], test, one.get("clause", ""))
            for number, one in enumerate(self.body["conditions"])
            if (test := self._condition(one["test"], ("conditions", number, "test")))
        )
        amounts, caps = tuple(self._amounts()), tuple(self._caps())
        any_of = tuple(self.body.get("who", {}).get("any_of", ()))
        for number, name in enumerate(any_of):
            if self.units.get(name) != "flag":
                self._wrong(("who", "any_of", number), "not_a_flag", name)
        for number, case in enumerate(self.body["tests"]):
            for name in case["facts"]:
                self._name(name, ("tests", number, "facts", name))
        level = self.body.get("rung", {}).get("level", "enterprise")
        if self.units.get(level) != "flag":
            self._wrong(("rung", "level"), "not_a_flag", level)
        self._stop()
        rule = Rule(
            self.body,
            self.body["code"],
            self.body["title"],
            inputs,
            derived,
            conditions,
            amounts,
            caps,
            any_of,
        )
        object.__setattr__(rule, "names", rule.roots(_names_of(rule)))
        return rule

    def _days(self) -> None:
        days = {}
        for key in ("starts", "ends"):
            if text := self.body["period"].get(key):
                try:
                    days[key] = dt.date.fromisoformat(text)
                except ValueError:
                    self._wrong(("period", key), "no_day", text)
        if len(days) == 2 and days["starts"] > days["ends"]:
            self._wrong(("period", "ends"), "ends_before_start")

    def _inputs(self) -> Iterator[Name]:
        for number, one in enumerate(self.body.get("inputs", ())):
            fact = STATED.get(one["code"])
            if fact and fact.unit == one["unit"]:
                continue  # rules of before the name was common
            if one["code"] in self.units:
                self._wrong(("inputs", number, "code"), "name_taken", one["code"])
            self.units[one["code"]] = one["unit"]
            yield Name(one["code"], one["label"], one["unit"], one.get("evidence", ""))

    def _derived(self) -> Iterator[Derived]:
        for number, one in enumerate(self.body.get("derived", ())):
            tiers = tuple(self._tiers(one, ("derived", number)))
            if one["code"] in self.units:
                self._wrong(("derived", number, "code"), "name_taken", one["code"])
            self.units[one["code"]] = one["unit"]
            if tiers:
                yield Derived(one["code"], one["label"], one["unit"], tiers)

    def _tiers(self, one: Mapping[str, Any], path: Key) -> Iterator[Tier]:
        if ("formula" in one) == ("tiers" in one):
            self._wrong(path, "formula_or_tiers")
        if "formula" in one and (formula := self._number(one["formula"], (*path, "formula"))):
            yield Tier(formula)
        tiers = one.get("tiers", [])
        for number, tier in enumerate(tiers):
            here: Key = (*path, "tiers", number)
            if "when" not in tier and number < len(tiers) - 1:
                self._wrong(here, "when_missing")
            when = self._condition(tier["when"], (*here, "when")) if "when" in tier else None
            if of := self._number(str(tier["is"]), (*here, "is")):
                yield Tier(of, when)

    def _amounts(self) -> Iterator[Amount]:
        body = self.body.get("amount")
        if body is None:
            return
        tiers = body.get("tiers")
        if tiers is None:
            yield from self._amount(body, ("amount",))
            return
        if any(key in body for key in (*PAID, "pays_wan", "of")) or not tiers:
            self._wrong(("amount",), "tiers_or_one")
        for number, one in enumerate(tiers):
            path: Key = ("amount", "tiers", number)
            if "when" not in one and number < len(tiers) - 1:
                self._wrong(path, "when_missing")
            yield from self._amount(one, path)

    def _amount(self, one: Mapping[str, Any], path: Key) -> Iterator[Amount]:
        """The amount, or nothing where a finding says why."""
        kinds = [key for key in PAID if key in one]
        if len(kinds) != 1:
            self._wrong(path, "one_kind", ", ".join(kinds))
        if ("of" in one) != (kinds != ["fixed_wan"]) or ("pays_wan" in one) != ("per_wan" in one):
            self._wrong(path, "base_missing")
        when = self._condition(one["when"], (*path, "when")) if "when" in one else None
        of = self._number(one.get("of", "1"), (*path, "of"))
        if of is None or len(kinds) != 1:
            return
        (kind,) = kinds
        is_step = kind == "per_wan"
        yield Amount(
            kind, of, pays=_decimal(one.get("pays_wan", 0) if is_step else one[kind]), per=_decimal(one[kind] if is_step else 1),
            whole=is_step and one.get("whole_steps_only", True), when=when, text=one.get("text", ""),
        )  # fmt: skip

    def _caps(self) -> Iterator[Cap]:
        cap = self.body.get("cap_wan")
        for number, one in enumerate(cap if isinstance(cap, list) else []):
            when = self._condition(one["when"], ("cap_wan", number, "when")) if "when" in one else None
            yield Cap(Decimal(str(one["wan"])), when, one.get("text", ""))
        if isinstance(cap, int | float):
            yield Cap(Decimal(str(cap)))

    def _condition(self, text: str, path: Key) -> Expression | None:
        found = self._expression(text, path)
        if found and not found.is_condition:
            self._wrong(path, "no_condition", text)
        return found

    def _number(self, text: str, path: Key) -> Expression | None:
        found = self._expression(text, path)
        if found and found.is_condition:
            self._wrong(path, "no_number", text)
        return found

    def _expression(self, text: str, path: Key) -> Expression | None:
        for match in _COMPARED.finditer(text):
            name = match[1] or match[6]
            given, wanted = _UNIT_OF[match[3] or match[5] or ""], self.units.get(name, "")
            if wanted in ("wan", "percent", "count", "years", "points") and given != (
                wanted if wanted in ("wan", "percent") else ""
            ):
                self._wrong(path, "unit_wrong", f"{name}: {wanted}")
        canonical = _LITERAL.sub(_canonical, text)
        try:
            found = parse(canonical)
        except ExpressionError as error:
            self._wrong(path, "expression", canonical[error.position :].strip()[:30] or canonical[-10:])
            return None
        if [name for name in found.names if not self._name(name, path)]:
            return None
        for kind in _kinds(found.root) & set(_FORBIDDEN):
            self._wrong(path, "no_such_function", kind)
        return found

    def _name(self, name: str, path: Key) -> bool:
        """Whether there is such a name."""
        if name in self.units:
            return True
        own = {one["label"]: one["code"] for key in ("inputs", "derived") for one in self.body.get(key, ())}
        labels = _LABELS | own
        meant = _meant(name, [*self.units, *labels])
        self._wrong(path, "no_such_name", name, labels.get(meant, meant))
        return False

    def _wrong(self, path: Key, code: str, what: str = "", meant: str = "") -> None:
        line = next(
            (self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), 0
        )
        self.findings.append(Finding(_dotted(path), line, code, what, meant))

    def _stop(self) -> None:
        if self.findings:
            raise RuleError(self.findings)


def _meant(said: object, known: Sequence[str]) -> str:
    """The nearest of what is known; empty when none is near."""
    return next(iter(get_close_matches(str(said), known, n=1, cutoff=0.7)), "")


def _canonical(match: re.Match[str]) -> str:
    """A number with its unit as a number of 万元 or per cent."""
    if match[2] in ("yuan", "元"):
        return f"{Decimal(match[1]) / 10_000:f}"
    return f"{match[1]} "


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _kinds(node: Node) -> set[str]:
    return {node.kind}.union(*map(_kinds, node.args))


def _names_of(rule: Rule) -> Iterator[str]:
    """Names that decide it, in the order of reading."""
    texts = [
        *(one.test for one in rule.conditions), *(one.when for one in rule.amounts), *(one.of for one in rule.amounts),
        *(one.when for one in rule.caps),
    ]  # fmt: skip
    yield from rule.any_of
    yield from (name for text in texts if text for name in text.names)
