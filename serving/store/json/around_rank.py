"""The JSON of a score in two halves: what stands before and after its rank.

A rank depends on all customers of a run, the other columns on their own customer alone.
So whoever scores a chunk of customers writes their JSON too, and the rank is put in
later. It is written column by column: for a million customers with their reasons that
takes seconds where Python takes minutes.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from models.score.schema import SCORE_SCHEMA
from serving.store.json.by_column import join_pieces, json_pieces, name_pieces
from serving.store.json.by_row import rfc3339

BEFORE, AFTER = "before_priority", "after_priority"
HALVES = (BEFORE, AFTER)
"""The columns that stand beside ``SCORE_SCHEMA``."""

RANK = SCORE_SCHEMA.get_field_index("priority")


def with_halves(scored: pa.Table) -> pa.Table:
    """Return scores with the two halves of their JSON beside.

    Parameters
    ----------
    scored : Table of shape (n_customers, 22)
        In ``SCORE_SCHEMA``, of one ``as_of``.

    Raises
    ------
    DataError
        If they hold what cannot be served.
    """
    instants = pc.unique(scored["as_of"])
    instant = f'"{rfc3339(instants[0].as_py())}"' if len(instants) else "null"
    names = SCORE_SCHEMA.names
    rank = names[RANK]
    written = json_pieces(scored.drop_columns(["as_of", rank]))
    written["as_of"] = [instant]
    before = name_pieces({name: written[name] for name in names[:RANK]})
    after = name_pieces({name: written[name] for name in names[RANK + 1 :]})
    halves = (["{", *before, f',"{rank}":'], [",", *after, "}"])
    for name, half in zip(HALVES, halves, strict=True):
        scored = scored.append_column(name, join_pieces(half))
    return scored


def join_halves(scored: pa.Table) -> pa.Array:
    """Return the JSON of scores that have ``HALVES`` beside, with their rank in it."""
    rank = pc.fill_null(scored["priority"].combine_chunks().cast(pa.string()), "null")
    before, after = (scored[name].combine_chunks() for name in HALVES)
    return pc.binary_join_element_wise(before, rank, after, "")
