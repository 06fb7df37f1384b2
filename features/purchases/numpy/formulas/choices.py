"""Formulas that choose among values: nullif, coalesce, least and greatest, case."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas import operations
from features.purchases.numpy.formulas.formulas import Formulas, is_zero
from features.purchases.numpy.formulas.values import Truth, Type, UnknownError, Value


def null_if(formulas: Formulas, node: exp.Nullif) -> Value:
    value = formulas.value(node.this)
    mine, other = formulas.alike([value, formulas.value(node.expression)], node)
    is_nonzero = value.is_nonzero or is_zero(node.expression)
    if mine.type is Type.DOUBLE and value.type is Type.DOUBLE:
        at = formulas.tape.write(operations.null_if_equal, mine.at, other.at)
        return replace(value, at=at, is_nonzero=is_nonzero, is_blank=False)
    same = formulas.tape.write(np.equal, mine.at, other.at)
    if other.null is not None:
        there = formulas.tape.write(np.logical_not, other.null)
        same = formulas.tape.write(np.logical_and, same, there)
    if value.type is not Type.WHOLE:
        raise UnknownError("nullif() of what is no number is not known", node)
    null = formulas.any_of([value.null, same])
    return replace(value, null=null, is_nonzero=is_nonzero, is_blank=False)


def first_there(formulas: Formulas, node: exp.Coalesce) -> Value:
    values = [formulas.value(operand) for operand in (node.this, *node.expressions)]
    first, *alternatives = formulas.alike(values, node)
    or_zero = len(alternatives) == 1 and formulas.tape.is_zero(alternatives[0].at)
    if first.type is Type.WHOLE and first.is_blank and or_zero:
        return replace(first, null=None, is_positive=False, is_nonzero=False)
    return reduce(lambda a, b: _or_else(formulas, a, b), alternatives, first)


def _or_else(formulas: Formulas, a: Value, b: Value) -> Value:
    """Return one value, another where it is NULL."""
    if a.type is not Type.DOUBLE and a.null is None:
        return a
    null = formulas.null(a)
    there = Truth(formulas.tape.write(np.logical_not, null), null)
    result = formulas.choose(there, a, b)
    if a.type is Type.DOUBLE:
        return result
    both = formulas.tape.write(np.logical_and, null, formulas.null(b))
    is_known = a.null is None or b.null is None
    return replace(result, null=None if is_known else both)


def least_or_greatest(formulas: Formulas, node: exp.Least | exp.Greatest) -> Value:
    """Return the least or greatest of those that are not NULL."""
    is_least = isinstance(node, exp.Least)
    values = formulas.alike(
        [formulas.value(operand) for operand in (node.this, *node.expressions)], node
    )
    of_doubles, of_others = (np.fmin, np.minimum) if is_least else (np.fmax, np.maximum)

    def choose(a: Value, b: Value) -> Value:
        function = of_doubles if a.type is Type.DOUBLE else of_others
        result = replace(
            a,
            at=formulas.tape.write(function, a.at, b.at),
            most=max(a.most, b.most),
            null=None,
            is_blank=False,
            is_positive=a.is_positive and b.is_positive,
            is_nonzero=a.is_positive and b.is_positive,
            is_unsigned=a.is_unsigned and b.is_unsigned,
        )
        if a.null is None and b.null is None:
            return result
        return _or_else(formulas, _or_else(formulas, _none_if_any(result, a, b), a), b)

    def _none_if_any(result: Value, a: Value, b: Value) -> Value:
        return replace(result, null=formulas.any_null(a, b))

    return reduce(choose, values)


def case_when(formulas: Formulas, node: exp.Case | exp.If) -> Value:
    if node.args.get("ifs") is None:
        branches: list[Any] = [node]
        last = node.args.get("false")
    else:
        branches, last = node.args["ifs"], node.args.get("default")
        if node.this is not None:
            raise UnknownError("case of a value is not known; use case when", node)
    conditions = [formulas.truth(branch.this) for branch in branches]
    values = [formulas.value(branch.args["true"]) for branch in branches]
    values.append(formulas.value(last if last is not None else exp.Null()))
    *values, result = formulas.alike(values, node)
    for condition, value in zip(reversed(conditions), reversed(values), strict=True):
        result = formulas.choose(condition, value, result)
    return result
