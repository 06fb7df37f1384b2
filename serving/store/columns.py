"""A run's facts once more, by column: for questions that look at every customer.

A condition that few customers meet, or a list of all who meet one, would read a million
rows of JSON. By column a question reads the few that it names, in milliseconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import StoreError
from models.score.fact_types import type_of
from serving.store.sort_order import SortOrder
from serving.store.tables import fact_columns

KINDS: Mapping[str, pa.DataType] = {
    "NUMBER": pa.float64(),
    "TEXT": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "INSTANT": pa.timestamp("us", "UTC"),
}
"""What a column of each type that rules know is in memory."""

ID = "customer_id"

CACHE_BYTES = 256 << 20
"""Columns that one process keeps in memory."""

Key: TypeAlias = tuple[int, int, str]
"""Run, revision and name of what is cached."""

COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


def read_columns(con: Connection, *, run: int, names: Iterable[str]) -> pa.Table:
    """Return columns of a run, ``customer_id`` among them, all in one order.

    Columns that the run does not have are left out.

    Raises
    ------
    StoreError
        If the run has no columns, and so is not whole.
    """
    at = fact_columns.c
    wanted = sorted({ID, *names})
    query = (
        sa.select(at.name, at.body)
        .where(at.run == run, at.name.in_(wanted))
        .order_by(at.name, at.part)
    )
    parts: dict[str, list[pa.Array]] = {}
    for name, body in con.execute(query):
        parts.setdefault(name, []).append(unpack(body))
    if ID not in parts:
        raise StoreError(
            f"The store lacks the columns of run {run}.",
            needed="A run that was published whole.",
            todo="Run `regulars score`.",
        )
    return pa.table({name: pa.chunked_array(column) for name, column in parts.items()})


def pack(values: pa.ChunkedArray) -> bytes:
    """Write a part of a column, so that it is small and read fast."""
    array = _plain(values.combine_chunks())
    if pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        array = coded if 2 * len(coded.dictionary) < len(array) else array
    batch = pa.record_batch([array], names=["values"])
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, batch.schema, options=COMPRESSED) as stream:
        stream.write_batch(batch)
    return bytes(out.getvalue())


def unpack(body: bytes) -> pa.Array:
    """Read a part of a column."""
    with pa.ipc.open_stream(body) as stream:
        array = stream.read_all()["values"].combine_chunks()
    return array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array


class ColumnCache:
    """Columns of runs in memory, those used last.

    Parameters
    ----------
    max_bytes : int
        How much memory they may take in all.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._cached: OrderedDict[Key, pa.ChunkedArray | SortOrder] = OrderedDict()

    def read(
        self, con: Connection, *, run: int, revision: int, names: Sequence[str]
    ) -> pa.Table:
        """Return columns of a run as ``read_columns`` does, reading what is not cached.

        Parameters
        ----------
        revision : int
            Of the run: what was read before a decision by hand is read again.
        """
        keys = {name: (run, revision, name) for name in names}
        with self._lock:
            columns: dict[str, pa.ChunkedArray] = {
                name: self._cached[key]
                for name, key in keys.items()
                if key in self._cached
            }
        missing = [name for name in names if name not in columns]
        if missing:
            table = read_columns(con, run=run, names=missing)
            columns |= {
                name: table[name] for name in missing if name in table.column_names
            }
        self._use({keys[name]: column for name, column in columns.items()})
        return pa.table({name: columns[name] for name in names if name in columns})

    def order(self, con: Connection, *, run: int, revision: int, by: str) -> SortOrder:
        """Return the customers of a run sorted by a column of their scores.

        A decision by hand changes no number, and so no order.
        """
        key = (run, 0, f"order by {by}")
        with self._lock:
            order = self._cached.get(key)
        if not isinstance(order, SortOrder):
            table = self.read(con, run=run, revision=revision, names=sorted({ID, by}))
            ids = table[ID]
            order = SortOrder.by_id(ids) if by == ID else SortOrder.of(ids, table[by])
        self._use({key: order})
        return order

    def keys(self) -> list[Key]:
        """Return run, revision and name of what is cached, what was used last last."""
        with self._lock:
            return list(self._cached)

    def _use(self, used: Mapping[Key, pa.ChunkedArray | SortOrder]) -> None:
        """Put what was used last, and forget what was not used for longest."""
        with self._lock:
            for key, column in used.items():
                self._cached[key] = column
                self._cached.move_to_end(key)
            n_bytes = sum(column.nbytes for column in self._cached.values())
            while n_bytes > self._max_bytes and self._cached:
                n_bytes -= self._cached.popitem(last=False)[1].nbytes


def _plain(values: pa.Array) -> pa.Array:
    """Return values as the JSON of facts has them."""
    kind = type_of(values.type)
    if kind is None:
        return values
    values = values.cast(KINDS[kind.name])
    if pa.types.is_floating(values.type):
        unknown = pa.scalar(None, values.type)
        return pc.if_else(pc.is_finite(values), values, unknown)
    if pa.types.is_string(values.type):
        return pc.replace_substring(values, pattern="\0", replacement="")
    return values
