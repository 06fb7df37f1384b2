"""What a sum is in SQL, and how it is worked out of the rows in numpy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot import exp, parse_one

from features.purchases.numpy.formulas.tape import GRAINS, Tape
from features.purchases.numpy.formulas.values import MOST_COUNT, Type, Value
from features.purchases.numpy.grains.runs import MOST_UNITS

Make = Callable[..., Any]
SQUARES = (
    "sum(cast(case when cast({0} as double) > 1e12 then 1e24 "
    "else cast({0} as double) * cast({0} as double) end as decimal(38, 8)))"
)
"""The sum of squares of money."""

NUMBER = re.compile(r"\\\$\w+")


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of rows.

    Parameters
    ----------
    make : callable
        Takes the grains and the numbers that stand for ``$name`` in its SQL, and
        returns a value a customer.
    type : Type
    scale : int
        4 for money, which is held in ten-thousandths.
    null : callable or None
        Returns of which customers a sum that is no double is NULL, those without any
        row among them; None for nobody.
    is_positive : bool
        Whether it is larger than 0 for all who have a row.
    is_signed : bool
        Whether it can be less than 0.
    """

    make: Make
    type: Type = Type.WHOLE
    scale: int = 0
    null: Make | None = None
    is_positive: bool = False
    is_signed: bool = False

    def value(self, tape: Tape, numbers: tuple[int, ...]) -> Value:
        """Write it onto a tape."""
        places = (GRAINS, *(tape.constant(number) for number in numbers))
        return Value(
            tape.write(self.make, *places),
            self.type,
            scale=self.scale,
            most=MOST_UNITS if self.scale else MOST_COUNT,
            null=tape.write(self.null, *places) if self.null else None,
            is_blank=self.type in (Type.WHOLE, Type.DOUBLE),
            is_positive=self.is_positive,
            is_nonzero=self.is_positive,
            is_unsigned=not self.is_signed,
        )


class Step:
    """The sums of one kind of rows.

    Parameters
    ----------
    sums : mapping of str to Sum
        By what they are in SQL.
    is_there : callable or None
        Returns which customers have any row; None where all have.
    """

    def __init__(self, sums: Mapping[str, Sum], is_there: Make | None = None) -> None:
        self._sums = sums
        self.is_there = is_there

    def find(self, node: exp.Expr) -> tuple[Sum, tuple[int, ...]] | None:
        """Return the sum that a part of a formula is, and the numbers in it."""
        text = normal(node)
        if text in self._exact:
            return self._exact[text], ()
        for pattern, sum_ in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return sum_, tuple(int(number) for number in match.groups())
        return None

    @cached_property
    def _exact(self) -> Mapping[str, Sum]:
        plain = {sql: sum_ for sql, sum_ in self._sums.items() if "$" not in sql}
        return {_read(sql): sum_ for sql, sum_ in plain.items()}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Sum]]:
        return [
            (re.compile(NUMBER.sub(r"(\\d+)", re.escape(_read(sql)))), sum_)
            for sql, sum_ in self._sums.items()
            if "$" in sql
        ]


def normal(node: exp.Expr) -> str:
    """Return a part of a query in the one way of writing it, without comments."""
    node = node.copy()
    for column in node.find_all(exp.Column):
        column.set("table", None)
    return node.sql(dialect="duckdb", comments=False)


def _read(sql: str) -> str:
    return normal(parse_one(sql, read="duckdb"))


def money(make: Make, null: Make | None = None, *, is_signed: bool = False) -> Sum:
    """Return a sum of money."""
    return Sum(make, scale=4, null=null, is_signed=is_signed)


def double(make: Make, *, is_positive: bool = False) -> Sum:
    """Return a value that is a double, NaN for NULL."""
    return Sum(make, Type.DOUBLE, is_positive=is_positive)
