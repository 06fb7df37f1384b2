"""Formulas of SQL as operations in numpy, exactly as DuckDB has them.

What is not written here is refused, with the part that is not known: its family is then
worked out by the query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas.algebra import (
    ARITHMETIC,
    COMPARISONS,
    Algebra,
)
from features.purchases.numpy.formulas.tape import Operation, Tape
from features.purchases.numpy.formulas.values import (
    WHOLE_LIMIT,
    Truth,
    UnknownError,
    Value,
    logarithm,
    name_of,
    null_if_equal,
    to_day,
)
from features.purchases.numpy.grains.runs import DAY

FUNCTIONS: Mapping[type[exp.Expr], Operation] = {
    exp.Sqrt: np.sqrt,
    exp.Exp: np.exp,
    exp.Ln: logarithm,
    exp.Floor: np.floor,
    exp.Ceil: np.ceil,
}


class Formulas(Algebra):
    """Writes formulas onto a tape.

    Parameters
    ----------
    tape : Tape
    leaf : callable
        Returns the value of a column, or of a sum; None for any other node.
    """

    def __init__(self, tape: Tape, leaf: Callable[[exp.Expr], Value | None]) -> None:
        super().__init__(tape)
        self._leaf = leaf

    def value(self, node: exp.Expr) -> Value:
        """Return what a formula comes to.

        Raises
        ------
        UnknownError
            With the part that is not known.
        """
        leaf = self._leaf(node)
        if leaf is not None:
            return leaf
        write = WRITERS.get(type(node))
        if write is None:
            raise UnknownError(f"{name_of(node)} is not known in numpy", node)
        return write(self, node)

    def double(self, node: exp.Expr) -> Value:
        """Return what a formula comes to, as doubles."""
        return self.as_double(self.value(node), node)

    def truth(self, node: exp.Expr) -> Truth:
        """Return where a condition is true, and where it is false."""
        node = node.unnest()
        if type(node) in COMPARISONS:
            values = [self.value(node.this), self.value(node.expression)]
            return self._compare(type(node), values, node)
        if isinstance(node, exp.And):
            a, b = self.truth(node.this), self.truth(node.expression)
            return self._both(a, b)
        if isinstance(node, exp.Or):
            a, b = self.truth(node.this), self.truth(node.expression)
            neither = self._both(Truth(a.false, a.true), Truth(b.false, b.true))
            return Truth(neither.false, neither.true)
        if isinstance(node, exp.Not):
            inner = self.truth(node.this)
            return Truth(inner.false, inner.true)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            null = self.null(self.value(node.this))
            return Truth(null, self._write(np.logical_not, null))
        raise UnknownError(f"{name_of(node)} is no condition known in numpy", node)

    def _literal(self, node: exp.Literal) -> Value:
        text = node.this.lower()
        if node.is_string:
            raise UnknownError("a text is not known in numpy", node)
        if "e" in text:
            return Value(self.tape.constant(float(text)), is_positive=float(text) > 0)
        whole, _, digits = text.partition(".")
        units = int(whole + digits)
        if units >= WHOLE_LIMIT:
            raise UnknownError("a number is larger than 64 bits hold", node)
        at, scale = self.tape.constant(units), len(digits)
        return Value(at, scale=scale, largest=units, is_positive=units > 0)

    def _cast(self, node: exp.Cast) -> Value:
        value, types = self.value(node.this), exp.DataType.Type
        if node.to.is_type(types.DOUBLE):
            return self.as_double(value, node)
        if node.to.is_type(types.BIGINT) and value.scale == 0 and not value.is_instant:
            return value
        if node.to.is_type(types.TIMESTAMP, types.TIMESTAMPNTZ) and value.is_instant:
            return value
        if node.to.is_type(types.DATE) and value.is_instant:
            return replace(value, at=self._write(to_day, value.at))
        name = node.to.sql("duckdb").lower()
        raise UnknownError(f"a cast to {name} is not known", node)

    def _between(self, node: exp.DateDiff) -> Value:
        """Count the borders of a unit from one instant to another."""
        unit = node.text("unit").upper() or "DAY"
        instants = [self.value(node.this), self.value(node.expression)]
        if unit not in ("MICROSECOND", "DAY"):
            raise UnknownError(f"date_diff() of {unit.lower()}s is not known", node)
        if not all(value.is_instant for value in instants):
            raise UnknownError("date_diff() of what is no instant is not known", node)
        if unit == "DAY":
            day = self.tape.constant(DAY)
            instants = [
                replace(value, at=self._write(np.floor_divide, value.at, day))
                for value in instants
            ]
        return self._whole(np.subtract, *instants, scale=0)

    def _arithmetic(self, node: exp.Add | exp.Sub | exp.Mul) -> Value:
        function = ARITHMETIC[type(node)]
        a, b = self.value(node.this), self.value(node.expression)
        if a.scale is None or b.scale is None or a.is_instant or b.is_instant:
            a, b = self.as_double(a, node.this), self.as_double(b, node.expression)
            return Value(self._write(function, a.at, b.at))
        if isinstance(node, exp.Mul):
            return self._whole(function, a, b, scale=a.scale + b.scale)
        a, b = self._alike([a, b], node)
        return self._whole(function, a, b, scale=a.scale or 0)

    def _sign(self, node: exp.Neg | exp.Abs) -> Value:
        value = self.value(node.this)
        if value.is_instant:
            raise UnknownError("an instant is no number", node)
        function = np.abs if isinstance(node, exp.Abs) else np.negative
        return replace(value, at=self._write(function, value.at), is_positive=False)

    def _quotient(self, node: exp.Div) -> Value:
        divisor, inner = self.double(node.expression), node.expression.unnest()
        is_nonzero = isinstance(inner, exp.Nullif) and _is_zero(inner.expression)
        if not (is_nonzero or divisor.is_positive):
            raise UnknownError(
                "it divides by what may be 0; use ratio() or nullif()", node
            )
        return Value(self._write(np.divide, self.double(node.this).at, divisor.at))

    def _function(self, node: exp.Func) -> Value:
        extra = [name for name, part in node.args.items() if part and name != "this"]
        if extra:
            raise UnknownError(f"{name_of(node)} with {extra[0]} is not known", node)
        return Value(self._write(FUNCTIONS[type(node)], self.double(node.this).at))

    def _null_if(self, node: exp.Nullif) -> Value:
        value = self.value(node.this)
        if value.scale is None:
            at = self._write(null_if_equal, value.at, self.double(node.expression).at)
            return replace(value, at=at, is_blank=False)
        other = self.value(node.expression)
        same = self._compare(exp.EQ, [value, other], node).true
        nothing = replace(self._none, scale=value.scale, is_instant=value.is_instant)
        return self.choose(same, nothing, value)

    def _coalesce(self, node: exp.Coalesce) -> Value:
        values = [self.value(operand) for operand in (node.this, *node.expressions)]
        if values[0].is_blank and values[0].scale is not None:
            if [*map(_is_zero, node.expressions)] == [True]:
                return replace(values[0], null=None, is_positive=False)
        return reduce(self._or_else, self._alike(values, node))

    def _extreme(self, node: exp.Least | exp.Greatest) -> Value:
        """Return the least or greatest of those that are not NULL."""
        is_least = isinstance(node, exp.Least)
        of_doubles, compare = (np.fmin, np.less) if is_least else (np.fmax, np.greater)

        def better(a: Value, b: Value) -> Value:
            if a.scale is None:
                at = self._write(of_doubles, a.at, b.at)
                return Value(at, is_positive=a.is_positive and b.is_positive)
            is_other = self._write(compare, self._with_nulls(b), self._with_nulls(a))
            return self._or_else(self.choose(is_other, b, a), b)

        values = [self.value(operand) for operand in (node.this, *node.expressions)]
        return reduce(better, self._alike(values, node))

    def _case(self, node: exp.Case | exp.If) -> Value:
        branches, last = node.args.get("ifs"), node.args.get("default")
        if branches is None:
            branches, last = [node], node.args.get("false")
        elif node.this is not None:
            raise UnknownError("case of a value is not known; use case when", node)
        results = [*(branch.args["true"] for branch in branches), last or exp.Null()]
        values = self._alike([self.value(result) for result in results], node)
        chosen = values.pop()
        for branch, value in zip(reversed(branches), reversed(values), strict=True):
            chosen = self.choose(self.truth(branch.this).true, value, chosen)
        return chosen


def _is_zero(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and not float(node.this)


WRITERS: Mapping[type[exp.Expr], Callable[[Formulas, Any], Value]] = {
    exp.Paren: lambda formulas, node: formulas.value(node.this),
    exp.Alias: lambda formulas, node: formulas.value(node.this),
    exp.Literal: Formulas._literal,
    exp.Null: lambda formulas, _: formulas._none,
    exp.Cast: Formulas._cast,
    exp.DateDiff: Formulas._between,
    exp.Neg: Formulas._sign,
    exp.Abs: Formulas._sign,
    **dict.fromkeys(ARITHMETIC, Formulas._arithmetic),
    exp.Div: Formulas._quotient,
    exp.Nullif: Formulas._null_if,
    exp.Coalesce: Formulas._coalesce,
    exp.Least: Formulas._extreme,
    exp.Greatest: Formulas._extreme,
    exp.Case: Formulas._case,
    exp.If: Formulas._case,
    **dict.fromkeys(FUNCTIONS, Formulas._function),
}
