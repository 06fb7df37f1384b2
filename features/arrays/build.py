"""Compute features in numpy, a block of customers at a time, on all threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa

from features.arrays.blocks import Block, read_block
from features.arrays.breadth import breadth, channels, money_back
from features.arrays.cadence import cadence, calendar, membership
from features.arrays.contacts import Contacts, contacts, responses
from features.arrays.grains import Grains, Moments, find_moments, make_grains
from features.arrays.items import Items
from features.arrays.lines import Lines, find_buyers
from features.arrays.purchases import Columns, decay, dispersion, rfm, trends, windows
from features.arrays.reading import (
    RawLog,
    Sizes,
    read_parts,
)
from features.arrays.runs import Ints
from features.arrays.scope import Scope

if TYPE_CHECKING:
    import duckdb

Rows = TypeVar("Rows", Lines, Moments, Items, Contacts)

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)

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
}
"""Families of what was bought alone."""

OF_CONTACTS: Mapping[str, Callable[[Grains, Scope, Contacts], Columns]] = {
    "contacts": contacts,
    "responses": responses,
}
COVERED = frozenset({*FAMILIES, *OF_CONTACTS, "membership"})
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
    latest = wanted.as_ofs[-1]
    for raw in read_parts(con, wanted.scope, latest=latest, sizes=wanted.sizes):
        if raw.n_blocks == 1 or threads == 1:
            for number in range(raw.n_blocks):
                yield from enumerate(build_block(raw, number, wanted))
            continue
        with ThreadPoolExecutor(threads) as pool:
            ahead: deque[Future[list[pa.Table]]] = deque()
            for number in range(raw.n_blocks):
                ahead.append(pool.submit(build_block, raw, number, wanted))
                if len(ahead) > 2 * threads:  # so that few wait to be taken
                    yield from enumerate(ahead.popleft().result())
            for waiting in ahead:
                yield from enumerate(waiting.result())


def build_block(raw: RawLog, number: int, wanted: Wanted) -> list[pa.Table]:
    """Return the rows of a block as of each instant."""
    block = read_block(raw, number)
    return [_build_one(block, as_of, wanted) for as_of in wanted.as_ofs]


def _build_one(block: Block, as_of: datetime, wanted: Wanted) -> pa.Table:
    """Return the rows of a block as of one instant."""
    instant = (as_of - EPOCH) // MICROSECOND
    left = find_buyers(block.lines, instant, n=len(block.ids))
    columns: Columns = {}
    if len(left):
        grains = _see(block, instant, left)
        columns = _compute(block, grains, left, wanted)
    arrays = [
        block.ids.take(pa.array(left)),
        pa.array(np.full(len(left), instant), pa.timestamp("us")),
        *(_as_arrow(columns, name) for name in wanted.names),
    ]
    return pa.Table.from_arrays(arrays, names=["customer_id", "as_of", *wanted.names])


def _see(block: Block, instant: int, left: Ints) -> Grains:
    """Return the grains of what is seen before an instant, of the customers left."""
    n = len(block.ids)
    if block.moments is None:
        moments = find_moments(_seen(block.lines, instant, left, n))
    else:
        moments = _seen(block.moments, instant, left, n)
    return make_grains(
        moments,
        _seen(block.products, instant, left, n),
        _seen(block.categories, instant, left, n),
        as_of=instant,
        n=len(left),
    )


def _compute(block: Block, grains: Grains, left: Ints, wanted: Wanted) -> Columns:
    """Return the columns of all families that are asked for."""
    scope, families = wanted.scope, wanted.families
    found: Columns = {}
    for family in families:
        if family in FAMILIES:
            found |= FAMILIES[family](grains, scope)
    if "membership" in families:
        found |= membership(grains, block.joined_at[left], block.has_joined[left])
    if any(family in OF_CONTACTS for family in families):
        known = _seen(block.contacts, grains.as_of, left, len(block.ids))
        for family, compute in OF_CONTACTS.items():
            if family in families:
                found |= compute(grains, scope, known)
    return found


def _seen(rows: Rows, instant: int, left: Ints, n: int) -> Rows:
    """Leave out what was not known before an instant, and all customers but some.

    The customers left, of n, are numbered anew.
    """
    is_seen = rows.seen_at < instant
    if len(left) < n:
        is_left = np.zeros(n, np.bool_)
        is_left[left] = True
        is_seen &= is_left[rows.who]
    if is_seen.all():
        found = rows
    else:
        found = rows.take(np.flatnonzero(is_seen))
    if len(left) < n:
        numbers = np.empty(n, np.int64)
        numbers[left] = np.arange(len(left))
        found = replace(found, who=numbers[found.who])
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
