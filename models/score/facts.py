"""One row a customer of all that rules may name.

The score's own columns, what is missing to the next tier (``gap_amount``), the features
of the model's plan, the customer's attributes and the standing facts, in this order:
where two have one name (case aside), the first keeps it and an attribute is called
``customer_`` and its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.facts.standing import STANDING, build_standing, read_attributes
from models.rules import RuleType
from models.score.schema import SCORE_SCHEMA

if TYPE_CHECKING:
    from features.door.log import AnyLog

MAIN_FEATURES = (
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "n_orders",
    "days_since_last_order",
    "days_since_first_order",
    "net_spend",
    "gross_spend",
    "mean_order_value",
    "last_order_value",
    "net_spend_365d",
    "n_orders_365d",
    "gap_mean",
    "overdue_ratio",
    "n_returns",
    "return_share",
    "n_interactions",
    "days_since_interaction",
)
"""The features that the store keeps beside the score, where the plan has them."""


OPTIONAL_ATTRIBUTES: Mapping[str, pa.DataType] = {
    "strategic": pa.bool_(),
    "key_resource": pa.bool_(),
    "internal": pa.bool_(),
    "competitor": pa.bool_(),
    "arrears": pa.float64(),
    "headcount": pa.float64(),
    "seats": pa.float64(),
    "customer_type": pa.string(),
    "region": pa.string(),
    "industry": pa.string(),
    "source": pa.string(),
    "owner_id": pa.string(),
}
"""Attributes that schemes may name even where the log has none: there they are null."""


def type_of(kind: pa.DataType) -> RuleType | None:
    """Return the type that rules know a column by; None for what they cannot name.

    >>> type_of(pa.float64()), type_of(pa.list_(pa.string()))
    (<RuleType.NUMBER: 'a number'>, None)
    """
    tests = {
        RuleType.BOOLEAN: pa.types.is_boolean,
        RuleType.DATE: pa.types.is_date,
        RuleType.INSTANT: pa.types.is_timestamp,
        RuleType.TEXT: lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
        RuleType.NUMBER: lambda t: pa.types.is_integer(t) or pa.types.is_floating(t),
    }
    return next((rule_type for rule_type, is_it in tests.items() if is_it(kind)), None)


def types_of(schema: pa.Schema) -> dict[str, RuleType]:
    """Return what rules may name of a table, and its types."""
    types = ((field.name, type_of(field.type)) for field in schema)
    return {name: kind for name, kind in types if kind is not None}


SCORE_TYPES: Mapping[str, RuleType] = types_of(SCORE_SCHEMA)
"""The score's columns that rules may name."""

FACT_TYPES: Mapping[str, RuleType] = {
    **SCORE_TYPES,
    "gap_amount": RuleType.NUMBER,
    **dict.fromkeys(MAIN_FEATURES, RuleType.NUMBER),
    **types_of(STANDING),
    **dict.fromkeys(("action_1", "action_2", "action_3"), RuleType.TEXT),
}
"""What rules may name of every log; attributes and further features come on top."""


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


def unknown(kind: str, n: int) -> pa.Array:
    """Return a column of nulls of a type that ``describe_facts`` named."""
    types = {
        RuleType.NUMBER: pa.float64(),
        RuleType.TEXT: pa.string(),
        RuleType.BOOLEAN: pa.bool_(),
        RuleType.DATE: pa.date32(),
        RuleType.INSTANT: pa.timestamp("us", "UTC"),
    }
    return pa.nulls(n, types[RuleType[kind]])


def describe_facts(facts: pa.Table) -> dict[str, str]:
    """Return the name of each fact's type, in the order of the columns."""
    return {name: kind.name for name, kind in types_of(facts.schema).items()}


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
