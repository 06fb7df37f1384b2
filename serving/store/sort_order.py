"""The customers of a run by what a column holds, read on from anywhere."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Places = npt.NDArray[np.int32]

CUSTOMERS_IN_FIRST_STEP = 1_000
"""Customers in the first step of a walk; each next one is twice as long."""


@dataclass(frozen=True, slots=True)
class SortOrder:
    """Customers by a column, upwards: equals by id, those without a value last.

    Parameters
    ----------
    ids : ChunkedArray of shape (n_customers,)
        As the run has them.
    places : array of shape (n_customers,)
        Where among the ids each customer stands, in order.
    values : array of shape (n_known,)
        What the first of them have in the column, upwards.
    """

    ids: pa.ChunkedArray
    places: Places
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, ids: pa.ChunkedArray, column: pa.ChunkedArray) -> SortOrder:
        """Sort customers by a column of numbers that may lack values."""
        table = pa.table({"value": column, "id": ids})
        keys = [("value", "ascending"), ("id", "ascending")]
        indices = pc.sort_indices(table, sort_keys=keys)  # nulls last
        with_value = indices.slice(0, len(column) - column.null_count)
        values = np.from_dlpack(column.take(with_value).combine_chunks())
        return cls(ids, _places(indices), np.asarray(values, np.float64))

    @classmethod
    def by_id(cls, ids: pa.ChunkedArray) -> SortOrder:
        """Sort customers by their ids, as if they all had 0."""
        return cls(ids, _places(pc.sort_indices(ids)), np.zeros(len(ids)))

    @property
    def nbytes(self) -> int:
        """Return what it takes in memory beside the ids."""
        return int(self.places.nbytes + self.values.nbytes)

    def n_above(self, value: float) -> int:
        """Count who has more."""
        return len(self.values) - int(np.searchsorted(self.values, value, "right"))

    def n_equal_before(self, value: float, customer_id: str) -> int:
        """Count who has as much, and a lesser id."""
        first, last = self._equals(value)
        return bisect_left(range(last), customer_id, first, key=self._id) - first

    def walk(
        self, *, down: bool, after: tuple[float | None, str] | None = None
    ) -> Iterator[Places]:
        """Yield the places of all customers, or of those after one, some at a time.

        Downwards those without a value come last too, and upwards by id.
        """
        n_known = len(self.values)
        with_value, without = self.places[:n_known], self.places[n_known:]
        if after is not None:
            value, name = after
            if value is None:
                everyone = range(len(self.places))
                at = bisect_right(everyone, name, n_known, key=self._id)
                with_value, without = with_value[:0], self.places[at:]
            else:
                first, last = self._equals(value)
                cut = bisect_left if down else bisect_right
                at = cut(range(last), name, first, key=self._id)
                with_value = with_value[:at] if down else with_value[at:]
        yield from _steps(with_value[::-1] if down else with_value)
        yield from _steps(without)

    def _equals(self, value: float) -> tuple[int, int]:
        """Return where those who have as much begin and end."""
        first = np.searchsorted(self.values, value, "left")
        last = np.searchsorted(self.values, value, "right")
        return int(first), int(last)

    def _id(self, at: int) -> str:
        name: str = self.ids[int(self.places[at])].as_py()
        return name


def take(column: pa.ChunkedArray, places: Places) -> pa.ChunkedArray:
    """Return the values at some places.

    Here and elsewhere in this module numpy and Arrow hand on their memory: asked to
    convert, Arrow loads pandas, which looking customers up does without.
    """
    buffers = [None, pa.py_buffer(np.ascontiguousarray(places))]
    return column.take(pa.Array.from_buffers(pa.int32(), len(places), buffers))


def among(column: pa.ChunkedArray, texts: Sequence[str]) -> Places:
    """Return the places where a column holds one of some texts."""
    written = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, written)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(written))]
    wanted = pa.Array.from_buffers(pa.string(), len(written), buffers)
    # In one piece: without a chunk, which is what taking nobody leaves, Arrow crashes.
    held_by = pc.is_in(column, value_set=wanted).combine_chunks()
    return _places(pc.indices_nonzero(held_by))


def _places(indices: pa.Array) -> Places:
    return np.from_dlpack(indices).astype(np.int32)


def _steps(places: Places) -> Iterator[Places]:
    start, step = 0, CUSTOMERS_IN_FIRST_STEP
    while start < len(places):
        yield places[start : start + step]
        start, step = start + step, 2 * step
