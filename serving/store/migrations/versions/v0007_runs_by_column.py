"""Store every kept run by column: runs are read in no other way.

Runs that were published before 0005 have none of the columns; they are written from the
rows that were stored of them.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

CUSTOMERS_PER_PART = 100_000
NUMBERS = (
    "churn_probability",
    "expected_value",
    "value_low",
    "value_high",
    "expected_orders",
    "cluster",
    "priority",
    "value_at_risk",
)
TEXTS = ("customer_id", "risk_band", "lifecycle_stage", "tier", "score_basis")

RUNS = sa.text(
    "SELECT number, context FROM runs WHERE state = 'published'"
    " AND number NOT IN (SELECT run FROM fact_columns)"
)
ROWS = sa.text(
    "SELECT s.*, CAST(f.facts AS TEXT) AS facts FROM scores s"
    " LEFT JOIN facts f ON f.run = s.run AND f.customer_id = s.customer_id"
    " WHERE s.run = :run ORDER BY s.customer_id"
)
INSERT = sa.text(
    "INSERT INTO fact_columns (run, part, name, body)"
    " VALUES (:run, :part, :name, :body)"
)


def upgrade() -> None:
    """Write the columns of runs that have none."""
    con = op.get_bind()
    for run, context in con.execute(RUNS).all():
        types = {
            **dict.fromkeys(TEXTS, "TEXT"),
            **dict.fromkeys(NUMBERS, "NUMBER"),
            "next_order_on": "DATE",
            **json.loads(context).get("facts", {}),
        }
        rows = con.execute(ROWS, {"run": run})
        for part, chunk in enumerate(parts_of(rows)):
            columns = columns_of(chunk, types)
            for name, values in columns.items():
                con.execute(
                    INSERT,
                    {"run": run, "part": part, "name": name, "body": write(values)},
                )


def downgrade() -> None:
    """Leave them: the code before reads them too."""


def parts_of(rows: sa.CursorResult[Any]) -> Iterator[list[sa.Row[Any]]]:
    """Yield the rows of each part; of a run without customers, one empty part."""
    chunk = list(rows.fetchmany(CUSTOMERS_PER_PART))
    yield chunk
    while chunk := list(rows.fetchmany(CUSTOMERS_PER_PART)):
        yield chunk


def columns_of(
    rows: list[sa.Row[Any]], types: Mapping[str, str]
) -> dict[str, pa.Array]:
    """Return the columns of some customers."""
    of_score = {*TEXTS, *NUMBERS, "next_order_on"}
    described = [name for name in types if name not in of_score]
    facts = [json.loads(row.facts) if row.facts else [] for row in rows]
    columns = {}
    for name, kind in types.items():
        if name in of_score:
            values = [getattr(row, name) for row in rows]
        else:
            place = described.index(name)
            values = [row[place] if row else None for row in facts]
        columns[name] = column_of(values, kind)
    return columns


def column_of(values: list[Any], kind: str) -> pa.Array:
    """Return values as a column of the type that rules know."""
    if kind == "NUMBER":
        floats = [None if value is None else float(value) for value in values]
        return pa.array(floats, pa.float64())
    if kind == "DATE":
        days = [
            date.fromisoformat(value) if isinstance(value, str) else value
            for value in values
        ]
        return pa.array(days, pa.date32())
    if kind == "INSTANT":
        instants = [
            value and datetime.fromisoformat(value).replace(tzinfo=UTC)
            for value in values
        ]
        return pa.array(instants, pa.timestamp("us", "UTC"))
    return pa.array(values, pa.bool_() if kind == "BOOLEAN" else pa.string())


def write(values: pa.Array) -> bytes:
    """Return a column as Arrow's stream of one batch."""
    batch = pa.record_batch([values], names=["values"])
    out = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(out, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    return bytes(out.getvalue())
