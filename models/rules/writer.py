"""Write a tree as SQL of each dialect, with ONE meaning.

- NULL is unknown, and what is unknown is not selected.
- Numbers are doubles: 7 / 2 is 3.5, and x / 0 is NULL. In sums and products, a number
  beyond 1e15 is NULL and one below 1e-30 is 0, so that no database overflows.
- Texts compare by their bytes (UTF-8), ``like`` heeds case, ``lower`` and ``upper``
  change A to Z alone.
- ``least`` and ``greatest`` pass over NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Literal

from models.rules.language.constants import ESCAPE, to_glob
from models.rules.language.limits import LARGEST
from models.rules.language.nodes import Call, Column, Node, RuleType, Value

Dialect = Literal["sqlite", "postgresql", "duckdb"]

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
DUST = 1e-30
"""A number below counts as 0 in sums and products."""

CASTS: dict[RuleType, str] = {
    RuleType.NUMBER: "DOUBLE PRECISION",
    RuleType.TEXT: "TEXT",
    RuleType.DATE: "DATE",
    RuleType.INSTANT: "TIMESTAMP WITH TIME ZONE",
}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """An expression for one database.

    Parameters
    ----------
    sql : str
        With named parameters: ``:p0`` for SQLite and PostgreSQL, as SQLAlchemy's
        ``text`` takes them, ``$p0`` for DuckDB.
    params : dict
        Name to value.
    """

    sql: str
    params: dict[str, Any]


@dataclass(slots=True)
class Writer:
    """Writes one expression.

    Parameters
    ----------
    dialect : str
    column : callable
        Name to SQL. Numbers may be of any numeric type. Booleans are 0 and 1 in SQLite;
        dates are ``2011-12-09`` there and instants ``2011-12-09 12:50:00.000000``, UTC.
    prefix : str
        Begins the names of the parameters.
    """

    dialect: Dialect
    column: Callable[[str], str]
    prefix: str = "p"
    params: dict[str, Any] = field(default_factory=dict)

    def write(self, node: Node) -> str:
        """Return a node as SQL, in brackets where it needs any."""
        if isinstance(node, Value):
            return self._value(node)
        if isinstance(node, Column):
            return self._column(node)
        special = {
            "in": self._in,
            "between": self._between,
            "like": self._like,
            "/": self._divide,
            "least": self._extreme,
            "greatest": self._extreme,
            "lower": self._case,
            "upper": self._case,
        }
        if node.op in special:
            return special[node.op](node)
        if node.op in COMPARISONS:
            return self._compare(node)
        return self._plain(node)

    def _column(self, node: Column) -> str:
        """Write a column; numbers as doubles that cannot overflow."""
        sql = self.column(node.name)
        if node.type is not RuleType.NUMBER:
            return sql
        double = self._double(sql)
        return (
            f"(CASE WHEN abs({double}) < {DUST} THEN {self._double('0')}"
            f" WHEN abs({double}) <= {LARGEST} THEN {double} END)"
        )

    def _bare(self, node: Node) -> str:
        """Write a side of a comparison: there a column is what it is."""
        return self.column(node.name) if isinstance(node, Column) else self.write(node)

    def _value(self, node: Value) -> str:
        if isinstance(node.value, bool):
            return "TRUE" if node.value else "FALSE"
        return self._bind(node.value, node.type)

    def _bind(self, value: float | str, kind: RuleType) -> str:
        name = f"{self.prefix}{len(self.params)}"
        if kind is RuleType.INSTANT and self.dialect != "sqlite":
            value = f"{value}+00"
        self.params[name] = value
        mark = f"${name}" if self.dialect == "duckdb" else f":{name}"
        return mark if self.dialect == "sqlite" else f"CAST({mark} AS {CASTS[kind]})"

    def _double(self, sql: str) -> str:
        kind = "REAL" if self.dialect == "sqlite" else "DOUBLE PRECISION"
        return f"CAST({sql} AS {kind})"

    def _collated(self, node: Node) -> str:
        """Write a side of a comparison by order; text is ordered by its bytes."""
        sql = self._bare(node)
        is_text = node.type is RuleType.TEXT
        return f'{sql} COLLATE "C"' if is_text and self.dialect == "postgresql" else sql

    def _compare(self, node: Call) -> str:
        first, second = node.args
        if node.op in {"=", "<>"}:
            return f"({self._bare(first)} {node.op} {self._bare(second)})"
        return f"({self._collated(first)} {node.op} {self._bare(second)})"

    def _between(self, node: Call) -> str:
        value = self._collated(node.args[0])
        low, high = (self._bare(arg) for arg in node.args[1:])
        return f"({value} BETWEEN {low} AND {high})"

    def _in(self, node: Call) -> str:
        value, *items = node.args
        listed = ", ".join(self.write(item) for item in items)
        return f"({self._bare(value)} IN ({listed}))"

    def _like(self, node: Call) -> str:
        value, pattern = node.args
        assert isinstance(pattern, Value)
        written = str(pattern.value)
        if self.dialect == "sqlite":
            bound = self._bind(to_glob(written), RuleType.TEXT)
            return f"({self.write(value)} GLOB {bound})"
        bound = self._bind(written, RuleType.TEXT)
        return f"({self.write(value)} LIKE {bound} ESCAPE '{ESCAPE}')"

    def _divide(self, node: Call) -> str:
        dividend, divisor = (self.write(arg) for arg in node.args)
        return f"({dividend} / NULLIF({divisor}, {self._double('0')}))"

    def _extreme(self, node: Call) -> str:
        args = [self.write(arg) for arg in node.args]
        if self.dialect != "sqlite":
            return f"{node.op.upper()}({', '.join(args)})"
        # SQLite's min of many knows NULL as the least; its aggregate passes over it.
        name = "min" if node.op == "least" else "max"
        rows = ", ".join(f"({arg})" for arg in args)
        return f"(SELECT {name}(column1) FROM (VALUES {rows}))"

    def _case(self, node: Call) -> str:
        sql = self.write(node.args[0])
        if self.dialect == "duckdb":
            pair = (ascii_uppercase, ascii_lowercase)
            old, new = pair if node.op == "lower" else pair[::-1]
            return f"translate({sql}, '{old}', '{new}')"
        collation = ' COLLATE "C"' if self.dialect == "postgresql" else ""
        return f"{node.op}({sql}{collation})"

    def _plain(self, node: Call) -> str:
        if node.op == "is null":
            return f"({self._bare(node.args[0])} IS NULL)"
        args = [self.write(arg) for arg in node.args]
        if node.op in {"and", "or", "+", "-", "*"}:
            return f"({f' {node.op.upper()} '.join(args)})"
        one = {"not": "(NOT {})", "negative": "(- {})", "abs": "abs({})"}
        if node.op in one:
            return one[node.op].format(args[0])
        truth = {
            "is true": "coalesce({}, FALSE)",
            "is false": "coalesce(NOT {}, FALSE)",
        }
        if node.op in truth:
            return truth[node.op].format(args[0])
        return f"coalesce({', '.join(args)})"

    def write_key(self, node: Node) -> str:
        """Return what rows are ordered by."""
        return self._collated(node)
