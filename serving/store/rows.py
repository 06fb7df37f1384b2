"""A run's table becomes rows to store, each with its JSON as it is served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import DataError
from serving.store.json.around_rank import BEFORE, join_halves, with_halves
from serving.store.json.score_rows import ScoreRows, as_rows
from serving.store.json.storable import storable
from serving.store.tables import scores

ROWS_PER_INSERT = 10_000
"""Rows that are made and inserted at a time."""

BATCHES_AHEAD = 2
"""Batches that are written ahead of their use."""

MAX_ID_BYTES = 1_024
"""The 256 characters that the door lets in; PostgreSQL indexes some 2,700 bytes."""

COLUMNS = tuple(column.name for column in scores.c if column.name != "run")
"""The stored columns in order; ``run`` goes before them."""

Row = tuple[Any, ...]
"""Values to store. A score's body is bytes, as Arrow has it: to make text of them takes
longer than to write them."""


def score_rows(scored: pa.Table | ScoreRows) -> Iterator[list[Row]]:
    """Yield the rows of ``COLUMNS``, a batch at a time, in the run's order.

    While a batch is used, the next is written beside.

    Raises
    ------
    DataError
        If the table is not one of scores, or holds what cannot be served.
    """
    rows = as_rows(scored)
    _check(rows.figures)
    one_instant(rows.figures)
    yield from written_ahead(_batches(rows), _write)


def insert_rows(
    con: Connection, rows: Sequence[Row], *, run: int, into: sa.Table = scores
) -> None:
    """Insert rows of a run, each without its number, the fast way of each database."""
    names = ", ".join(column.name for column in into.c)
    as_bytes = _texts_as_bytes(rows, into)
    if con.dialect.name == "sqlite":
        marks = ["?"] * (len(into.c) - 1)
        for place in as_bytes:
            marks[place] = "CAST(? AS TEXT)"
        con.exec_driver_sql(
            f"INSERT INTO {into.name} ({names}) VALUES ({run:d}, {', '.join(marks)})",
            list(rows),
        )
        return
    cursor: Any = con.connection.cursor()
    with cursor, cursor.copy(f"COPY {into.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            values = list(row)
            for place in as_bytes:
                values[place] = values[place].decode()
            copy.write_row((run, *values))


def _texts_as_bytes(rows: Sequence[Row], into: sa.Table) -> list[int]:
    """Return where rows hold the bytes of what the table keeps as text."""
    types = [column.type for column in into.c][1:]
    return [
        place
        for place, (value, kind) in enumerate(zip(rows[0], types, strict=True))
        if isinstance(value, bytes) and isinstance(kind, sa.Text)
    ]


def _write(batch: pa.Table) -> pa.Table:
    """Return what is stored of scores; where their JSON is not there, it is written."""
    halves = batch if BEFORE in batch.column_names else with_halves(batch)
    plain = storable(batch.select([name for name in COLUMNS if name != "body"]))
    day = plain.column_names.index("next_order_on")
    plain = plain.set_column(day, "next_order_on", plain[day].cast(pa.string()))
    return plain.append_column("body", join_halves(halves).cast(pa.binary()))


def written_ahead(
    batches: Iterable[pa.Table], write: Callable[[pa.Table], pa.Table]
) -> Iterator[list[Row]]:
    """Yield what ``write`` makes of each batch, as rows, while the next is made."""
    written = map(write, batches)
    with ThreadPoolExecutor(1) as beside:
        waiting = deque(
            beside.submit(next, written, None) for _ in range(BATCHES_AHEAD)
        )
        while (batch := waiting.popleft().result()) is not None:
            waiting.append(beside.submit(next, written, None))
            yield _rows(batch)


def _batches(scored: ScoreRows) -> Iterator[pa.Table]:
    for chunk in scored.chunks_to_store():
        for start in range(0, chunk.num_rows, ROWS_PER_INSERT):
            yield chunk.slice(start, ROWS_PER_INSERT)


def _rows(written: pa.Table) -> list[Row]:
    return list(zip(*(c.to_pylist() for c in written.columns), strict=True))


def one_instant(scored: pa.Table) -> datetime | None:
    """Return the as_of that all rows share, None where there are no rows.

    Raises
    ------
    DataError
        If they do not share one.
    """
    instants = pc.unique(scored["as_of"]).to_pylist()
    if len(instants) > 1:
        raise DataError(
            f"The scores are of {len(instants)} instants.",
            needed="One as_of for all rows of a run.",
        )
    return instants[0] if instants else None


def _check(scored: pa.Table) -> None:
    """Refuse scores that name a customer twice, or by what cannot be a key."""
    ids = scored["customer_id"]
    if pc.count_distinct(ids).as_py() != scored.num_rows:
        raise DataError("A customer has two scores.", needed="One row a customer.")
    longest = pc.max(pc.binary_length(ids)).as_py() or 0
    if longest > MAX_ID_BYTES:
        raise DataError(
            f"A customer_id has {longest} bytes.",
            needed=f"At most {MAX_ID_BYTES}.",
            todo="Use the key of your customer table as customer_id.",
        )
