"""Label each customer with what they did in the horizon after an instant."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from features.errors import ConfigError
from features.instants import to_naive_utc

if TYPE_CHECKING:
    from features.door.log_files import Log

LABEL_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("as_of", pa.timestamp("us")),
        ("horizon_days", pa.float64()),
        ("churned", pa.bool_()),
        ("value", pa.float64()),
        ("n_orders", pa.float64()),
    ]
)

LABEL_SQL = """
with

signed_lines as (
    select
        customer_id,
        occurred_at,
        case when known_at > occurred_at then known_at else occurred_at end as seen_at,
        order_id,
        case when order_id is null then occurred_at end as order_at,
        amount > 0 as is_purchase,
        cast(
            case
                when amount > 1e12 then 1e12 when amount < -1e12 then -1e12 else amount
            end as decimal(18, 4)
        ) as amount
    from transactions
    where amount <> 0
        and (known_at is null or $known_before is null
            or known_at < cast($known_before as timestamp))
),

first_seen as (
    select customer_id, min(seen_at) as seen_at
    from signed_lines
    where is_purchase
    group by customer_id
),

cohort as (
    select customer_id, as_of, ends_at
    from first_seen
    inner join label_windows on label_windows.as_of > first_seen.seen_at
),

order_parts as (
    select
        customer_id,
        occurred_at,
        order_id,
        order_at,
        bool_or(is_purchase) as is_purchase,
        sum(amount) as net
    from signed_lines
    group by customer_id, occurred_at, order_id, order_at
),

outcome_orders as (
    select
        order_parts.customer_id,
        label_windows.as_of,
        label_windows.ends_at,
        order_parts.order_id,
        order_parts.order_at,
        bool_or(order_parts.is_purchase) as is_purchase,
        sum(order_parts.net) as net
    from order_parts
    inner join label_windows
        on order_parts.occurred_at >= label_windows.as_of
        and order_parts.occurred_at < label_windows.ends_at
    group by
        order_parts.customer_id,
        label_windows.as_of,
        label_windows.ends_at,
        order_parts.order_id,
        order_parts.order_at
),

outcomes as (
    select
        customer_id,
        as_of,
        ends_at,
        sum(net) as value,
        count(*) filter (where is_purchase) as n_orders
    from outcome_orders
    group by customer_id, as_of, ends_at
)

select
    cohort.customer_id,
    cohort.as_of,
    cast(date_diff('microsecond', cohort.as_of, cohort.ends_at) as double) / 86400000000
        as horizon_days,
    coalesce(outcomes.n_orders, 0) = 0 as churned,
    coalesce(cast(outcomes.value as double), 0) as value,
    cast(coalesce(outcomes.n_orders, 0) as double) as n_orders
from cohort
left join outcomes
    on outcomes.customer_id = cohort.customer_id
    and outcomes.as_of = cohort.as_of
    and outcomes.ends_at = cohort.ends_at
order by cohort.as_of, cohort.ends_at, cohort.customer_id
"""


def build_labels(
    log: "Log",
    windows: Sequence[tuple[datetime, timedelta]],
    *,
    known_before: datetime | None = None,
) -> pa.Table:
    """Label every customer that each ``as_of`` sees with what came after it.

    Parameters
    ----------
    log : Log
        The tables at the door.
    windows : sequence of (datetime, timedelta)
        Pairs of ``as_of`` and horizon; all of them are one query.
    known_before : datetime or None
        Rows that became known at it or later are not seen; None to see them all.

    Returns
    -------
    Table of shape (n_customers x n_windows, 6)
        ``customer_id``, ``as_of`` (naive UTC), ``horizon_days``, ``churned`` (no
        purchase in the window), ``value`` (net spend in it), ``n_orders``. Sorted by
        ``as_of``, horizon and ``customer_id``: for one horizon, row by row the
        customers of ``build_features``.

    Raises
    ------
    ConfigError
        If a horizon is not longer than nothing.

    Notes
    -----
    Against ``as_of``, ``known_at`` decides who is seen, never what is true after it.
    """
    log.con.execute(
        "create or replace temp table label_windows "
        "(as_of timestamp, ends_at timestamp)"
    )
    pairs = {(to_naive_utc(as_of), horizon) for as_of, horizon in windows}
    for _, horizon in pairs:
        if horizon <= timedelta(0):
            raise ConfigError(
                f"The horizon is {horizon}.",
                needed="A label window is longer than nothing.",
                todo="Give model.horizon_days a number of 1 or more.",
            )
    if pairs:
        log.con.executemany(
            "insert into label_windows values (?, ?)",
            [[as_of, as_of + horizon] for as_of, horizon in sorted(pairs)],
        )
    limit = None if known_before is None else to_naive_utc(known_before)
    labels = log.con.sql(LABEL_SQL, params={"known_before": limit})
    return labels.to_arrow_table().cast(LABEL_SCHEMA)
