"""The JSON of a score in two halves: what stands before and after its rank.

A rank hangs on all customers of a run, the rest of a score on its own customer alone.
So whoever scores some customers writes their JSON too, and the rank is put in later.
DuckDB writes it: of a million customers with their reasons it takes seconds where
Python takes minutes.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from models.scores import SCORE_SCHEMA
from serving.store.bodies import rfc3339
from serving.store.storable import storable

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
    import duckdb

    instants = pc.unique(scored["as_of"])
    instant = rfc3339(instants[0].as_py()) if len(instants) else None
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("scored", storable(scored))
        written = con.sql(_query(), params=[instant]).to_arrow_table()
    for name in HALVES:
        scored = scored.append_column(name, written[name])
    return scored


def join_halves(scored: pa.Table) -> pa.Array:
    """Return the JSON of scores that have ``HALVES`` beside, with their rank in it."""
    rank = pc.fill_null(scored["priority"].combine_chunks().cast(pa.string()), "null")
    before, after = (scored[name].combine_chunks() for name in HALVES)
    return pc.binary_join_element_wise(before, rank, after, "")


def _query() -> str:
    """Write the SELECT; every name in it is a column of ``SCORE_SCHEMA``."""
    names = SCORE_SCHEMA.names
    before = [
        f"'{',' if place else '{'}{_pair(name)}"
        for place, name in enumerate(names[:RANK])
    ]
    after = [f"',{_pair(name)}" for name in names[RANK + 1 :]]
    return (
        f"SELECT concat({', '.join(before)}, ',\"{names[RANK]}\":') AS {BEFORE}, "
        f"concat({', '.join(after)}, '}}') AS {AFTER} FROM scored"
    )


def _pair(name: str) -> str:
    """Write what makes a name and its value, within quotes that are open."""
    value = "$1" if name == "as_of" else f'"{name}"'
    return f"\"{name}\":', coalesce(CAST(to_json({value}) AS VARCHAR), 'null')"
