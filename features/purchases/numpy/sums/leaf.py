"""What a sum is in SQL, and how it is worked out of the rows in numpy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sqlglot import exp, parse_one

from features.purchases.numpy.formulas.tape import GRAINS, Tape
from features.purchases.numpy.formulas.values import Value
from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, MOST_UNITS, Ints
from features.purchases.numpy.grains.timeline import Seen

Make = Callable[..., Any]
LARGEST_COUNT = 2**40
SQUARES = (
    "sum(cast(case when cast({0} as double) > 1e12 then 1e24 "
    "else cast({0} as double) * cast({0} as double) end as decimal(38, 8)))"
)
"""The sum of squares of money."""

RECENT = "filter (where age_days <= $days)"
YEAR_AGO = "filter (where age_days > $year - $ahead and age_days <= $back)"
NUMBER = re.compile(r"\\\$\w+")


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of rows.

    Parameters
    ----------
    make : callable
        Takes the grains and the numbers that stand for ``$name`` in its SQL, and
        returns a value a customer.
    null : callable or None
        Returns of which customers a sum of whole numbers is NULL; None for nobody.
    scale : int or None
        4 for money, which is held in ten-thousandths, None for doubles.
    is_instant : bool
        Whether it is in microseconds.
    is_positive : bool
        Whether it is larger than 0 for all who have a row.
    """

    make: Make
    null: Make | None = None
    scale: int | None = 0
    is_instant: bool = False
    is_positive: bool = False

    def value(self, tape: Tape, numbers: tuple[int, ...] = ()) -> Value:
        """Write it onto a tape."""
        places = (GRAINS, *(tape.constant(number) for number in numbers))
        return Value(
            tape.write(self.make, *places),
            scale=self.scale,
            null=tape.write(self.null, *places) if self.null else None,
            is_blank=True,
            largest=MOST_UNITS if self.scale else LARGEST_COUNT,
            is_instant=self.is_instant,
            is_positive=self.is_positive,
        )


money = partial(Sum, scale=4)
double = partial(Sum, scale=None)


def counted(runs: Callable[[Grains], Seen]) -> dict[str, Sum]:
    """Return the counts of rows: of all, and of the last days."""
    return {
        "count(*)": Sum(lambda grains: runs(grains).counts, is_positive=True),
        f"count(*) {RECENT}": Sum(
            lambda grains, n_days: runs(grains).within(grains.as_of - n_days * DAY)
        ),
    }


def summed(
    runs: Callable[[Grains], Seen],
    columns: Mapping[str, Make],
    *,
    null: Make,
    scale: int = 4,
) -> dict[str, Sum]:
    """Return the sums of columns: of all rows, and of the last days, if there are."""
    sums: dict[str, Sum] = {}
    for name, values in columns.items():

        def whole(grains: Grains, name: str = name, values: Make = values) -> Ints:
            return runs(grains).total(name, lambda: values(grains))

        def recent(
            grains: Grains, n_days: int, name: str = name, values: Make = values
        ) -> Ints:
            rows_seen = runs(grains)
            rows = rows_seen.line.running(name, lambda: values(grains))
            return rows_seen.sum_from(
                rows_seen.since(grains.as_of - n_days * DAY), rows
            )

        sums[f"sum({name})"] = Sum(whole, scale=scale)
        sums[f"sum({name}) {RECENT}"] = Sum(recent, null, scale=scale)
    return sums


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

    def find(self, node: exp.Expr, tape: Tape) -> Value | None:
        """Return the value of the sum that a part of a formula is, None for none."""
        text = _normalised(node)
        for pattern, sum_ in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return sum_.value(tape, tuple(map(int, match.groups())))
        return None

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Sum]]:
        return [
            (re.compile(NUMBER.sub(r"(\\d+)", re.escape(_read(sql)))), sum_)
            for sql, sum_ in self._sums.items()
        ]


def _read(sql: str) -> str:
    return _normalised(parse_one(sql, read="duckdb"))


def _normalised(node: exp.Expr) -> str:
    """Return a part of a query in one way of writing it, without comments."""
    node = node.copy()
    for column in node.find_all(exp.Column):
        column.set("table", None)
    return node.sql(dialect="duckdb", comments=False)
