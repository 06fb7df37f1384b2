"""A run's facts once more, by column: for questions that look at every customer.

A condition that few customers meet, or a list of all who meet one, would read a million
rows of JSON. By column a question reads the few that it names, in milliseconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from serving.store.order import Order
from serving.store.rows import Row
from serving.store.tables import fact_columns, scores

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from serving.store.facts import Beside

KINDS: Mapping[str, pa.DataType] = {
    "NUMBER": pa.float64(),
    "TEXT": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "INSTANT": pa.timestamp("us", "UTC"),
}
"""What a column of each type that rules know is in memory."""

ID = "customer_id"

PART = 100_000
"""Customers in one stored piece of a column."""

CACHE_BYTES = 256 << 20
"""Columns that one process keeps in memory."""

Key = tuple[int, int, str]
"""Run, revision and name of what is held."""

PACKED = pa.ipc.IpcWriteOptions(compression="zstd")


def column_rows(scored: pa.Table, beside: Beside | None) -> Iterator[list[Row]]:
    """Yield the rows of ``fact_columns``, a part at a time, in the scores' order.

    Parameters
    ----------
    scored : Table of shape (n_customers, n_columns)
        In ``SCORE_SCHEMA``.
    beside : Beside or None
        The facts of the same customers.
    """
    table = scored.select([name for name in _of_scores() if name in scores.c])
    if beside is not None:
        facts = _aligned(beside, scored[ID])
        for field in facts.schema:
            table = table.append_column(field, facts[field.name])
    for part, start in enumerate(range(0, table.num_rows, PART)):
        some = table.slice(start, PART)
        yield [(part, name, pack(some[name])) for name in some.column_names]


def read_columns(con: Connection, *, run: int, names: Iterable[str]) -> pa.Table | None:
    """Return columns of a run, all in one order; None if the run has none by column.

    Columns that the run does not have are left out.
    """
    at = fact_columns.c
    wanted = sorted({ID, *names})
    query = (
        sa.select(at.name, at.body)
        .where(at.run == run, at.name.in_(wanted))
        .order_by(at.name, at.part)
    )
    found: dict[str, list[pa.Array]] = {}
    for name, body in con.execute(query):
        found.setdefault(name, []).append(unpack(body))
    if ID not in found:
        return None
    return pa.table({name: pa.chunked_array(parts) for name, parts in found.items()})


def pack(values: pa.ChunkedArray) -> bytes:
    """Write a piece of a column: small, and quick to read."""
    array = _plain(values.combine_chunks())
    if pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        array = coded if 2 * len(coded.dictionary) < len(array) else array
    batch = pa.record_batch([array], names=["values"])
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, batch.schema, options=PACKED) as stream:
        stream.write_batch(batch)
    return bytes(out.getvalue())


def unpack(body: bytes) -> pa.Array:
    """Read a piece of a column."""
    with pa.ipc.open_stream(body) as stream:
        array = stream.read_all()["values"].combine_chunks()
    return array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array


class ColumnCache:
    """Columns of runs in memory, the latest used.

    Parameters
    ----------
    max_bytes : int
        What they may take together.
    """

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._held: OrderedDict[Key, pa.ChunkedArray | Order] = OrderedDict()

    def read(
        self, con: Connection, *, run: int, revision: int, names: Sequence[str]
    ) -> pa.Table | None:
        """Return columns of a run as ``read_columns`` does, reading what is not held.

        Parameters
        ----------
        revision : int
            Of the run: what was read before a decision by hand is read again.
        """
        keys = {name: (run, revision, name) for name in names}
        with self._lock:
            found: dict[str, Any] = {
                name: self._held[key] for name, key in keys.items() if key in self._held
            }
        missing = [name for name in names if name not in found]
        if missing:
            read = read_columns(con, run=run, names=missing)
            if read is None:
                return None
            found |= {name: read[name] for name in missing if name in read.column_names}
        self._keep({keys[name]: column for name, column in found.items()})
        return pa.table({name: found[name] for name in names if name in found})

    def order(self, con: Connection, *, run: int, revision: int, by: str) -> Order:
        """Return the customers of a run in the order of a column of their scores.

        A decision by hand changes no number, and so no order.
        """
        key = (run, 0, f"order by {by}")
        with self._lock:
            held = self._held.get(key)
        if isinstance(held, Order):
            self._keep({key: held})
            return held
        names = sorted({ID, by})
        table = self.read(con, run=run, revision=revision, names=names)
        if table is None:
            table = _read_scores(con, run=run, names=names)
        ids = table[ID]
        order = Order.by_id(ids) if by == ID else Order.of(ids, table[by])
        self._keep({key: order})
        return order

    def held(self) -> list[Key]:
        """Return run, revision and name of what is in memory, the latest used last."""
        with self._lock:
            return list(self._held)

    def _keep(self, used: Mapping[Key, pa.ChunkedArray | Order]) -> None:
        with self._lock:
            for key, each in used.items():
                self._held[key] = each
                self._held.move_to_end(key)
            taken = sum(each.nbytes for each in self._held.values())
            while taken > self._max_bytes and self._held:
                taken -= self._held.popitem(last=False)[1].nbytes


def _read_scores(con: Connection, *, run: int, names: Sequence[str]) -> pa.Table:
    """Return columns of the rows of a run that has none by column."""
    from models.score.schema import SCORE_SCHEMA

    query = sa.select(*(scores.c[name] for name in names)).where(scores.c.run == run)
    rows = con.execute(query).all()
    values = zip(*rows, strict=True) if rows else ((),) * len(names)
    columns = [
        pa.array(each, SCORE_SCHEMA.field(name).type)
        for name, each in zip(names, values, strict=True)
    ]
    return pa.table([_plain(column) for column in columns], names=list(names))


def _of_scores() -> list[str]:
    from models.score.facts import SCORE_TYPES

    return list(SCORE_TYPES)


def _aligned(beside: Beside, ids: pa.ChunkedArray) -> pa.Table:
    """Return the facts in the order of the scores."""
    if beside.customer_id.equals(ids):
        return beside.facts
    places = pc.index_in(ids, value_set=beside.customer_id)
    return beside.facts.take(places)


def _plain(values: pa.Array) -> pa.Array:
    """Return values as the store keeps them beside the scores, too."""
    from models.score.facts import type_of

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
