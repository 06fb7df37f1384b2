"""Staged rows: each is classified once, then accepted or counted by its fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import duckdb
import pyarrow as pa

from features.door.rows.casts import NUMBER, SQL_TYPES, quote_name, quote_text
from features.door.rows.columns import Column
from features.door.rows.faults import Fault, Relation, Rules, classify_sql, list_faults

N_EXAMPLES = 3
"""Rows shown of each reason."""

FAULT, GIVEN, FILE, AT = (
    quote_name(f"door: {name}") for name in ("fault", "given", "file", "at")
)


@dataclass(frozen=True, slots=True)
class CachedFile:
    """The rows of one file, cached by an earlier reading.

    Parameters
    ----------
    rows : Path
        Its accepted rows, as Parquet.
    accepted : int
        How many they are.
    rejected : tuple of (int, int)
        Number of the fault, and how many rows have it.
    examples : tuple of (int, str or None, int)
        Number of the fault, what was given, the row.
    """

    rows: Path
    accepted: int
    rejected: tuple[tuple[int, int], ...]
    examples: tuple[tuple[int, str | None, int], ...]


NO_CACHED_FILES: Mapping[int, CachedFile] = {}


@dataclass(frozen=True, slots=True)
class Staging:
    """The rows of one table, each with its fault or none.

    Parameters
    ----------
    con : DuckDBPyConnection
        Where they are.
    table : str
        Our name of the table.
    columns : tuple of Column
        Its columns.
    rules : Rules
        What the faults depend on.
    temporary : bool
        Whether the table is seen by this connection alone.
    """

    con: duckdb.DuckDBPyConnection
    table: str
    columns: tuple[Column, ...]
    rules: Rules
    temporary: bool = False

    @property
    def name(self) -> str:
        """The temporary table that holds them."""
        return quote_name(f"staged {self.table}")

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults; a fault's number is its position."""
        return list_faults(self.columns, self.rules, {})

    def create(self) -> None:
        """Create the temporary table."""
        ours = [f"{quote_name(c.name)} {SQL_TYPES[c.kind]}" for c in self.columns]
        bookkeeping = [f"{FAULT} INTEGER", f"{GIVEN} VARCHAR", f"{FILE} INTEGER"]
        columns = ", ".join([*ours, *bookkeeping, f"{AT} BIGINT"])
        self.con.execute(f"CREATE TEMP TABLE {self.name} ({columns})")

    def add(self, relation: Relation) -> int:
        """Classify and insert rows; return how many they are."""
        query = classify_sql(relation, self.columns, self.rules)
        return self._insert(f"INSERT INTO {self.name} {query}")

    def add_malformed(self, lines: Sequence[int], *, file: int) -> int:
        """Insert a fault for each record that could not be parsed."""
        self.con.register("door_lines", pa.table({"line": pa.array(lines, pa.int64())}))
        n_rows = self._insert(
            f"INSERT INTO {self.name} ({FAULT}, {FILE}, {AT})"
            f" SELECT 0, {file}, line FROM door_lines"
        )
        self.con.unregister("door_lines")
        return n_rows

    def set_aside(self, reason: str, condition: str) -> None:
        """Give the rows without fault that meet ``condition`` this one."""
        number = [fault.reason for fault in self.faults].index(reason)
        self.con.execute(
            f"UPDATE {self.name} SET {FAULT} = {number}"
            f" WHERE {FAULT} IS NULL AND ({condition})"
        )

    def copy_file(self, number: int, path: Path) -> tuple[CachedFile, datetime | None]:
        """Write a file's sound rows; return its cache entry and its last instant."""
        ours = ", ".join(quote_name(column.name) for column in self.columns)
        rows = f"FROM {self.name} WHERE {FILE} = {number}"
        self.con.execute(
            f"COPY (SELECT {ours} {rows} AND {FAULT} IS NULL)"
            f" TO {quote_text(str(path))} (FORMAT parquet)"
        )
        counts = self.con.execute(
            f"SELECT {FAULT}, count(*), max(occurred_at) {rows}"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        cached = CachedFile(
            rows=path,
            accepted=sum(n for fault, n, _ in counts if fault is None),
            rejected=tuple((fault, n) for fault, n, _ in counts if fault is not None),
            examples=tuple(
                (fault, value, row)
                for fault, value, _, row in self._faulty(f"{FILE} = {number}")
            ),
        )
        return cached, next((last for fault, _, last in counts if fault is None), None)

    def publish(
        self,
        *,
        numbers: frozenset[str] = frozenset(),
        cached: Mapping[int, CachedFile] = NO_CACHED_FILES,
    ) -> None:
        """Create the table of the rows without fault, and drop the others.

        ``numbers`` are the attributes to be DOUBLE; ``cached`` adds its rows.
        """
        columns = ", ".join(
            f"{number_sql(c.name)} AS {quote_name(c.name)}"
            if c.name in numbers
            else quote_name(c.name)
            for c in self.columns
        )
        kind = "TEMP TABLE" if self.temporary else "TABLE"
        paths = ", ".join(quote_text(str(file.rows)) for file in cached.values())
        more = (
            f" UNION ALL SELECT {columns} FROM read_parquet([{paths}])" if paths else ""
        )
        self.con.execute(
            f"CREATE {kind} {self.table} AS"
            f" SELECT {columns} FROM {self.name} WHERE {FAULT} IS NULL{more}"
        )
        self.con.execute(f"DROP TABLE {self.name}")

    def count_faults(
        self, cached: Mapping[int, CachedFile] = NO_CACHED_FILES
    ) -> list[tuple[int | None, int]]:
        """Count the rows by their fault, those without one under None."""
        counts = self.con.execute(
            f"SELECT {FAULT}, count(*) FROM {self.name} GROUP BY ALL"
        ).fetchall()
        for file in cached.values():
            counts += [(None, file.accepted), *file.rejected]
        return counts

    def list_examples(
        self, cached: Mapping[int, CachedFile] = NO_CACHED_FILES
    ) -> list[tuple[int, str | None, int, int]]:
        """Return the first few rows of each fault: fault, value, file, row."""
        examples = self._faulty("true")
        for file, cached_file in cached.items():
            examples += [
                (fault, value, file, row) for fault, value, row in cached_file.examples
            ]
        by_fault = groupby(sorted(examples, key=itemgetter(0, 2, 3)), key=itemgetter(0))
        return [row for _, rows in by_fault for row in islice(rows, N_EXAMPLES)]

    def _faulty(self, condition: str) -> list[tuple[int, str | None, int, int]]:
        """Return the first few rows of each fault."""
        return self.con.execute(
            f"SELECT {FAULT}, {GIVEN}, {FILE}, {AT} FROM {self.name}"
            f" WHERE {FAULT} IS NOT NULL AND {condition} QUALIFY row_number()"
            f" OVER (PARTITION BY {FAULT} ORDER BY {FILE}, {AT}) <= {N_EXAMPLES}"
            f" ORDER BY {FAULT}, {FILE}, {AT}"
        ).fetchall()

    def _insert(self, statement: str) -> int:
        return int(self.con.execute(statement).fetchall()[0][0])


def set_aside_other_currencies(staging: Staging) -> str | None:
    """Keep the most common currency; rows that name none are taken to be in it."""
    rows = staging.con.execute(
        f"SELECT currency FROM {staging.name}"
        f" WHERE {FAULT} IS NULL AND currency IS NOT NULL"
        " GROUP BY ALL ORDER BY count(*) DESC, currency LIMIT 1"
    ).fetchall()
    if not rows:
        return None
    currency = str(rows[0][0])
    staging.set_aside("other_currency", f"currency <> {quote_text(currency)}")
    return currency


def set_aside_duplicates(staging: Staging) -> None:
    """Keep the last row of each customer."""
    staging.set_aside(
        "duplicate_customer_id",
        f"rowid IN (SELECT rowid FROM {staging.name} WHERE {FAULT} IS NULL"
        f" QUALIFY row_number() OVER"
        f" (PARTITION BY customer_id ORDER BY {FILE} DESC, {AT} DESC) > 1)",
    )


def numbers_among(staging: Staging, names: frozenset[str]) -> frozenset[str]:
    """Return the text attributes whose every value is a number, or true or false."""
    return frozenset(name for name in names if _holds_numbers(staging, name))


def _holds_numbers(staging: Staging, name: str) -> bool:
    rows = staging.con.execute(
        f"SELECT bool_and({is_number_sql(name)}) FROM {staging.name}"
        f" WHERE {FAULT} IS NULL"
    ).fetchall()
    return bool(rows[0][0])


def is_number_sql(name: str) -> str:
    """Return the condition for a text attribute to be a number, or true or false."""
    text = quote_name(name)
    # A leading zero tells a code, such as a postcode, from a number.
    number = (
        f"(regexp_full_match({text}, '{NUMBER}')"
        f" AND NOT regexp_matches({text}, '^[+-]?0\\d'))"
    )
    return f"{number} OR lower({text}) IN ('true', 'false')"


def number_sql(name: str) -> str:
    """Return a text attribute as a number."""
    text = quote_name(name)
    number = f"TRY_CAST({text} AS DOUBLE)"
    return (
        f"CASE lower({text}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0"
        f" ELSE CASE WHEN isfinite({number}) THEN {number} END END"
    )
