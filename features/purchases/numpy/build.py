"""Compute features in numpy, a block of customers at a time, on all threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.purchases.numpy.blocks import Block, read_block
from features.purchases.numpy.formulas.tape import Program
from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import to_micros
from features.purchases.numpy.reading.log import RawLog, Sizes, read_parts
from features.purchases.plan import FeaturePlan

if TYPE_CHECKING:
    import duckdb

TOGETHER = 12
"""As_ofs whose rows are counted together: more would take more memory."""


MANY = 1_000
"""Customers from which on numpy is quicker than Arrow to find what is NULL."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be computed.

    Parameters
    ----------
    plan : FeaturePlan
    program : Program
        What makes the columns.
    names : tuple of str
        The columns, in order.
    as_ofs : tuple of datetime
        Naive UTC, ascending.
    sizes : Sizes
    """

    plan: FeaturePlan
    program: Program
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
    parts = read_parts(con, wanted.plan, latest=latest, sizes=sizes, threads=threads)
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
            block.history.count([to_micros(instant) for instant in as_ofs], wanted.plan)
        tables += [_build_one(block, as_of, wanted) for as_of in as_ofs]
    return tables


def _build_one(block: Block, as_of: datetime, wanted: Wanted) -> pa.Table:
    """Return the rows of a block as of one instant."""
    instant = to_micros(as_of)
    sight = block.see(instant)
    ids, buyers = block.ids, sight.buyers
    columns = dict.fromkeys(wanted.names, pa.array([], pa.float64()))
    right: dict[str, Any] = {}

    def give_right(name: str, values: Any) -> None:
        right[name] = values

    def give(name: str, values: Any) -> None:
        if right or not np.ndim(values):
            values = np.array(np.broadcast_to(values, len(buyers)))
        if right:
            values[sight.places] = right[name]
        columns[name] = _as_arrow(values)  # while a cache still holds it

    if sight.again is not None:
        _run(sight.again, wanted, give_right)

    if len(buyers):
        _run(sight.grains, wanted, give)
    arrays = [
        ids if len(buyers) == len(ids) else ids.take(pa.array(buyers)),
        pa.array(np.full(len(buyers), instant), pa.timestamp("us")),
        *columns.values(),
    ]
    return pa.Table.from_arrays(arrays, names=["customer_id", "as_of", *wanted.names])


def _run(grains: Grains, wanted: Wanted, give: Callable[[str, Any], None]) -> None:
    if grains.n >= MANY:
        grains.history.count_one(grains.as_of, wanted.plan)
    wanted.program.run(grains, give)


def _as_arrow(values: npt.NDArray[Any]) -> pa.Array:
    """Return a column as Arrow holds it, without a copy of what is float64."""
    if values.dtype.kind != "f":  # numbers of which none is NULL
        return pa.array(values.astype(np.float64))
    if len(values) < MANY:
        return pa.array(values, from_pandas=True)
    is_known = ~np.isnan(values)
    if is_known.all():
        return pa.array(values)
    bits = np.packbits(is_known, bitorder="little")
    buffers = [pa.py_buffer(bits), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)
