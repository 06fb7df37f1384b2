"""What SQL does to values of all types: NULL, conditions of three values, decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas.tape import Operation, Place, Tape
from features.purchases.numpy.formulas.values import (
    WHOLE_LIMIT,
    Truth,
    UnknownError,
    Value,
    checked,
    differ,
    to_double,
)

DIGITS = 18
"""Of a decimal that 64 bits hold."""

ARITHMETIC: Mapping[type[exp.Expr], Operation] = {
    exp.Add: np.add,
    exp.Sub: np.subtract,
    exp.Mul: np.multiply,
}
CHECKED = {function: partial(checked, function) for function in ARITHMETIC.values()}
COMPARISONS: Mapping[type[exp.Expr], tuple[Operation, Operation]] = {
    exp.LT: (np.less, np.greater_equal),
    exp.LTE: (np.less_equal, np.greater),
    exp.GT: (np.greater, np.less_equal),
    exp.GTE: (np.greater_equal, np.less),
    exp.EQ: (np.equal, differ),
    exp.NEQ: (differ, np.equal),
}


class Algebra:
    """Writes operations on values onto a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape, self._write = tape, tape.write
        self._nan, null = tape.constant(np.nan), tape.constant(True)
        self._none = Value(tape.constant(0), scale=0, null=null, is_positive=True)

    def as_double(self, value: Value, node: exp.Expr) -> Value:
        """Return a number as doubles."""
        if value.is_instant:
            raise UnknownError("an instant is no number", node)
        if value.scale is None:
            return value
        at = self._write(to_double, value.at)
        if value.scale:
            one = self.tape.constant(float(10**value.scale))
            at = self._write(np.divide, value.at, one)
        at = self._with_nulls(replace(value, at=at))
        return Value(at, is_positive=value.is_positive)

    def null(self, value: Value) -> Place:
        """Return where a value is NULL."""
        if value.scale is None:
            return self._write(np.isnan, value.at)
        return self.tape.constant(False) if value.null is None else value.null

    def choose(self, where: Place, a: Value, b: Value) -> Value:
        """Return one of two values of one type, the other where a condition fails."""
        null = None
        if a.null is not None or b.null is not None:
            null = self._write(np.where, where, self.null(a), self.null(b))
        return replace(
            a,
            at=self._write(np.where, where, a.at, b.at),
            null=null,
            is_blank=False,
            largest=max(a.largest, b.largest),
            is_positive=a.is_positive and b.is_positive,
        )

    def _both(self, a: Truth, b: Truth) -> Truth:
        return Truth(
            self._write(np.logical_and, a.true, b.true),
            self._write(np.logical_or, a.false, b.false),
        )

    def _compare(
        self, kind: type[exp.Expr], values: list[Value], node: exp.Expr
    ) -> Truth:
        places = [self._with_nulls(value) for value in self._alike(values, node)]
        true, false = (self._write(compare, *places) for compare in COMPARISONS[kind])
        return Truth(true, false)

    def _with_nulls(self, value: Value) -> Place:
        """Return the place of numbers that are NaN where they are NULL."""
        if value.null is None:
            return value.at
        return self._write(np.where, value.null, self._nan, value.at)

    def _alike(self, values: list[Value], node: exp.Expr) -> list[Value]:
        """Return values as one type, as SQL does before it compares or mixes them."""
        kinds = {value.is_instant for value in values if value != self._none}
        if len(kinds) > 1:
            raise UnknownError("values of different types are mixed", node)
        if any(value.scale is None for value in values):
            return [self.as_double(value, node) for value in values]
        scale = max(value.scale or 0 for value in values)
        return [
            replace(self._scaled(value, scale, node), is_instant=True in kinds)
            for value in values
        ]

    def _scaled(self, value: Value, scale: int, node: exp.Expr) -> Value:
        """Return whole numbers with so many decimal digits."""
        if scale > DIGITS:
            raise UnknownError("a decimal has more digits than are known here", node)
        times = 10 ** (scale - (value.scale or 0))
        if times == 1:
            return value
        factor = Value(self.tape.constant(times), scale=0, largest=times)
        scaled = self._whole(np.multiply, value, factor, scale=scale)
        return replace(scaled, is_positive=value.is_positive)

    def _whole(self, function: Operation, a: Value, b: Value, *, scale: int) -> Value:
        """Add, subtract or multiply whole numbers."""
        is_product = function is np.multiply
        largest = a.largest * b.largest if is_product else a.largest + b.largest
        if largest >= WHOLE_LIMIT:
            function, largest = CHECKED[function], WHOLE_LIMIT - 1
        null = a.null if b.null is None or a.null == b.null else b.null
        if a.null != null is not None and a.null is not None:
            null = self._write(np.logical_or, a.null, null)
        at = self._write(function, a.at, b.at)
        return Value(at, scale=scale, null=null, largest=largest)

    def _or_else(self, a: Value, b: Value) -> Value:
        if a.scale is not None and a.null is None:
            return a
        chosen = self.choose(self.null(a), b, a)
        return chosen if b.null is not None else replace(chosen, null=None)
