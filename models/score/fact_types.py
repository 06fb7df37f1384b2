"""What rules may name of a customer, and the type of each column.

It reads no log and loads no pandas, so whoever answers requests can import it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from features.facts.standing_columns import STANDING
from models.rules import RuleType
from models.score.schema import SCORE_SCHEMA

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
