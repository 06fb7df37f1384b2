"""What of a table of scores can be stored and served: NaN becomes null."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError


def storable(table: pa.Table) -> pa.Table:
    """Turn NaN, which JSON does not know, into null at any depth.

    Raises
    ------
    DataError
        If a number is infinite or a text holds NUL.
    """
    columns = [
        _clean(table[field.name].combine_chunks(), field.name) for field in table.schema
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _clean(values: pa.Array, name: str) -> pa.Array:
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
