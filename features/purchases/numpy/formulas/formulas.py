"""Formulas of SQL as operations in numpy: types, NULL, conditions of three values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas import operations
from features.purchases.numpy.formulas.tape import Place, Tape
from features.purchases.numpy.formulas.values import (
    MOST_WHOLE,
    Truth,
    Type,
    UnknownError,
    Value,
)

CHECKED: Mapping[Any, Any] = {
    np.add: operations.checked_add,
    np.subtract: operations.checked_subtract,
    np.multiply: operations.checked_multiply,
}
COMPARISONS: Mapping[type[exp.Expr], tuple[Any, Any]] = {
    exp.LT: (np.less, np.greater_equal),
    exp.LTE: (np.less_equal, np.greater),
    exp.GT: (np.greater, np.less_equal),
    exp.GTE: (np.greater_equal, np.less),
    exp.EQ: (np.equal, operations.differ),
    exp.NEQ: (operations.differ, np.equal),
}
Writers = Mapping[type[exp.Expr], Callable[["Formulas", Any], Value]]
DIGITS = 18
"""Of a decimal that 64 bits hold."""


@dataclass(frozen=True, slots=True)
class Formulas:
    """Writes formulas onto a tape.

    Parameters
    ----------
    tape : Tape
    column : callable
        Returns the value of a column that a formula names.
    writers : mapping
        What writes each kind of node.
    leaf : callable
        Returns the value of a part that is known as it is, None for others.
    """

    tape: Tape
    column: Callable[[exp.Column], Value]
    writers: Writers
    leaf: Callable[[exp.Expr], Value | None] = lambda _: None

    def value(self, node: exp.Expr) -> Value:
        """Return what a formula comes to.

        Raises
        ------
        UnknownError
            With the part that is not known.
        """
        leaf = self.leaf(node)
        if leaf is not None:
            return leaf
        write = self.writers.get(type(node))
        if write is None:
            raise UnknownError(f"{name_of(node)} is not known in numpy", node)
        return write(self, node)

    def double(self, node: exp.Expr) -> Value:
        """Return what a formula comes to, as doubles."""
        return self.as_double(self.value(node), node)

    def as_double(self, value: Value, node: exp.Expr) -> Value:
        """Return a number as doubles."""
        if value.type is Type.DOUBLE:
            return value
        if value.type is Type.NULL:
            return Value(self.tape.constant(np.nan), Type.DOUBLE, is_blank=True)
        if value.type is Type.ROUNDED:
            return replace(value, type=Type.DOUBLE)
        if value.type is not Type.WHOLE:
            raise UnknownError("an instant is no number", node)
        if value.scale:
            one = self.tape.constant(10**value.scale)
            at = self.tape.write(np.divide, value.at, one)
        else:
            at = self.tape.write(operations.to_double, value.at)
        return replace(
            value,
            at=self.blank(at, value.null),
            type=Type.DOUBLE,
            scale=0,
            null=None,
            is_blank=False,
        )

    def blank(self, doubles: Place, null: Place | None) -> Place:
        """Return doubles that are NaN where they are NULL."""
        if null is None:
            return doubles
        return self.tape.write(np.where, null, self.tape.constant(np.nan), doubles)

    def truth(self, node: exp.Expr) -> Truth:
        """Return where a condition is true, and where it is false."""
        node = node.unnest()
        if type(node) in COMPARISONS:
            return self._compare(node)
        if isinstance(node, exp.And | exp.Or):
            return self._join(node)
        if isinstance(node, exp.Not):
            inner = self.truth(node.this)
            return Truth(inner.false, inner.true)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            null = self.null(self.value(node.this))
            return Truth(null, self.tape.write(np.logical_not, null))
        if isinstance(node, exp.Between):
            low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
            high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
            return self._both(self._compare(low), self._compare(high))
        raise UnknownError(f"{name_of(node)} is no condition known in numpy", node)

    def null(self, value: Value) -> Place:
        """Return where a value is NULL."""
        if value.type in (Type.DOUBLE, Type.ROUNDED):
            return self.tape.write(np.isnan, value.at)
        if value.type is Type.NULL:
            return self.tape.constant(True)
        return self.tape.constant(False) if value.null is None else value.null

    def any_null(self, *values: Value) -> Place | None:
        """Return where any of some values is NULL."""
        return self.any_of([value.null for value in values])

    def any_of(self, places: Sequence[Place | None]) -> Place | None:
        """Return where any of some conditions holds, of those that there are."""
        there = dict.fromkeys(place for place in places if place is not None)
        if not there:
            return None
        return reduce(lambda a, b: self.tape.write(np.logical_or, a, b), there)

    def exact(self, function: Any, most: int, *operands: Place) -> tuple[Place, int]:
        """Return whole numbers, looked at first if they might be too large."""
        if most < MOST_WHOLE:
            return self.tape.write(function, *operands), most
        return self.tape.write(CHECKED[function], *operands), MOST_WHOLE - 1

    def alike(self, values: Sequence[Value], node: exp.Expr) -> list[Value]:
        """Return values as one type, as SQL does before it compares or mixes them."""
        types = {value.type for value in values} - {Type.NULL}
        if types <= {Type.WHOLE}:
            scale = max((value.scale for value in values), default=0)
            return [self.scaled(value, scale, node) for value in values]
        if types <= {Type.WHOLE, Type.DOUBLE}:
            return [self.as_double(value, node) for value in values]
        if len(types) == 1 and Type.ROUNDED not in types:
            [only] = types
            zero, null = self.tape.constant(0), self.tape.constant(True)
            nothing = Value(zero, only, null=null, is_blank=True)
            return [nothing if v.type is Type.NULL else v for v in values]
        raise UnknownError("values of different types are mixed", node)

    def scaled(self, value: Value, scale: int, node: exp.Expr) -> Value:
        """Return whole numbers with so many decimal digits."""
        if scale > DIGITS:
            raise UnknownError("a decimal has more digits than are known here", node)
        if value.type is Type.NULL:
            zero, null = self.tape.constant(0), self.tape.constant(True)
            return Value(zero, Type.WHOLE, scale=scale, null=null, is_blank=True)
        if value.scale == scale:
            return value
        times = 10 ** (scale - value.scale)
        at, most = self.exact(
            np.multiply, value.most * times, value.at, self.tape.constant(times)
        )
        return replace(value, at=at, scale=scale, most=most)

    def choose(self, where: Truth, this: Value, that: Value) -> Value:
        """Return one of two values of one type, that where a condition is not true."""
        null = None
        if this.null is not None or that.null is not None:
            null = self.tape.write(
                np.where, where.true, self.null(this), self.null(that)
            )
            if this.type is Type.DOUBLE:
                null = None
        return Value(
            self.tape.write(np.where, where.true, this.at, that.at),
            this.type,
            scale=this.scale,
            most=max(this.most, that.most),
            null=null,
            is_blank=this.is_blank and that.is_blank,
            is_positive=this.is_positive and that.is_positive,
            is_nonzero=this.is_nonzero and that.is_nonzero,
        )

    def _compare(self, node: exp.Expr) -> Truth:
        mine, other = self.alike(
            [self.value(node.this), self.value(node.expression)], node
        )
        true, false = (
            self.tape.write(function, mine.at, other.at)
            for function in COMPARISONS[type(node)]
        )
        null = self.any_null(mine, other)
        if null is None:
            return Truth(true, false)
        there = self.tape.write(np.logical_not, null)
        return Truth(
            self.tape.write(np.logical_and, there, true),
            self.tape.write(np.logical_and, there, false),
        )

    def _join(self, node: exp.Expr) -> Truth:
        mine, other = self.truth(node.this), self.truth(node.expression)
        if isinstance(node, exp.And):
            return self._both(mine, other)
        return Truth(
            self.tape.write(np.logical_or, mine.true, other.true),
            self.tape.write(np.logical_and, mine.false, other.false),
        )

    def _both(self, mine: Truth, other: Truth) -> Truth:
        return Truth(
            self.tape.write(np.logical_and, mine.true, other.true),
            self.tape.write(np.logical_or, mine.false, other.false),
        )


def is_zero(node: exp.Expr) -> bool:
    """Tell whether a part of a formula is the number 0."""
    return isinstance(node, exp.Literal) and not node.is_string and not float(node.this)


def name_of(node: exp.Expr) -> str:
    """Return what a part of a formula is called."""
    if isinstance(node, exp.Anonymous):
        return f"{node.name.lower()}()"
    return f"{node.sql_name().lower()}()" if isinstance(node, exp.Func) else node.key
