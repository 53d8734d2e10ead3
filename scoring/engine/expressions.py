"""The small expression language of scheme files: parsed by hand, never evaluated by Python.

    or, and, not, < <= > >= == != (chains allowed: 0 <= x < 5), + - * /, unary -, min(..), max(..), abs(x),
    ln(x), log10(x), sqrt(x), if(condition, a, b), numbers, names (letters, digits, _ and dots).

One expression is evaluated in two ways: over float64 columns with a running error bound (`evaluate_columns`), and
exactly in Decimal for one unit (`evaluate_exact`). Division by zero, a logarithm
of nothing or less and a root of less than nothing give "undefined" (NaN / None), which every operation hands on and every comparison answers with false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np

from .errors import ExpressionError

ROUND_OFF = 2.0**-52
EXACT = Context(prec=60, Emax=999999, Emin=-999999)
MAX_DEPTH = 60
MAX_LENGTH = 400  # names, numbers and signs: a long chain is as deep as it is long
MAX_DIGITS = 18  # of a number in a scheme, before the point and after it
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*|\.\d+)|([^\W\d][\w.]*)|(<=|>=|==|!=|[-+*/(),<>]))", re.UNICODE)
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_FUNCTIONS = {
    "min": (1, 99),
    "max": (1, 99),
    "abs": (1, 1),
    "if": (3, 3),
    "ln": (1, 1),
    "log10": (1, 1),
    "sqrt": (1, 1),
}


def in_range(number: Decimal) -> bool:
    """Whether a number of a scheme is one that float64 and decimals can both work with."""
    return number.is_finite() and (not number or abs(number.adjusted()) <= MAX_DIGITS)


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a parsed expression: `kind` num, name, neg, not, call, or an operator."""

    kind: str
    args: tuple[Node, ...] = ()
    name: str = ""
    number: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its text, its tree, the names it reads, and whether it answers yes or no."""

    text: str
    root: Node
    names: tuple[str, ...]
    is_condition: bool

    @property
    def single_name(self) -> str:
        """The name, if the expression is nothing but one name; else an empty string."""
        return self.root.name if self.root.kind == "name" else ""


def parse(text: str) -> Expression:
    """Read one expression; ExpressionError says what is wrong and at which character."""
    root = _Parser(text).whole()
    names = tuple(dict.fromkeys(_names(root)))
    return Expression(text=text, root=root, names=names, is_condition=_is_condition(root))


def _names(node: Node) -> Iterator[str]:
    if node.kind == "name":
        yield node.name
    for arg in node.args:
        yield from _names(arg)


def _is_condition(node: Node) -> bool:
    return node.kind in ("and", "or", "not") or node.kind in _COMPARISONS


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._split(text))
        self.at = 0
        self.depth = 0

    def _split(self, text: str) -> Iterator[tuple[str, str, int]]:
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise ExpressionError(f"unexpected character {text[position:].strip()[:1]!r}", text, position)
            kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
            yield kind, match.group(match.lastindex or 1), match.start(match.lastindex or 1)
            position = match.end()

    def whole(self) -> Node:
        if len(self.tokens) > MAX_LENGTH:
            raise ExpressionError(
                f"longer than {MAX_LENGTH} names, numbers and signs", self.text, self.tokens[MAX_LENGTH][2]
            )
        node = self.either()
        if self.at < len(self.tokens):
            raise self._wrong("an operator or the end expected")
        return node

    def either(self) -> Node:
        node = self.both()
        while self._take("or"):
            node = self._pair("or", node, self.both(), conditions=True)
        return node

    def both(self) -> Node:
        node = self.denied()
        while self._take("and"):
            node = self._pair("and", node, self.denied(), conditions=True)
        return node

    def denied(self) -> Node:
        if not self._take("not"):
            return self.compared()
        node = self.denied()
        if not _is_condition(node):
            raise self._wrong("'not' needs a comparison")
        return Node("not", (node,))

    def compared(self) -> Node:
        left = self.summed()
        parts: list[Node] = []
        while sign := self._take(*_COMPARISONS):
            right = self.summed()
            parts.append(self._pair(sign, left, right, conditions=False))
            left = right
        if not parts:
            return left
        node = parts[0]
        for part in parts[1:]:
            node = Node("and", (node, part))
        return node

    def summed(self) -> Node:
        node = self.multiplied()
        while sign := self._take("+", "-"):
            node = self._pair(sign, node, self.multiplied(), conditions=False)
        return node

    def multiplied(self) -> Node:
        node = self.signed()
        while sign := self._take("*", "/"):
            node = self._pair(sign, node, self.signed(), conditions=False)
        return node

    def signed(self) -> Node:
        if not self._take("-"):
            return self.atom()
        node = self.signed()
        self._number_expected(node)
        return Node("neg", (node,))

    def atom(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._wrong("nested too deeply")
        node = self._atom()
        self.depth -= 1
        return node

    def _atom(self) -> Node:
        if self._take("("):
            node = self.either()
            self._need(")")
            return node
        if self.at >= len(self.tokens) or self.tokens[self.at][0] == "sign":
            raise self._wrong("a number, a name or '(' expected")
        kind, text, _ = self.tokens[self.at]
        if kind == "name" and text in ("and", "or", "not"):
            raise self._wrong("a number, a name or '(' expected")
        if kind == "number" and not in_range(Decimal(text)):
            raise self._wrong("a number between 10^-18 and 10^18 expected")
        self.at += 1
        if kind == "number":
            return Node("num", number=Decimal(text))
        if self._take("("):
            return self._call(text)
        return Node("name", name=text)

    def _call(self, name: str) -> Node:
        if name not in _FUNCTIONS:
            raise self._wrong(f"there is no function {name!r}; known: {', '.join(_FUNCTIONS)}")
        args = [self.either()]
        while self._take(","):
            args.append(self.either())
        self._need(")")
        low, high = _FUNCTIONS[name]
        if not low <= len(args) <= high:
            raise self._wrong(f"{name} takes {low} argument(s), not {len(args)}")
        if name == "if" and not _is_condition(args[0]):
            raise self._wrong("the first argument of if() must be a comparison")
        for arg in args[1:] if name == "if" else args:
            self._number_expected(arg)
        return Node(name, tuple(args))

    def _pair(self, kind: str, left: Node, right: Node, *, conditions: bool) -> Node:
        for side in (left, right):
            if _is_condition(side) != conditions:
                raise self._wrong(
                    f"'{kind}' needs {'comparisons' if conditions else 'numbers'} on both sides"
                )
        return Node(kind, (left, right))

    def _number_expected(self, node: Node) -> None:
        if _is_condition(node):
            raise self._wrong("a number expected, not a comparison")

    def _take(self, *signs: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][1] in signs:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._wrong(f"{sign!r} expected")

    def _wrong(self, message: str) -> ExpressionError:
        position = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
        return ExpressionError(message, self.text, position)


Approx = tuple[Any, Any]  # value and bound of its absolute error: arrays or scalars


def evaluate_columns(expression: Expression, env: Mapping[str, Approx]) -> Approx:
    """Values with error bounds of a numeric expression; NaN = undefined, bound inf = decide exactly."""
    with np.errstate(all="ignore"):
        return _number(expression.root, env)


def test_columns(expression: Expression, env: Mapping[str, Approx]) -> tuple[Any, Any]:
    """(truth, uncertain) of a condition: uncertain where the float values are too close to tell."""
    with np.errstate(all="ignore"):
        return _truth(expression.root, env)


test_columns.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it by its name


def _number(node: Node, env: Mapping[str, Approx]) -> Approx:  # noqa: PLR0911
    if node.kind == "num":
        value = float(node.number)
        return value, (0.0 if Decimal(value) == node.number else abs(value) * ROUND_OFF)
    if node.kind == "name":
        return env[node.name]
    if node.kind == "if":
        return _choice(node, env)
    args = [_number(arg, env) for arg in node.args]
    if node.kind == "neg":
        return -args[0][0], args[0][1]
    if node.kind == "abs":
        return np.abs(args[0][0]), args[0][1]
    if node.kind in ("min", "max"):
        return _extreme(np.minimum if node.kind == "min" else np.maximum, args)
    if node.kind in _CURVED:
        return _curved(node.kind, args[0])
    return _ARITHMETIC[node.kind](args[0], args[1])


_CURVED: dict[str, Any] = {"ln": np.log, "log10": np.log10, "sqrt": np.sqrt}


def _curved(kind: str, a: Approx) -> Approx:
    """A logarithm or a root: defined above zero (the root at zero too); too near to it, decide exactly."""
    size, bound = np.asarray(a[0]), np.asarray(a[1])
    doubtful = (bound > 0) & (np.abs(size) <= 2 * bound)
    allowed = size >= 0 if kind == "sqrt" else size > 0
    value = _CURVED[kind](np.where(allowed, size, np.nan))
    slope = 1 / np.maximum(value, 1e-300) if kind == "sqrt" else 2 / size
    error = np.where(bound > 0, bound * slope, 0.0) + (np.abs(value) + 1) * 2 * ROUND_OFF
    return np.where(doubtful, 0.0, value), np.where(doubtful, np.inf, error)


def _choice(node: Node, env: Mapping[str, Approx]) -> Approx:
    truth, unsure = _truth(node.args[0], env)
    (yes, yes_error), (no, no_error) = _number(node.args[1], env), _number(node.args[2], env)
    error = np.where(truth, yes_error, no_error)
    return np.where(truth, yes, no), np.where(unsure, np.inf, error)


def _extreme(pick: Any, args: list[Approx]) -> Approx:
    value, error = args[0]
    for other, other_error in args[1:]:
        value, error = pick(value, other), np.maximum(error, other_error)
    return value, error


def _add(a: Approx, b: Approx) -> Approx:
    value = a[0] + b[0]
    return value, a[1] + b[1] + np.abs(value) * ROUND_OFF


def _subtract(a: Approx, b: Approx) -> Approx:
    value = a[0] - b[0]
    return value, a[1] + b[1] + np.abs(value) * ROUND_OFF


def _multiply(a: Approx, b: Approx) -> Approx:
    value = a[0] * b[0]
    return value, np.abs(a[0]) * b[1] + np.abs(b[0]) * a[1] + a[1] * b[1] + np.abs(value) * ROUND_OFF


def _divide(a: Approx, b: Approx) -> Approx:
    size = np.abs(b[0])
    doubtful = (b[1] > 0) & (size <= 2 * b[1])
    value = np.true_divide(a[0], np.where(size == 0, np.nan, b[0]))
    error = (a[1] + np.abs(value) * b[1]) / (size - b[1]) + np.abs(value) * ROUND_OFF
    return np.where(doubtful, 0.0, value), np.where(doubtful, np.inf, error)


_ARITHMETIC = {"+": _add, "-": _subtract, "*": _multiply, "/": _divide}


def _truth(node: Node, env: Mapping[str, Approx]) -> tuple[Any, Any]:
    if node.kind == "not":
        truth, unsure = _truth(node.args[0], env)
        return ~np.asarray(truth), unsure
    if node.kind in ("and", "or"):
        (a, a_unsure), (b, b_unsure) = _truth(node.args[0], env), _truth(node.args[1], env)
        return (a & b if node.kind == "and" else a | b), a_unsure | b_unsure
    (a, a_error), (b, b_error) = _number(node.args[0], env), _number(node.args[1], env)
    room = np.asarray(a_error + b_error)
    difference = np.asarray(a - b)
    unsure = (np.abs(difference) <= room) & (room > 0)
    return _COMPARE[node.kind](difference) & ~np.isnan(difference), unsure


_COMPARE: dict[str, Any] = {
    "<": lambda d: d < 0,
    "<=": lambda d: d <= 0,
    ">": lambda d: d > 0,
    ">=": lambda d: d >= 0,
    "==": lambda d: d == 0,
    "!=": lambda d: d != 0,
}


def evaluate_exact(expression: Expression, env: Mapping[str, Decimal | None]) -> Decimal | None:
    """The value for one unit in 60-digit decimal arithmetic; None = undefined."""
    return _exact(expression.root, env)


def test_exact(expression: Expression, env: Mapping[str, Decimal | None]) -> bool:
    """The truth of a condition for one unit; an undefined side makes a comparison false."""
    return _exact_truth(expression.root, env)


test_exact.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it by its name


def _exact(node: Node, env: Mapping[str, Decimal | None]) -> Decimal | None:
    if node.kind == "num":
        return node.number
    if node.kind == "name":
        return env[node.name]
    if node.kind == "if":
        return _exact(node.args[1] if _exact_truth(node.args[0], env) else node.args[2], env)
    args = [_exact(arg, env) for arg in node.args]
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args):
        return None
    return _EXACT_OPERATIONS[node.kind](*known)


_EXACT_OPERATIONS: dict[str, Any] = {
    "neg": EXACT.minus,
    "abs": EXACT.abs,
    "min": min,
    "max": max,
    "+": EXACT.add,
    "-": EXACT.subtract,
    "*": EXACT.multiply,
    "/": lambda a, b: EXACT.divide(a, b) if b else None,
    "ln": lambda a: EXACT.ln(a) if a > 0 else None,
    "log10": lambda a: EXACT.log10(a) if a > 0 else None,
    "sqrt": lambda a: EXACT.sqrt(a) if a >= 0 else None,
}


def _exact_truth(node: Node, env: Mapping[str, Decimal | None]) -> bool:
    if node.kind == "not":
        return not _exact_truth(node.args[0], env)
    if node.kind == "and":
        return _exact_truth(node.args[0], env) and _exact_truth(node.args[1], env)
    if node.kind == "or":
        return _exact_truth(node.args[0], env) or _exact_truth(node.args[1], env)
    a, b = _exact(node.args[0], env), _exact(node.args[1], env)
    if a is None or b is None:
        return False
    # Sixty digits, compared at forty-five: 1/3 * 3 equals 1.
    difference = EXACT.subtract(a, b)
    if abs(difference) <= max(abs(a), abs(b)) * Decimal("1e-45"):
        difference = Decimal(0)
    return bool(_COMPARE[node.kind](difference))


Rational = tuple[Any, Any]  # numerator and denominator (> 0; 0 = undefined)


def is_rational(expression: Expression) -> bool:
    """Whether only fractions come out: no logarithm, no root."""
    return not _kinds(expression.root) & set(_CURVED)


def _kinds(node: Node) -> set[str]:
    return {node.kind}.union(*map(_kinds, node.args))


def evaluate_rational(expression: Expression, env: Mapping[str, Rational]) -> Rational:
    """Fractions of an expression without logarithms and roots, over object arrays of integers."""
    return _fraction(expression.root, env)


def test_rational(expression: Expression, env: Mapping[str, Rational]) -> Any:
    """Truths of a condition over the same arrays."""
    return _fraction_truth(expression.root, env)


test_rational.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it by its name


def _fraction(node: Node, env: Mapping[str, Rational]) -> Rational:
    if node.kind == "num":
        return node.number.as_integer_ratio()
    if node.kind == "name":
        return env[node.name]
    if node.kind == "if":
        return picked(_fraction_truth(node.args[0], env), *(_fraction(arg, env) for arg in node.args[1:]))
    (n, d), *others = (_fraction(arg, env) for arg in node.args)
    if node.kind in ("neg", "abs"):
        return (-n if node.kind == "neg" else abs(n)), d
    for m, e in others:
        n, d = _FRACTIONS[node.kind](n, d, m, e)
    return n, d


def picked(truth: Any, yes: Rational, no: Rational) -> Rational:
    """One fraction where the truth holds, else the other."""
    n, d = (
        np.where(truth, np.asarray(a, object), np.asarray(b, object)) for a, b in zip(yes, no, strict=True)
    )
    return n, d


def _quotient(n: Any, d: Any, m: Any, e: Any) -> Rational:
    sign = np.where(np.asarray(m, object) < 0, -1, 1).astype(object)
    return n * e * sign, d * m * sign * np.where(np.asarray(e, object) == 0, 0, 1).astype(object)


def _least(n: Any, d: Any, m: Any, e: Any) -> Rational:
    top, bottom = picked(np.asarray(n * e <= m * d, bool), (n, d), (m, e))
    return top, bottom * np.where(np.asarray(d * e, object) == 0, 0, 1).astype(object)


def _largest(n: Any, d: Any, m: Any, e: Any) -> Rational:
    top, bottom = _least(-n, d, -m, e)
    return -top, bottom


_FRACTIONS: dict[str, Any] = {
    "+": lambda n, d, m, e: (n * e + m * d, d * e),
    "-": lambda n, d, m, e: (n * e - m * d, d * e),
    "*": lambda n, d, m, e: (n * m, d * e),
    "/": _quotient,
    "min": _least,
    "max": _largest,
}


def _fraction_truth(node: Node, env: Mapping[str, Rational]) -> Any:
    if node.kind == "not":
        return ~np.asarray(_fraction_truth(node.args[0], env), bool)
    if node.kind in ("and", "or"):
        a, b = (np.asarray(_fraction_truth(arg, env), bool) for arg in node.args)
        return a & b if node.kind == "and" else a | b
    (n, d), (m, e) = (_fraction(arg, env) for arg in node.args)
    known = np.asarray(np.asarray(d * e, object) != 0, bool)
    return np.asarray(_COMPARE[node.kind](np.asarray(n * e - m * d, object)), bool) & known
