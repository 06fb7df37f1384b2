"""What is sent of customers to be scored, as rows of the tables at the door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from features.door.log_files import find_faulty
from features.errors import TableError
from features.suggest import did_you_mean
from models.kind import ServedModel
from models.score.schema import RunContext
from serving.predict.customer_events import CustomerEvents

Rows = list[dict[str, Any]]


def rows_by_table(
    model: ServedModel, customers: Sequence[CustomerEvents]
) -> dict[str, dict[str, Rows]]:
    """Return rows as the door takes them, by table and customer."""
    tables: dict[str, dict[str, Rows]] = {}
    for kind in ("transactions", "interactions", "customers", "subscriptions"):
        tables[kind] = {}
        for customer in customers:
            name = customer.customer_id
            if kind == "customers":
                row = _customer_row(model, customer)
                tables[kind][name] = [] if row is None else [row]
            else:
                own = getattr(customer, kind)
                tables[kind][name] = [{**row, "customer_id": name} for row in own]
    return tables


def find_faults(
    model: ServedModel, customers: Sequence[CustomerEvents], *, context: RunContext
) -> dict[str, TableError]:
    """Return what is wrong with customers' own rows, by customer.

    It is what ``score_events`` would raise for each alone.
    """
    faults: dict[str, TableError] = {}
    for customer in customers:
        try:
            _customer_row(model, customer)
        except TableError as error:
            faults[customer.customer_id] = error
    readable = [one for one in customers if one.customer_id not in faults]
    return faults | find_faulty(
        rows_by_table(model, readable),
        now=datetime.now(UTC),
        not_products=context.not_products,
    )


def _customer_row(
    model: ServedModel, customer: CustomerEvents
) -> dict[str, Any] | None:
    """Return the row of ``customers``, if the model wants one of this customer."""
    own = {"customer_id": customer.customer_id, "joined_at": customer.joined_at}
    if model.attributes:
        return {
            **dict.fromkeys(model.attributes),
            **own,
            **_own_attributes(model, customer),
        }
    return None if customer.joined_at is None else own


def _own_attributes(model: ServedModel, customer: CustomerEvents) -> dict[str, Any]:
    """Return the attributes that the model sees; refuse those it never heard of."""
    attributes = customer.attributes or {}
    unknown = [name for name in attributes if name not in model.knows]
    if unknown:
        raise TableError(
            f"The model knows no attribute {unknown[0]!r}.",
            needed=f"Those of the table that it was trained on: "
            f"{', '.join(model.attributes)}.",
            todo=did_you_mean(unknown[0], model.attributes) or "Leave it out.",
        )
    return {n: v for n, v in attributes.items() if n in model.attributes}
