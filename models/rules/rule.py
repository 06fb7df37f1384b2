"""Rules, amounts and orders: parsed once, written for any database, or run here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.rules.engine import compute_amounts, select_rows, sort_rows
from models.rules.language.nodes import Node
from models.rules.writer import CompiledRule, Dialect, Writer


@dataclass(frozen=True, slots=True)
class Parsed:
    """An expression that was read.

    Parameters
    ----------
    text : str
        As it was written.
    columns : frozenset of str
        That it names.
    tree : node
        What it says.
    """

    text: str
    columns: frozenset[str]
    tree: Node

    def to_sql(
        self, dialect: Dialect, *, column: Callable[[str], str], prefix: str = "p"
    ) -> CompiledRule:
        """Write it for a database: a condition, or a number as a double.

        Parameters
        ----------
        dialect : str
        column : callable
            A column's name to its SQL; see ``Writer`` for what each database keeps.
        prefix : str
            Begins the names of the parameters.
        """
        writer = Writer(dialect, column, prefix)
        return CompiledRule(writer.write(self.tree), writer.params)


@dataclass(frozen=True, slots=True)
class Rule(Parsed):
    """A condition on a customer, selected where it is true."""

    def select(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """Tell for each row of a table whether the condition is true.

        NaN is null, and what is unknown is not selected.
        """
        return select_rows(table, {"rule": self})["rule"]


@dataclass(frozen=True, slots=True)
class Amount(Parsed):
    """A number computed of a customer: ``churn_probability * expected_value``."""

    def compute(self, table: pa.Table) -> npt.NDArray[np.float64]:
        """Return the number for each row of a table; NaN where it is unknown."""
        return compute_amounts(table, {"amount": self})["amount"]


@dataclass(frozen=True, slots=True)
class Order:
    """What comes first.

    Parameters
    ----------
    text : str
    columns : frozenset of str
    keys : tuple of (node, bool)
        Expressions, and whether each is downwards.
    """

    text: str
    columns: frozenset[str]
    keys: tuple[tuple[Node, bool], ...]

    def to_sql(
        self, dialect: Dialect, *, column: Callable[[str], str], prefix: str = "o"
    ) -> CompiledRule:
        """Write what follows ORDER BY; the unknown comes last, text by its bytes."""
        writer = Writer(dialect, column, prefix)
        written = ", ".join(
            f"{writer.write_key(node)} {'DESC' if down else 'ASC'} NULLS LAST"
            for node, down in self.keys
        )
        return CompiledRule(written, writer.params)

    def sort(self, table: pa.Table, *, then: str | None = None) -> npt.NDArray[np.intp]:
        """Return the places of a table's rows in order.

        Parameters
        ----------
        then : str or None
            The column that breaks ties, upwards; without one the table's order does.
        """
        return sort_rows(table, self, then=then)
