"""Survey what a log holds before an instant, to plan its features."""

from datetime import datetime
from typing import TYPE_CHECKING

from features.errors import DataError
from features.instants import seen_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_INTERACTION_TYPES = 12


def measure_rhythm(
    con: "DuckDBPyConnection", instant: datetime
) -> tuple[float, float | None]:
    """Return the days of history and the median gap between purchase days."""
    ((n_days, rhythm),) = con.execute(
        f"""
        with purchase_days as (
            select distinct customer_id, cast(occurred_at as date) as day
            from transactions
            where amount > 0 and {seen_sql()}
        ),
        gaps as (
            select
                day,
                date_diff(
                    'day', lag(day) over (partition by customer_id order by day), day
                ) as gap_days
            from purchase_days
        )
        select date_diff('day', min(day), cast($as_of as date)), median(gap_days)
        from gaps
        """,
        {"as_of": instant},
    ).fetchall()
    if n_days is None:
        raise DataError(
            f"There is no purchase before {instant:%Y-%m-%d %H:%M}.",
            needed="Features need at least one row with an amount above 0 before it.",
            todo="Choose a later as_of, or check the log's dates and amounts.",
        )
    return float(n_days), None if rhythm is None else float(rhythm)


def find_columns(con: "DuckDBPyConnection", instant: datetime) -> tuple[str, ...]:
    """Return the optional columns with any value before the instant."""
    queries = (
        f"""select count(order_id) as order_id, count(product_id) as product_id,
            count(category) as category, count(quantity) as quantity,
            count(discount) as discount, count(cost) as cost,
            count(channel) as channel,
            count(*) filter (where occurred_at <> cast(cast(occurred_at as date)
                as timestamp)) as hour
        from transactions where {seen_sql()}""",
        f"""select count(*) as interactions, count(direction) as direction,
            count(value) as value, count(minutes) as minutes,
            count(cost) as interaction_cost
        from interactions where {seen_sql()}""",
        "select count(*) as joined_at from customers where joined_at < $as_of",
    )
    present: list[str] = []
    for query in queries:
        answer = con.execute(query, {"as_of": instant})
        names = [column[0] for column in answer.description or ()]
        (counts,) = answer.fetchall()
        present += [name for name, n in zip(names, counts, strict=True) if n > 0]
    return tuple(present)


def find_interaction_types(
    con: "DuckDBPyConnection", instant: datetime
) -> tuple[tuple[str, str], ...]:
    rows = con.execute(
        f"""
        select type, coalesce(direction, '') as direction
        from interactions
        where {seen_sql()}
        group by type, coalesce(direction, '')
        order by count(*) desc, type, direction
        limit $most
        """,
        {"as_of": instant, "most": MAX_INTERACTION_TYPES},
    ).fetchall()
    return tuple((str(type_), str(direction)) for type_, direction in rows)
