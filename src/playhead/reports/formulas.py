"""Formulas over metrics: `A / (A + B) * 100`, read by a parser of our own and computed from a report's values. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

MAX_LENGTH = 500
MAX_DEPTH = 50

# A formula as a function of the metrics' values. None: there is no such number (nothing to make one of, or x / 0).
Formula: TypeAlias = Callable[[Sequence[float | None]], float | None]

_TOKEN = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+|[A-Za-z]+|[-+*/()]|\S)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def parse_formula(text: str, metrics: int) -> Formula:
    """Raises ValueError, in words for whoever wrote it, for one that can't be computed from so many metrics."""
    return _Parser(text, metrics).whole()


def metrics_of(text: str) -> list[int]:
    """The numbers of the metrics that a formula names, in order."""
    return sorted({_number(token) for token in _TOKEN.findall(text) if token.isalpha()})


def _number(letter: str) -> int:
    return ord(letter) - ord("A")


class _Parser:
    """sum = product {("+" | "-") product}; product = factor {("*" | "/") factor}; factor = "-" factor | "(" sum ")" |
    value."""

    def __init__(self, text: str, metrics: int) -> None:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"it is longer than {MAX_LENGTH} characters")
        self._tokens = _TOKEN.findall(text)
        self._metrics = metrics
        self._place = 0
        self._depth = 0

    def whole(self) -> Formula:
        if not any(token.isalpha() for token in self._tokens):
            raise ValueError("it names no metric; write A for the first of them")
        found = self._sum()
        if self._next is not None:
            raise ValueError(f"{self._next} was not expected after {' '.join(self._tokens[: self._place])}")
        return found

    @property
    def _next(self) -> str | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _take(self) -> str:
        token = self._next
        if token is None:
            raise ValueError("it ends where a metric, a number or ( was expected")
        self._place += 1
        return token

    def _sum(self) -> Formula:
        found = self._product()
        while self._next in {"+", "-"}:
            found = _both(_OPERATORS[self._take()], found, self._product())
        return found

    def _product(self) -> Formula:
        found = self._factor()
        while self._next in {"*", "/"}:
            found = _both(_OPERATORS[self._take()], found, self._factor())
        return found

    def _factor(self) -> Formula:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
        try:
            match self._take():
                case "-":
                    return _both(operator.sub, _constant(0.0), self._factor())
                case "(":
                    found = self._sum()
                    if self._next != ")":
                        raise ValueError("a ( is not closed")
                    self._place += 1
                    return found
                case token:
                    return self._value(token)
        finally:
            self._depth -= 1

    def _value(self, token: str) -> Formula:
        if _NUMBER.fullmatch(token):
            return _constant(float(token))
        if not token.isalpha():
            raise ValueError(f"{token} was not expected where a metric, a number or ( can stand")
        if len(token) > 1 or not 0 <= _number(token) < self._metrics:
            raise ValueError(f"{token} names no metric")
        number = _number(token)
        return lambda values: values[number]


def _constant(value: float) -> Formula:
    return lambda values: value


def _both(does: Callable[[float, float], float], left: Formula, right: Formula) -> Formula:
    def value(values: Sequence[float | None]) -> float | None:
        one, other = left(values), right(values)
        if one is None or other is None:
            return None
        try:
            found = does(one, other)
        except ZeroDivisionError:
            return None
        return found if math.isfinite(found) else None

    return value
