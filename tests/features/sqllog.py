"""A log made in memory, for the tests of the queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

COLUMNS = {
    "transactions": (
        "customer_id varchar, occurred_at timestamp, amount double, order_id varchar, "
        "product_id varchar, category varchar, quantity double, discount double, "
        "cost double, channel varchar, currency varchar, known_at timestamp"
    ),
    "interactions": (
        "customer_id varchar, occurred_at timestamp, type varchar, direction varchar, "
        "channel varchar, value double, owner_id varchar, minutes double, cost double, "
        "known_at timestamp"
    ),
    "customers": "customer_id varchar, joined_at timestamp",
}


@dataclass(frozen=True, slots=True)
class TableLog:
    """The tables of a log, without the door."""

    con: duckdb.DuckDBPyConnection


def open_log(**tables: Sequence[Mapping[str, Any]]) -> TableLog:
    con = duckdb.connect()
    for table, columns in COLUMNS.items():
        con.execute(f"create table {table} ({columns})")
        for row in tables.get(table, ()):
            marks = ", ".join("?" for _ in row)
            con.execute(
                f"insert into {table} ({', '.join(row)}) values ({marks})",
                list(row.values()),
            )
    return TableLog(con)
