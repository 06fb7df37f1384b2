"""What of scores can be stored and served: NaN becomes null, infinity and NUL go not.

Nearly all values are sound, so a column is looked at before any is rewritten.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError

Bytes = npt.NDArray[np.uint8]


def storable(table: pa.Table) -> pa.Table:
    """Turn NaN, which neither a store nor JSON knows, into null.

    Raises
    ------
    DataError
        If a number is infinite or a text holds NUL.
    """
    columns = [
        storable_column(table[field.name].combine_chunks(), field.name)
        for field in table.schema
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def storable_column(values: pa.Array, name: str) -> pa.Array:
    """Return one flat column as ``storable`` does; ``name`` is for the error.

    Raises
    ------
    DataError
        If a number is infinite or a text holds NUL.
    """
    if pa.types.is_floating(values.type):
        return _numbers(values, name)
    if pa.types.is_string(values.type):
        _check_text(values, name)
    return values


def text_bytes(texts: pa.Array) -> Bytes:
    """Return the bytes of all texts, one after the other, without a copy.

    Those that a null covers are among them.
    """
    _, ends, data = texts.buffers()
    if data is None or not len(texts):
        return np.empty(0, np.uint8)
    first = texts.offset
    places = np.frombuffer(ends, np.int32)[first : first + len(texts) + 1]
    return np.frombuffer(data, np.uint8)[places[0] : places[-1]]


def _numbers(values: pa.Array, name: str) -> pa.Array:
    if pc.all(pc.is_finite(values)).as_py():
        return values
    if pc.any(pc.is_inf(values)).as_py():
        raise DataError(f"{name} holds an infinite number.", needed="Finite ones.")
    return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)


def _check_text(values: pa.Array, name: str) -> None:
    if text_bytes(values).min(initial=255):
        return
    if pc.any(pc.match_substring(values, "\0")).as_py():
        raise DataError(f"{name} holds a NUL character.", needed="Text without.")
