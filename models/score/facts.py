"""One row a customer of all that rules may name.

The score's own columns, what is missing to the next tier (``gap_amount``), the features
of the model's plan, the customer's attributes and the standing facts, in this order:
where two have one name (case aside), the first keeps it and an attribute is called
``customer_`` and its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.door.log import AnyLog
from features.facts.standing import build_standing, read_attributes
from models.score.fact_types import MAIN_FEATURES, SCORE_TYPES


def build_facts(
    scores: pa.Table,
    features: pd.DataFrame,
    log: AnyLog,
    *,
    as_of: datetime,
    named: Sequence[str] | None = None,
) -> pa.Table:
    """Lay side by side what rules may name.

    Parameters
    ----------
    scores : Table of shape (n_customers, 22)
        In ``SCORE_SCHEMA``; or without the long columns, with ``gap_amount``.
    features : DataFrame of shape (n_customers, n_features)
        Of the same customers in the same order, whatever they are indexed by.
    log : Log
    as_of : datetime
    named : sequence of str, optional
        All features of the plan in order, by default those that are given. The others
        are known by name alone, and null: of no use but to tell a rule's mistake.

    Returns
    -------
    Table of shape (n_customers, n_facts)
        In the order of the scores. NaN is null.
    """
    ids = scores["customer_id"]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: scores[name] for name in SCORE_TYPES
    }
    columns["gap_amount"] = _gap_amount(scores)
    taken = {name.lower() for name in columns}
    standing = build_standing(log, ids, as_of=as_of)
    parts = (
        ("feature_", _columns_of(features, named)),
        ("standing_", zip(standing.column_names, standing.columns, strict=True)),
        ("customer_", _attributes(log, ids)),
    )
    for prefix, part in parts:
        for name, values in part:
            name = name if name.lower() not in taken else f"{prefix}{name}"
            taken.add(name.lower())
            columns[name] = values
    return pa.table(columns)


def kept_facts(
    facts: pa.Table, plan: tuple[str, ...] = (), *, named: Collection[str] = ()
) -> pa.Table:
    """Return the facts that the store keeps beside the score.

    Parameters
    ----------
    facts : Table
        As ``build_facts`` makes it.
    plan : tuple of str
        All features of the plan; those that are not main ones are left out.
    named : collection of str
        What tier schemes name, which is kept: a customer may be graded again.
    """
    left_out = {*SCORE_TYPES} | ({*plan} - {*MAIN_FEATURES, *named})
    return facts.select([name for name in facts.column_names if name not in left_out])


def with_tiers(facts: pa.Table, scores: pa.Table) -> pa.Table:
    """Return the facts with the tiers, and the gaps, that the scores now hold."""
    gaps = _gap_amount(scores)
    for name, values in (("tier", scores["tier"]), ("gap_amount", gaps)):
        facts = facts.set_column(facts.column_names.index(name), name, values)
    return facts


def _gap_amount(scores: pa.Table) -> pa.ChunkedArray:
    if "gap_amount" in scores.column_names:
        return scores["gap_amount"]
    return pc.struct_field(scores["gap_to_next_tier"], "amount")


def _columns_of(
    features: pd.DataFrame, named: Sequence[str] | None
) -> Iterator[tuple[str, pa.Array]]:
    nothing = pa.nulls(len(features), pa.float64())  # once, however many they are
    for name in features.columns if named is None else named:
        if name in features.columns:
            yield str(name), pa.array(features[name].to_numpy(), from_pandas=True)
        else:
            yield str(name), nothing


def _attributes(
    log: AnyLog, ids: pa.ChunkedArray
) -> Iterator[tuple[str, pa.ChunkedArray]]:
    attributes = read_attributes(log, ids)
    yield from zip(attributes.column_names, attributes.columns, strict=True)
