"""What is known of a value before there are any rows, and what SQL does to some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas.tape import Operation, Place
from features.purchases.numpy.grains.runs import DAY, SumError

WHOLE_LIMIT = 2**63


class UnknownError(Exception):
    """A part of a query that is not known here, and is left to the query."""

    def __init__(self, reason: str, node: exp.Expr | None = None) -> None:
        super().__init__(reason)
        self.reason, self.node = reason, node
        self.step: str | None = None
        self.column: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A column, or a constant.

    Parameters
    ----------
    at : Place
    scale : int or None
        Decimal digits of whole numbers, which stand for decimals too; None for doubles,
        of which NaN is NULL.
    null : Place or None
        Where whole numbers are NULL; None for nowhere.
    is_blank : bool
        Whether it is 0, or NaN, where it is NULL or a customer has no row.
    largest : int
        What whole numbers do not go beyond, in size.
    is_instant : bool
        Whether they are the microseconds of an instant or of the start of a day.
    is_positive : bool
        Whether it is larger than 0 wherever it is not NULL.
    """

    at: Place
    scale: int | None = None
    null: Place | None = None
    is_blank: bool = False
    largest: int = 0
    is_instant: bool = False
    is_positive: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition of three values: where it is true, and where it is false."""

    true: Place
    false: Place


to_double = partial(np.asarray, dtype=np.float64)


def null_if_equal(values: Any, other: Any) -> Any:
    """Return doubles, NaN where they are another value."""
    return np.where(values == other, np.nan, values)


def differ(values: Any, other: Any) -> Any:
    """Tell where two doubles differ; NaN differs from nothing."""
    return (values < other) | (values > other)


def logarithm(values: Any) -> Any:
    """Return natural logarithms; of 0 and less only the query can tell."""
    if np.any(values <= 0):
        raise SumError("There is no logarithm of 0 or less.")
    return np.log(values)


def to_day(instants: Any) -> Any:
    """Return the instants at which the days of instants start."""
    return instants // DAY * DAY


def checked(function: Operation, values: Any, other: Any) -> Any:
    """Add, subtract or multiply whole numbers that might become too large."""
    doubles = function(np.asarray(values, np.float64), np.asarray(other, np.float64))
    if np.any(np.abs(doubles) >= WHOLE_LIMIT // 2):
        raise SumError("A number comes to more than 64 bits hold.")
    return function(values, other)


def name_of(node: exp.Expr) -> str:
    """Return what a part of a formula is called."""
    if isinstance(node, exp.Anonymous):
        return f"{node.name.lower()}()"
    return f"{node.sql_name().lower()}()" if isinstance(node, exp.Func) else node.key
