"""What is known of a value before there are any rows: its type, where it is NULL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlglot import exp

from features.purchases.numpy.formulas.tape import Place

MOST_WHOLE = 2**63
"""What a whole number of 64 bits stays below."""

MOST_COUNT = 2**40
"""Beyond all counts of rows."""


class Type(Enum):
    """How a value is held."""

    WHOLE = "whole numbers, or decimals as whole numbers of their last digit"
    DOUBLE = "doubles, NaN for NULL"
    ROUNDED = "sums of decimals that are held as doubles: good for a cast to double"
    INSTANT = "microseconds"
    DATE = "days"
    NULL = "NULL and nothing else"


@dataclass(frozen=True, slots=True)
class Value:
    """A column, or a constant.

    Parameters
    ----------
    at : Place
    type : Type
    scale : int
        Decimal digits of whole numbers.
    most : int
        What whole numbers do not go beyond, in size.
    null : Place or None
        Where it is NULL, of what is no double; None for nowhere.
    is_blank : bool
        Whether it is 0 where it is NULL, and NaN if it is a double: also of customers
        whose row is not there at all.
    is_positive, is_nonzero, is_unsigned : bool
        Whether it is larger than 0, or not 0, or not less than 0, wherever it is not
        NULL.
    """

    at: Place
    type: Type
    scale: int = 0
    most: int = 0
    null: Place | None = None
    is_blank: bool = False
    is_positive: bool = False
    is_nonzero: bool = False
    is_unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition of three values: where it is true, and where it is false."""

    true: Place
    false: Place


class UnknownError(Exception):
    """A part of a query that is not known here, and is left to the query.

    Parameters
    ----------
    reason : str
    node : Expr or None
        The part.
    """

    def __init__(self, reason: str, node: exp.Expr | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.node = node
        self.step: str | None = None
        self.column: str | None = None
