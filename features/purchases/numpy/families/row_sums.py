"""Sums that have no quicker way, row by row: count, sum, min and max, of some rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from sqlglot import exp

from features.purchases.numpy.formulas import operations
from features.purchases.numpy.formulas.expressions import WRITERS
from features.purchases.numpy.formulas.formulas import Formulas
from features.purchases.numpy.formulas.tape import GRAINS, Place, Tape
from features.purchases.numpy.formulas.values import (
    MOST_COUNT,
    Type,
    UnknownError,
    Value,
)
from features.purchases.numpy.grains.runs import MOST_UNITS
from features.purchases.numpy.sums.rows import Rows


@dataclass(frozen=True, slots=True)
class RowSums:
    """Writes sums of rows onto a tape.

    Parameters
    ----------
    tape : Tape
    rows : Rows
    """

    tape: Tape
    rows: Rows

    def value(self, node: exp.Expr) -> Value:
        """Return what a sum comes to, by customer.

        Raises
        ------
        UnknownError
            If it is none of the four, or of columns that are not known.
        """
        sum_ = node.this if isinstance(node, exp.Filter) else node
        where = self.tape.constant(True)
        if isinstance(node, exp.Filter):
            where = self._formulas().truth(node.expression.this).true
        if isinstance(sum_, exp.Count) and isinstance(sum_.this, exp.Star):
            return self._count(where)
        if type(sum_) not in (exp.Count, exp.Sum, exp.Min, exp.Max):
            raise UnknownError("this sum is not known in numpy", node)
        if isinstance(sum_.this, exp.Distinct) or sum_.expressions:
            raise UnknownError("this sum is not known in numpy", node)
        value = self._formulas().value(sum_.this)
        where = self._there(value, where)
        if isinstance(sum_, exp.Count):
            return self._count(where)
        if isinstance(sum_, exp.Sum):
            return self._sum(value, where, node)
        return self._extreme(value, where, sum_)

    def _formulas(self) -> Formulas:
        return Formulas(self.tape, self._column, WRITERS)

    def _column(self, node: exp.Column) -> Value:
        column = self.rows.columns.get(node.name.lower())
        if column is None:
            raise UnknownError(f"the rows' {node.name} is not known in numpy", node)
        return Value(
            self.tape.write(column.make, GRAINS),
            column.type,
            scale=column.scale,
            most=MOST_UNITS if column.scale else MOST_COUNT,
            null=self.tape.write(column.null, GRAINS) if column.null else None,
        )

    def _there(self, value: Value, where: Place) -> Place:
        null = self._formulas().null(value)
        there = self.tape.write(np.logical_not, null)
        return self.tape.write(np.logical_and, where, there)

    def _count(self, where: Place) -> Value:
        at = self.tape.write(self.rows.count, GRAINS, where)
        return Value(at, Type.WHOLE, most=MOST_COUNT)

    def _sum(self, value: Value, where: Place, node: exp.Expr) -> Value:
        if value.type is not Type.WHOLE:
            raise UnknownError("a sum of doubles is not exact: cast them first", node)
        n = self.tape.write(self.rows.count, GRAINS, where)
        return Value(
            self.tape.write(self.rows.sum, GRAINS, value.at, where),
            Type.WHOLE,
            scale=value.scale,
            most=MOST_UNITS,
            null=self.tape.write(np.equal, n, self.tape.constant(0)),
        )

    def _extreme(self, value: Value, where: Place, node: exp.Expr) -> Value:
        is_least = isinstance(node, exp.Min)
        find = self.rows.smallest if is_least else self.rows.largest
        if value.type is Type.DOUBLE:
            at = self.tape.write(find, GRAINS, value.at, where)
            return Value(at, Type.DOUBLE)
        if value.type not in (Type.WHOLE, Type.DATE, Type.INSTANT):
            raise UnknownError("this extreme is not known in numpy", node)
        doubles = self.tape.write(operations.to_double, value.at)
        extreme = self.tape.write(find, GRAINS, doubles, where)
        return replace(
            value,
            at=self.tape.write(operations.to_whole, extreme),
            null=self.tape.write(np.isnan, extreme),
            is_blank=False,
            is_positive=False,
            is_nonzero=False,
            is_unsigned=False,
        )
