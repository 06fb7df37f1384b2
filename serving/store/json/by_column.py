"""The JSON of whole columns, in pieces that are yet to be joined.

DuckDB writes the numbers, and the texts that need a backslash, all in one flat column:
that is cheap. What it needs for lists and structs is dear, and Arrow joins the same
bytes from flat columns.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.door.database import open_database
from serving.store.json.storable import Bytes, storable_column, text_bytes

if TYPE_CHECKING:
    import duckdb

Piece: TypeAlias = str | pa.Array
"""A text that all rows share, or each row's own, where a null is written ``null``."""

BYTES_PER_BLOCK = 1 << 16
"""Searched at a time; so many fit the processor's cache."""

ITEMS = ""
"""The name of the column in a list."""


@dataclass(slots=True)
class _Node:
    """A column, the columns in it by name, and the JSON that DuckDB wrote of it."""

    values: pa.Array
    parts: dict[str, _Node] = field(default_factory=dict)
    written: pa.Array | None = None


def json_pieces(table: pa.Table) -> dict[str, list[Piece]]:
    """Return the pieces of each column's JSON, which is ``to_json`` of DuckDB's.

    Parameters
    ----------
    table : Table of shape (n_rows, n_columns)
        Of texts, doubles, integers, days, and structs and lists of them. NaN is null.

    Raises
    ------
    DataError
        If a number is infinite or a text holds NUL.
    """
    nodes = {
        name: _open(table[name].combine_chunks(), name) for name in table.column_names
    }
    leaves = [leaf for node in nodes.values() for leaf in _leaves(node)]
    _let_duckdb_write(
        [leaf for leaf in leaves if pa.types.is_floating(leaf.values.type)]
    )
    _let_duckdb_write([leaf for leaf in leaves if _is_awkward(leaf.values)])
    return {name: _pieces(node) for name, node in nodes.items()}


def name_pieces(pieces: Mapping[str, list[Piece]]) -> Iterator[Piece]:
    """Yield what stands between the braces of an object."""
    comma = ""
    for name, own in pieces.items():
        yield f"{comma}{json.dumps(name, ensure_ascii=False)}:"
        yield from own
        comma = ","


def join_pieces(pieces: Iterable[Piece]) -> pa.Array:
    """Return the text of each row; at least one piece is each row's own."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        else:
            merged.append(piece)
    return pc.binary_join_element_wise(
        *merged, "", null_handling="replace", null_replacement="null"
    )


def _open(values: pa.Array, name: str) -> _Node:
    """Take a column apart, down to what can be served."""
    if pa.types.is_struct(values.type):
        inside = zip(values.type.names, values.flatten(), strict=True)
        return _Node(
            values, {field_name: _open(part, name) for field_name, part in inside}
        )
    if pa.types.is_list(values.type):
        return _Node(values, {ITEMS: _open(pc.list_flatten(values), name)})
    return _Node(storable_column(values, name))


def _leaves(node: _Node) -> Iterator[_Node]:
    if not node.parts:
        yield node
    for part in node.parts.values():
        yield from _leaves(part)


def _is_awkward(values: pa.Array) -> bool:
    """Tell whether these are texts of which one may need a backslash."""
    if not pa.types.is_string(values.type):
        return False
    text = text_bytes(values)
    return any(
        _has_awkward(text[start : start + BYTES_PER_BLOCK])
        for start in range(0, len(text), BYTES_PER_BLOCK)
    )


def _has_awkward(block: Bytes) -> bool:
    """Search as bytes: that is twice as fast as to compare them in numpy."""
    text = block.tobytes()
    return b'"' in text or b"\\" in text or bool(block.min() < ord(" "))


def _let_duckdb_write(leaves: list[_Node]) -> None:
    """Write columns of one type as one."""
    if not leaves:
        return
    flat = pa.chunked_array([leaf.values for leaf in leaves])
    query = "SELECT CAST(to_json(x) AS VARCHAR) AS written FROM flat"
    with _database(os.getpid()).cursor() as con:
        con.register("flat", pa.table({"x": flat}))
        written = con.sql(query).to_arrow_table()["written"].combine_chunks()
    start = 0
    for leaf in leaves:
        leaf.written = written.slice(start, len(leaf.values))
        start += len(leaf.values)


@lru_cache(maxsize=1)
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """Open, once a process, the database whose cursors write; opening takes long."""
    return open_database(threads=1)


def _pieces(node: _Node) -> list[Piece]:
    values = node.values
    if node.written is not None:
        return [node.written]
    if pa.types.is_integer(values.type):
        return [values.cast(pa.string())]
    pieces = _pieces_of_present(node)
    if not values.null_count:
        return pieces
    return [pc.if_else(values.is_valid(), join_pieces(pieces), None)]


def _pieces_of_present(node: _Node) -> list[Piece]:
    """Return the pieces that are right where the value is not null."""
    values = node.values
    if pa.types.is_struct(values.type):
        inside = {name: _pieces(part) for name, part in node.parts.items()}
        return ["{", *name_pieces(inside), "}"]
    if pa.types.is_list(values.type):
        items = join_pieces(_pieces(node.parts[ITEMS]))
        counts = pc.fill_null(pc.list_value_length(values), 0).to_numpy()
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        return ["[", pc.binary_join(pa.ListArray.from_arrays(ends, items), ","), "]"]
    return ['"', values.cast(pa.string()), '"']
