"""A run's table becomes rows to store, each with its JSON as it is served.

DuckDB writes the JSON: for a million customers with their reasons it takes seconds
where Python takes minutes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from models.scores import SCORE_SCHEMA
from serving.store.bodies import rfc3339
from serving.store.score_rows import ScoreRows, as_rows
from serving.store.tables import scores

BATCH = 10_000
"""Rows in one transaction: short enough that other writers get their turn."""

AHEAD = 2
"""Batches that are written ahead of their use."""

MAX_ID_BYTES = 1_024
"""The 256 characters that the door lets in; PostgreSQL indexes some 2,700 bytes."""

COLUMNS = tuple(column.name for column in scores.c if column.name != "run")
"""The stored columns in order; ``run`` goes before them."""

Row = tuple[Any, ...]


def score_rows(scored: pa.Table | ScoreRows) -> Iterator[list[Row]]:
    """Yield the rows of ``COLUMNS``, a batch at a time, in the run's order.

    While a batch is used, the next is written beside.

    Raises
    ------
    DataError
        If the table is not one of scores, or holds what cannot be served.
    """
    import duckdb

    rows = as_rows(scored)
    _check(rows.figures)
    as_of = one_instant(rows.figures)
    instant = [rfc3339(as_of) if as_of else None]
    with duckdb.connect() as con:

        def write(batch: pa.Table) -> pa.Table:
            con.register("scored", _storable(batch))
            return con.sql(_query(), params=instant).to_arrow_table()

        yield from written_ahead(_batches(rows), write)


def written_ahead(
    batches: Iterable[pa.Table], write: Callable[[pa.Table], pa.Table]
) -> Iterator[list[Row]]:
    """Yield what ``write`` makes of each batch, as rows, while it makes the next."""
    waiting: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(1) as beside:
        for batch in batches:
            waiting.append(beside.submit(write, batch))
            if len(waiting) > AHEAD:
                yield _rows(waiting.popleft().result())
        while waiting:
            yield _rows(waiting.popleft().result())


def _batches(scored: ScoreRows) -> Iterator[pa.Table]:
    for chunk in scored.chunks():
        for start in range(0, chunk.num_rows, BATCH):
            yield chunk.slice(start, BATCH)


def _rows(written: pa.Table) -> list[Row]:
    return list(zip(*(c.to_pylist() for c in written.columns), strict=True))


def one_instant(scored: pa.Table) -> datetime | None:
    """Return the as_of that all rows share, None where there are no rows.

    Raises
    ------
    DataError
        If they do not share one.
    """
    found = pc.unique(scored["as_of"]).to_pylist()
    if len(found) > 1:
        raise DataError(
            f"The scores are of {len(found)} instants.",
            needed="One as_of for all rows of a run.",
        )
    return found[0] if found else None


def _query() -> str:
    """Write the SELECT; every name in it is a column of ``SCORE_SCHEMA``."""
    values = {name: f'"{name}"' for name in SCORE_SCHEMA.names}
    fields = {**values, "as_of": "$1"}
    packed = ", ".join(f'"{name}" := {value}' for name, value in fields.items())
    values["next_order_on"] = "CAST(next_order_on AS VARCHAR)"
    values["body"] = f"CAST(to_json(struct_pack({packed})) AS VARCHAR)"
    return f"SELECT {', '.join(values[name] for name in COLUMNS)} FROM scored"


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


def _storable(scored: pa.Table) -> pa.Table:
    """Turn NaN, which JSON does not know, into null; refuse what cannot be stored."""
    columns = [
        _clean(scored[field.name].combine_chunks(), field.name)
        for field in scored.schema
    ]
    return pa.Table.from_arrays(columns, schema=scored.schema)


def _clean(values: pa.Array, name: str) -> pa.Array:
    """Turn NaN into null at any depth; refuse the infinite and NUL."""
    if pa.types.is_floating(values.type):
        if pc.any(pc.is_inf(values)).as_py():
            raise DataError(f"{name} holds an infinite number.", needed="Finite ones.")
        return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if pa.types.is_string(values.type):
        if pc.any(pc.match_substring(values, "\0")).as_py():
            raise DataError(f"{name} holds a NUL character.", needed="Text without.")
        return values
    if pa.types.is_struct(values.type):
        inside = [_clean(part, name) for part in values.flatten()]
        fields = list(values.type)
        return pa.StructArray.from_arrays(inside, fields=fields, mask=values.is_null())
    if pa.types.is_list(values.type):
        return _clean_list(values, name)
    return values


def _clean_list(values: pa.Array, name: str) -> pa.Array:
    """Rebuild a list column from its cleaned items."""
    counts = pc.fill_null(pc.list_value_length(values), 0).cast(pa.int32())
    ends = pc.cumulative_sum(counts)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    items = _clean(pc.list_flatten(values), name)
    return pa.ListArray.from_arrays(
        offsets, items, type=values.type, mask=values.is_null()
    )
