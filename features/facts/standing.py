"""Facts of each customer at an instant, for rules rather than for models.

Their names do not depend on the model's horizon: sums of a year, the last contact, an
open complaint. Like features they use only what was known strictly before the instant;
attributes have no date, and are as in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.door.rows.casts import quote_name
from features.facts.standing_columns import (
    FALSE,
    FLAG_PREFIXES,
    FLAGS,
    STANDING,
    TRUE,
)
from features.instants import to_naive_utc
from features.purchases.blocks import asked_in_blocks
from features.purchases.render import QueryWriter

if TYPE_CHECKING:
    from features.door.log import AnyLog

CUSTOMERS_PER_QUERY = 500_000
"""Customers per query: each query scans the whole log."""

ZERO = frozenset(
    name for name in STANDING.names if name.startswith(("n_", "contact_", "net_"))
) - {"contact_owner_id"}


def build_standing(
    log: AnyLog, customer_id: pa.ChunkedArray | pa.Array, *, as_of: datetime
) -> pa.Table:
    """Compute the standing facts of some customers.

    Parameters
    ----------
    log : Log
    customer_id : Array of str, shape (n_customers,)
    as_of : datetime
        What happened, or became known, at or after it is not counted.

    Returns
    -------
    Table of shape (n_customers, n_facts)
        ``STANDING``, in the order of the customers.
    """
    writer = QueryWriter({})
    listed = ", ".join(_standing_sql(name) for name in STANDING.names)
    query = (
        f"with contacts as (\n{writer.write('standing_contacts')}),"
        f" purchases as (\n{writer.write('standing_purchases')})"
        f" select {listed} from requested"
        " left join contacts using (customer_id)"
        " left join purchases using (customer_id) order by place"
    )
    params = {"as_of": to_naive_utc(as_of)}
    parts = [
        _ask(log, block, query, params).cast(STANDING)
        for block in asked_in_blocks(log, customer_id, size=CUSTOMERS_PER_QUERY)
    ]
    return pa.concat_tables(parts)


def read_attributes(log: AnyLog, customer_id: pa.ChunkedArray | pa.Array) -> pa.Table:
    """Return the attributes of some customers, as in the log.

    Parameters
    ----------
    log : Log
    customer_id : Array of str, shape (n_customers,)

    Returns
    -------
    Table of shape (n_customers, n_attributes)
        Numbers are float64, text is string, ``joined_at`` is an instant, UTC. A column
        named like a flag (``strategic``, ``is_...``, ``has_...``, ``consent...``) that
        says yes or no throughout is boolean.
    """
    described = log.con.execute("describe customers").fetchall()
    lacking = {"customer_id", "joined_at"} - (
        log.present["customers"] - {"customer_id"}
    )
    names = [row[0] for row in described if row[0] not in lacking]
    listed = ", ".join(
        f"max({_attribute_sql(log, name)}) as {quote_name(name)}" for name in names
    )
    if not names:
        return pa.table({"none": pa.nulls(len(customer_id))}).select([])
    columns = ", ".join(quote_name(name) for name in names)
    query = (
        f"with attributes as (select customer_id, {listed} from customers"
        " group by customer_id)"
        f" select {columns} from requested left join attributes using (customer_id)"
        " order by place"
    )
    attributes = _ask(log, customer_id, query, {})
    if "joined_at" in names:
        place = attributes.schema.get_field_index("joined_at")
        instants = attributes["joined_at"].cast(pa.timestamp("us")).cast(pa.int64())
        instants = instants.cast(pa.timestamp("us", "UTC"))
        attributes = attributes.set_column(place, "joined_at", instants)
    return attributes


def _standing_sql(name: str) -> str:
    if name in ZERO:
        return f"coalesce({name}, 0) as {name}"
    return f"coalesce({name}, false) as {name}" if name.startswith("has_") else name


def _attribute_sql(log: AnyLog, name: str) -> str:
    """Return an attribute, as a flag where it is one."""
    quoted = quote_name(name)
    if name not in FLAGS and not name.startswith(FLAG_PREFIXES):
        return quoted
    text = f"lower(trim(cast({quoted} as varchar)))"
    flag_words = _texts((*TRUE, *FALSE))
    strange = f"select 1 from customers where {text} not in ({flag_words}) limit 1"
    if log.con.execute(strange).fetchall():
        return quoted
    return (
        f"case when {text} in ({_texts(TRUE)}) then true"
        f" when {text} in ({_texts(FALSE)}) then false end"
    )


def _texts(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _ask(
    log: AnyLog,
    customer_id: pa.ChunkedArray | pa.Array,
    query: str,
    params: dict[str, datetime],
) -> pa.Table:
    """Run a query beside the table ``requested`` of customers and their positions."""
    places = pa.array(np.arange(len(customer_id)))
    customers = pa.table({"customer_id": customer_id, "place": places})
    log.con.register("requested", customers)
    try:
        return log.con.sql(query, params=params or None).to_arrow_table()
    finally:
        log.con.unregister("requested")
