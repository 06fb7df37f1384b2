"""Compute features in numpy, a block of customers at a time, on all threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.purchases.numpy.blocks import Block, read_block
from features.purchases.numpy.breadth import breadth, channels, money_back
from features.purchases.numpy.cadence import cadence, calendar, membership
from features.purchases.numpy.contacts import contacts, responses
from features.purchases.numpy.history import Grains
from features.purchases.numpy.purchases import (
    Columns,
    decay,
    dispersion,
    rfm,
    trends,
    windows,
)
from features.purchases.numpy.reading import (
    RawLog,
    Sizes,
    read_parts,
)
from features.purchases.numpy.runs import Floats, Ints, to_micros
from features.purchases.numpy.scope import Scope

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
    latest, sizes = wanted.as_ofs[-1], wanted.sizes
    parts = read_parts(con, wanted.scope, latest=latest, sizes=sizes, threads=threads)
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
            block.history.count([to_micros(each) for each in as_ofs], wanted.scope)
        tables += [_build_one(block, as_of, wanted) for as_of in as_ofs]
    return tables


def _build_one(block: Block, as_of: datetime, wanted: Wanted) -> pa.Table:
    """Return the rows of a block as of one instant."""
    instant = to_micros(as_of)
    sight = block.see(instant)
    ids, buyers = block.ids, sight.buyers
    found = dict.fromkeys(wanted.names, pa.array([], pa.float64()))
    right: Columns = {}
    if sight.again is not None:
        again = buyers[sight.places]
        right = dict(_columns(block, sight.again, again, wanted))
    if len(buyers):
        for name, values in _columns(block, sight.grains, buyers, wanted):
            if right:
                values = _replaced(values, sight.places, right[name])
            found[name] = _as_arrow(values)  # while a cache still holds it
    arrays = [
        ids if len(buyers) == len(ids) else ids.take(pa.array(buyers)),
        pa.array(np.full(len(buyers), instant), pa.timestamp("us")),
        *found.values(),
    ]
    return pa.Table.from_arrays(arrays, names=["customer_id", "as_of", *wanted.names])


def _columns(
    block: Block, grains: Grains, buyers: Ints, wanted: Wanted
) -> Iterator[tuple[str, Floats | Ints]]:
    """Yield the columns that are asked for, family by family."""
    scope, names = wanted.scope, frozenset(wanted.names)
    for family in wanted.families:
        if family == "membership":
            joined_at, has_joined = block.joined_at[buyers], block.has_joined[buyers]
            found = membership(grains, joined_at, has_joined)
        else:
            found = FAMILIES[family](grains, scope)
        yield from ((name, found[name]) for name in found.keys() & names)


def _replaced(
    values: Floats | Ints, places: Ints, right: Floats | Ints
) -> Floats | Ints:
    """Return values with others at some places."""
    found = values.astype(np.float64)
    found[places] = right
    return found


def _as_arrow(column: Floats | Ints) -> pa.Array:
    """Return a column as Arrow holds it, without a copy of what is float64."""
    values = np.ascontiguousarray(column, dtype=np.float64)
    if column.dtype.kind == "f":
        is_known = ~np.isnan(values)
        if not is_known.all():
            bits = np.packbits(is_known, bitorder="little")
            buffers = [pa.py_buffer(bits), pa.py_buffer(values)]
            return pa.Array.from_buffers(pa.float64(), len(values), buffers)
    return pa.array(values)
