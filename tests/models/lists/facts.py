"""Facts made by hand, for the tests of lists."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

USUAL: dict[str, Any] = {
    "tier": "A",
    "risk_band": "high",
    "lifecycle_stage": "loyal",
    "churn_probability": 0.5,
    "expected_value": 100.0,
    "value_at_risk": 50.0,
    "gap_amount": 150.0,
    "net_spend": 900.0,
    "return_share": 0.0,
    "n_orders_365d": 4.0,
    "net_spend_365d": 400.0,
    "net_spend_prior_365d": 400.0,
    "days_since_first_order": 800.0,
    "n_orders_prior_365d": 4.0,
    "n_contacts_365d": 0.0,
    "contact_minutes_365d": 0.0,
    "contact_cost_365d": 0.0,
    "days_since_last_contact": None,
    "has_open_complaint": False,
    "csat_last": None,
    "nps_last": None,
    "contact_owner_id": None,
}

NUMBERS = dict.fromkeys(
    (
        "days_since_last_contact",
        "csat_last",
        "nps_last",
        "churn_probability",
        "value_at_risk",
    ),
    pa.float64(),
)
TEXTS = dict.fromkeys(("contact_owner_id", "customer_type"), pa.string())


def facts_of(rows: dict[str, dict[str, Any]]) -> pa.Table:
    """Return facts of customers by id; what a row does not say is as usual."""
    names = {name for row in rows.values() for name in row} | {*USUAL}
    columns: dict[str, Any] = {"customer_id": pa.array(list(rows), pa.string())}
    for name in sorted(names):
        values = [{**USUAL, **row}.get(name) for row in rows.values()]
        columns[name] = pa.array(values, {**NUMBERS, **TEXTS}.get(name))
    return pa.table(columns)
