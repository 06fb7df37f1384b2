"""Compute features in numpy, a block of customers at a time, on all threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.arrays.blocks import Block, read_block
from features.arrays.breadth import breadth, channels, money_back
from features.arrays.cadence import cadence, calendar, membership
from features.arrays.contacts import contacts, responses
from features.arrays.history import Grains
from features.arrays.purchases import Columns, decay, dispersion, rfm, trends, windows
from features.arrays.reading import (
    RawLog,
    Sizes,
    read_parts,
)
from features.arrays.runs import Floats, Ints, to_micros
from features.arrays.scope import Scope

if TYPE_CHECKING:
    import duckdb

TOGETHER = 12
"""As_ofs whose rows are counted together: more would take more memory."""

FAMILIES: Mapping[str, Callable[[Grains, Scope], Columns]] = {
    "rfm": rfm,
    "windows": windows,
    "cadence": cadence,
    "trends": trends,
    "dispersion": dispersion,
    "decay": decay,
    "breadth": breadth,
    "money_back": money_back,
    "channels": channels,
    "calendar": calendar,
    "contacts": contacts,
    "responses": responses,
}
COVERED = frozenset({*FAMILIES, "membership"})
"""Families that are worked out here; the others are by their SQL."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be computed.

    Parameters
    ----------
    scope : Scope
    families : tuple of str
    names : tuple of str
        The columns, in order.
    as_ofs : tuple of datetime
        Naive UTC, ascending.
    sizes : Sizes
    """

    scope: Scope
    families: tuple[str, ...]
    names: tuple[str, ...]
    as_ofs: tuple[datetime, ...]
    sizes: Sizes = Sizes()


def build_tables(
    con: duckdb.DuckDBPyConnection, wanted: Wanted
) -> Iterator[tuple[int, pa.Table]]:
    """Compute the features of one block of customers after another.

    Yields
    ------
    int, Table
        Place of the as_of, and the rows of a block as of it, sorted by customer. For
        each as_of the blocks come in the order of the customers.
    """
    [(threads,)] = con.execute("select current_setting('threads')").fetchall()
    parts = read_parts(con, wanted.scope, latest=wanted.as_ofs[-1], sizes=wanted.sizes)
    if threads == 1:
        for raw in parts:
            for number in range(raw.n_blocks):
                yield from enumerate(build_block(raw, number, wanted))
        return
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[list[pa.Table]]] = deque()
        for raw in parts:  # the next one is read while blocks of this one are built
            for number in range(raw.n_blocks):
                ahead.append(pool.submit(build_block, raw, number, wanted))
                if len(ahead) > 2 * threads:  # so that few wait to be taken
                    yield from enumerate(ahead.popleft().result())
        while ahead:
            yield from enumerate(ahead.popleft().result())


def build_block(raw: RawLog, number: int, wanted: Wanted) -> list[pa.Table]:
    """Return the rows of a block as of each instant."""
    block = read_block(raw, number)
    tables: list[pa.Table] = []
    for start in range(0, len(wanted.as_ofs), TOGETHER):
        as_ofs = wanted.as_ofs[start : start + TOGETHER]
        if len(as_ofs) > 1:
            block.history.count(_instants(as_ofs, wanted.scope))
        tables += [_build_one(block, as_of, wanted) for as_of in as_ofs]
    return tables


def _instants(as_ofs: Sequence[datetime], scope: Scope) -> Ints:
    """Return all instants from which features count, ascending."""
    days = [timedelta(days=age) for age in scope.ages]
    found = {to_micros(as_of - age) for as_of in as_ofs for age in days}
    return np.array(sorted(found), np.int64)


def _build_one(block: Block, as_of: datetime, wanted: Wanted) -> pa.Table:
    """Return the rows of a block as of one instant."""
    instant = to_micros(as_of)
    sight = block.see(instant)
    ids, buyers = block.ids, sight.buyers
    columns = _compute(block, sight.grains, buyers, wanted) if len(buyers) else {}
    if sight.again is not None:
        right = _compute(block, sight.again, buyers[sight.places], wanted)
        columns = {
            name: _replaced(column, sight.places, right[name])
            for name, column in columns.items()
        }
    arrays = [
        ids if len(buyers) == len(ids) else ids.take(pa.array(buyers)),
        pa.array(np.full(len(buyers), instant), pa.timestamp("us")),
        *(_as_arrow(columns, name) for name in wanted.names),
    ]
    return pa.Table.from_arrays(arrays, names=["customer_id", "as_of", *wanted.names])


def _compute(block: Block, grains: Grains, buyers: Ints, wanted: Wanted) -> Columns:
    """Return the columns of all families that are asked for."""
    scope, families = wanted.scope, wanted.families
    found: Columns = {}
    for family in families:
        if family in FAMILIES:
            found |= FAMILIES[family](grains, scope)
    if "membership" in families:
        joined_at, has_joined = block.joined_at[buyers], block.has_joined[buyers]
        found |= membership(grains, joined_at, has_joined)
    return found


def _replaced(values: Floats | Ints, places: Ints, right: Floats | Ints) -> Floats:
    """Return values with others at some places."""
    found = values.astype(np.float64)
    found[places] = right
    return found


def _as_arrow(columns: Columns, name: str) -> pa.Array:
    """Return a column as Arrow holds it, without a copy of what is float64."""
    if name not in columns:
        return pa.array([], pa.float64())
    values = np.ascontiguousarray(columns[name], dtype=np.float64)
    if columns[name].dtype.kind == "f":
        is_none = np.isnan(values)
        if is_none.any():
            bits = np.packbits(~is_none, bitorder="little")
            buffers = [pa.py_buffer(bits), pa.py_buffer(values)]
            return pa.Array.from_buffers(pa.float64(), len(values), buffers)
    return pa.array(values)
