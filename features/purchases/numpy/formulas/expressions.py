"""What each kind of node of a formula comes to, exactly as DuckDB has it.

What is not written here is refused, with the part that is not known: its family is then
worked out by the query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas import operations
from features.purchases.numpy.formulas.choices import (
    case_when,
    first_there,
    least_or_greatest,
    null_if,
)
from features.purchases.numpy.formulas.formulas import (
    Formulas,
    Writers,
    is_zero,
    name_of,
)
from features.purchases.numpy.formulas.tape import Place
from features.purchases.numpy.formulas.values import (
    MOST_WHOLE,
    Type,
    UnknownError,
    Value,
)
from features.purchases.numpy.grains.runs import DAY

UNITS = {"MICROSECOND": Type.INSTANT, "DAY": Type.DATE}


def _column(formulas: Formulas, node: exp.Column) -> Value:
    return formulas.column(node)


def _inner(formulas: Formulas, node: exp.Paren | exp.Alias) -> Value:
    return formulas.value(node.this)


def _literal(formulas: Formulas, node: exp.Literal) -> Value:
    text = node.this.lower()
    if node.is_string:
        raise UnknownError("a text is not known in numpy", node)
    if "e" in text:
        number = float(text)
        at, positive = formulas.tape.constant(number), number > 0
        return Value(at, Type.DOUBLE, is_positive=positive, is_nonzero=positive)
    whole, _, digits = text.partition(".")
    units = int(whole + digits)
    if units >= MOST_WHOLE:
        raise UnknownError("a number is larger than 64 bits hold", node)
    return Value(
        formulas.tape.constant(units),
        Type.WHOLE,
        scale=len(digits),
        most=units,
        is_positive=units > 0,
        is_nonzero=units > 0,
    )


def _null(formulas: Formulas, node: exp.Null) -> Value:
    return Value(formulas.tape.constant(0), Type.NULL)


def _cast(formulas: Formulas, node: exp.Cast) -> Value:
    value, to = formulas.value(node.this), node.to
    if to.is_type(exp.DataType.Type.DOUBLE):
        return formulas.as_double(value, node)
    if to.is_type(exp.DataType.Type.BIGINT) and (value.type, value.scale) == (
        Type.WHOLE,
        0,
    ):
        return value
    if to.is_type(exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
        return _as_instant(formulas, value, node)
    if to.is_type(exp.DataType.Type.DATE):
        return _as_date(formulas, value, node)
    raise UnknownError(f"a cast to {to.sql('duckdb').lower()} is not known", node)


def _as_instant(formulas: Formulas, value: Value, node: exp.Expr) -> Value:
    if value.type is Type.INSTANT:
        return value
    if value.type is not Type.DATE:
        raise UnknownError("what is no date is made an instant", node)
    at = formulas.tape.write(np.multiply, value.at, formulas.tape.constant(DAY))
    return replace(value, at=at, type=Type.INSTANT)


def _as_date(formulas: Formulas, value: Value, node: exp.Expr) -> Value:
    if value.type is Type.DATE:
        return value
    if value.type is not Type.INSTANT:
        raise UnknownError("what is no instant is made a date", node)
    at = formulas.tape.write(operations.to_day, value.at)
    return replace(value, at=at, type=Type.DATE)


def _between(formulas: Formulas, node: exp.DateDiff) -> Value:
    """Count the borders of a unit from one instant to another."""
    unit = node.text("unit").upper() or "DAY"
    if unit not in UNITS:
        raise UnknownError(f"date_diff() of {unit.lower()}s is not known", node)
    change = _as_date if UNITS[unit] is Type.DATE else _as_instant
    later, earlier = (
        change(formulas, formulas.value(operand), node)
        for operand in (node.this, node.expression)
    )
    return Value(
        formulas.tape.write(np.subtract, later.at, earlier.at),
        Type.WHOLE,
        most=2**62,
        null=formulas.any_null(later, earlier),
    )


def _negative(formulas: Formulas, node: exp.Neg) -> Value:
    value = _number(formulas, node.this)
    at = formulas.tape.write(np.negative, value.at)
    return replace(value, at=at, is_positive=False, is_unsigned=False)


def _absolute(formulas: Formulas, node: exp.Abs) -> Value:
    value = _number(formulas, node.this)
    if value.is_unsigned:
        return value
    at = formulas.tape.write(np.abs, value.at)
    return replace(value, at=at, is_positive=value.is_nonzero, is_unsigned=True)


def _number(formulas: Formulas, node: exp.Expr) -> Value:
    value = formulas.value(node)
    if value.type is Type.WHOLE:
        return value
    return (
        formulas.as_double(value, node)
        if value.type is Type.NULL
        else _double_only(value, node)
    )


def _double_only(value: Value, node: exp.Expr) -> Value:
    if value.type is not Type.DOUBLE:
        raise UnknownError("something is reckoned with that is no number here", node)
    return value


def _sum(formulas: Formulas, node: exp.Add | exp.Sub) -> Value:
    a, b = _two_numbers(formulas, node, is_scaled=True)
    is_sum = isinstance(node, exp.Add)
    function = np.add if is_sum else np.subtract
    is_positive = is_sum and a.is_positive and b.is_positive
    if a.type is Type.DOUBLE:
        at, most = formulas.tape.write(function, a.at, b.at), 0
    else:
        at, most = formulas.exact(function, a.most + b.most, a.at, b.at)
    result = _of_two(formulas, a, b, at=at, most=most, is_positive=is_positive)
    return replace(result, is_unsigned=is_sum and a.is_unsigned and b.is_unsigned)


def _product(formulas: Formulas, node: exp.Mul) -> Value:
    a, b = _two_numbers(formulas, node, is_scaled=False)
    is_positive = a.is_positive and b.is_positive
    if a.type is Type.DOUBLE:
        at, most = formulas.tape.write(np.multiply, a.at, b.at), 0
        is_positive = False  # the product of the least doubles is 0
    else:
        at, most = formulas.exact(np.multiply, a.most * b.most, a.at, b.at)
    result = _of_two(formulas, a, b, at=at, most=most, is_positive=is_positive)
    return replace(result, scale=a.scale + b.scale)


def _two_numbers(
    formulas: Formulas, node: exp.Binary, *, is_scaled: bool
) -> tuple[Value, Value]:
    a, b = _number(formulas, node.this), _number(formulas, node.expression)
    if a.type is not b.type or is_scaled:
        a, b = formulas.alike([a, b], node)
    return a, b


def _of_two(formulas: Formulas, a: Value, b: Value, **more: Any) -> Value:
    return Value(
        type=a.type,
        scale=a.scale,
        null=formulas.any_null(a, b),
        is_blank=a.is_blank and b.is_blank and a.type is Type.WHOLE,
        is_nonzero=more["is_positive"],
        **more,
    )


def _quotient(formulas: Formulas, node: exp.Div) -> Value:
    divisor, null = node.expression.unnest(), None
    if isinstance(divisor, exp.Nullif) and is_zero(divisor.expression):
        # What is 0 where it is NULL is NULL all the same once divided by.
        blank, null = _blank_double(formulas, divisor.this)
        at = formulas.tape.write(
            operations.null_if_equal, blank.at, formulas.tape.constant(0)
        )
        below = Value(at, Type.DOUBLE, is_nonzero=True)
    else:
        below = formulas.double(divisor)
    if not below.is_nonzero:
        raise UnknownError("it divides by what may be 0; use ratio() or nullif()", node)
    above, above_null = _blank_double(formulas, node.this)
    at = above.at if above_null == null else formulas.blank(above.at, above_null)
    return Value(formulas.tape.write(np.divide, at, below.at), Type.DOUBLE)


def _blank_double(formulas: Formulas, node: exp.Expr) -> tuple[Value, Place | None]:
    """Return doubles, and where they are 0 in place of NULL."""
    inner = node.unnest()
    if isinstance(inner, exp.Cast) and inner.to.is_type(exp.DataType.Type.DOUBLE):
        value = formulas.value(inner.this)
        if value.type is Type.WHOLE and value.is_blank and value.null is not None:
            return formulas.as_double(replace(value, null=None), inner), value.null
        return formulas.as_double(value, inner), None
    return formulas.double(inner), None


def _by_function(
    function: Callable[..., Any],
) -> Callable[[Formulas, exp.Func], Value]:
    def write(formulas: Formulas, node: exp.Func) -> Value:
        extra = [name for name, part in node.args.items() if part and name != "this"]
        if extra:
            raise UnknownError(f"{name_of(node)} with {extra[0]} is not known", node)
        value = formulas.double(node.this)
        return Value(formulas.tape.write(function, value.at), Type.DOUBLE)

    return write


WRITERS: Writers = {
    exp.Column: _column,
    exp.Paren: _inner,
    exp.Alias: _inner,
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Cast: _cast,
    exp.DateDiff: _between,
    exp.Neg: _negative,
    exp.Abs: _absolute,
    exp.Add: _sum,
    exp.Sub: _sum,
    exp.Mul: _product,
    exp.Div: _quotient,
    exp.Nullif: null_if,
    exp.Coalesce: first_there,
    exp.Least: least_or_greatest,
    exp.Greatest: least_or_greatest,
    exp.Case: case_when,
    exp.If: case_when,
    exp.Sqrt: _by_function(np.sqrt),
    exp.Exp: _by_function(np.exp),
    exp.Ln: _by_function(operations.logarithm),
    exp.Floor: _by_function(np.floor),
    exp.Ceil: _by_function(np.ceil),
}
