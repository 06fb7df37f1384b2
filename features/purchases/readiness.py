"""Whether a log suffices for a model: what is needed, what it has, what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.door.rows.columns import TABLES, Kind
from features.instants import seen_sql

if TYPE_CHECKING:
    from features.door.log import AnyLog

# Vendors ask for 300 to 1,000 customers and for up to 180 days: Dynamics 365 500 to
# 1,000, Klaviyo 500 buyers and 180 days, Einstein 400, Braze about 300, Segment 100
# with and 100 without the event. BG/NBD and strongly regularised trees hold at less,
# as the holdout grade then shows; below these figures the holdout itself says nothing:
# 200 customers give an AUC give or take .08.
MIN_CUSTOMERS = 200
"""Customers with a purchase before ``as_of``."""

MIN_REPEAT_CUSTOMERS = 50
"""Customers with purchases on two days or more: the only ones that show a rhythm."""

MIN_HISTORY_DAYS = 60
"""Days from the first purchase to ``as_of``: room for features and a short label."""

WORTH: Mapping[str, str] = {
    "transactions.order_id": "orders of one instant told apart",
    "transactions.product_id": "breadth and concentration over products",
    "transactions.category": "breadth and concentration over categories",
    "transactions.quantity": "units bought and price a unit",
    "transactions.discount": "how much is bought at a discount",
    "transactions.cost": "margin",
    "transactions.channel": "mix of channels",
    "transactions.currency": "amounts known to be in one currency",
    "transactions.known_at": "rows used only once they were known",
    "interactions": "contacts, returns, complaints and what follows them",
    "customers.joined_at": "time from joining to the first purchase",
}
"""What each optional column or table, where absent, would switch on."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """One figure that a model needs.

    Parameters
    ----------
    name : str
        What is counted.
    needed, found : int
        The least that will do, and what the log has.
    met : bool
        Whether it is enough.
    """

    name: str
    needed: int
    found: int
    met: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the log holds before ``as_of``.

    Parameters
    ----------
    customers, repeat_customers : int
        With a purchase, and with purchases on two days or more.
    orders, purchase_rows, return_rows : int
        Orders, rows above 0 and rows below 0.
    interactions : int
        Rows of the interaction log.
    first_purchase_on, last_purchase_on : date or None
        UTC dates.
    history_days : int
        From the first purchase to ``as_of``.
    one_time_share : float or None
        Share of customers with purchases on one day only.
    repeat_gap_days_median : float or None
        Median of the days between a customer's consecutive purchase days.
    returns_share : float or None
        Money returned over money taken.
    currency : str or None
        What amounts are in, where the log says.
    """

    customers: int
    repeat_customers: int
    orders: int
    purchase_rows: int
    return_rows: int
    interactions: int
    first_purchase_on: date | None
    last_purchase_on: date | None
    history_days: int
    one_time_share: float | None
    repeat_gap_days_median: float | None
    returns_share: float | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a log suffices for a model, and why.

    Parameters
    ----------
    minimums : tuple of Minimum
        What is needed, met or not.
    ready : bool
        Whether all of it is met.
    facts : Facts
        What the log holds.
    notes : tuple of str
        What to know though nothing forbids a model.
    would_help : mapping
        Absent columns and tables to what they would switch on.
    """

    minimums: tuple[Minimum, ...]
    ready: bool
    facts: Facts
    notes: tuple[str, ...]
    would_help: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = asdict(self)
        for name in ("first_purchase_on", "last_purchase_on"):
            day = values["facts"][name]
            values["facts"][name] = day and day.isoformat()
        return values


def check_readiness(log: AnyLog, *, as_of: datetime, horizon: timedelta) -> Readiness:
    """Compare what the log holds before ``as_of`` with what the models need.

    Parameters
    ----------
    log : Log or SparkLog
        The log.
    as_of : datetime
        Rows at or after it, or not known before it, do not count.
    horizon : timedelta
        Length of the label window.

    Returns
    -------
    Readiness
        Not ready if a minimum is not met. A history shorter than needed for the full
        horizon is a note: shorter horizons are trained on.
    """
    instant = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    facts = _measure(log, instant)
    minimums = (
        _minimum("customers with a purchase", MIN_CUSTOMERS, facts.customers),
        _minimum(
            "customers with purchases on two days or more",
            MIN_REPEAT_CUSTOMERS,
            facts.repeat_customers,
        ),
        _minimum("days of history", MIN_HISTORY_DAYS, facts.history_days),
    )
    return Readiness(
        minimums=minimums,
        ready=all(minimum.met for minimum in minimums),
        facts=facts,
        notes=_notes(facts, instant, horizon),
        would_help=_would_help(log),
    )


def _minimum(name: str, needed: int, actual: int) -> Minimum:
    return Minimum(name, needed, actual, actual >= needed)


def _measure(log: AnyLog, as_of: datetime) -> Facts:
    (row,) = log.con.execute(_FACTS, {"as_of": as_of}).fetchall()
    customers, repeat, orders, n_above, n_below, n_other = row[:6]
    first, last, gap, paid, returned = row[6:]
    return Facts(
        customers=customers,
        repeat_customers=repeat,
        orders=orders,
        purchase_rows=n_above,
        return_rows=n_below,
        interactions=n_other,
        first_purchase_on=first,
        last_purchase_on=last,
        history_days=(as_of.date() - first).days if first else 0,
        one_time_share=1 - repeat / customers if customers else None,
        repeat_gap_days_median=gap,
        returns_share=returned / paid if paid else None,
        currency=log.currency,
    )


def _notes(facts: Facts, as_of: datetime, horizon: timedelta) -> tuple[str, ...]:
    notes = []
    horizon_days = round(horizon / timedelta(days=1))
    if facts.history_days < 2 * horizon_days:
        notes.append(
            f"{facts.history_days} days of history are less than twice the horizon of "
            f"{horizon_days} days: models are trained on shorter horizons."
        )
    last = facts.last_purchase_on
    if last and (as_of.date() - last).days > horizon_days:
        notes.append(
            f"The last purchase, on {last}, is more than a horizon before the as_of: "
            "is the log complete?"
        )
    if facts.one_time_share is not None and facts.one_time_share > 0.8:
        notes.append(
            f"{facts.one_time_share:.0%} of the customers bought on one day only: of "
            "them, little can be told apart."
        )
    if facts.purchase_rows and not facts.return_rows:
        notes.append(
            "No amount is below 0: returns are not in the log, or there are none."
        )
    return tuple(notes)


def _would_help(log: AnyLog) -> dict[str, str]:
    absent = {
        f"{table}.{column.name}"
        for table, columns in TABLES.items()
        for column in columns
        if column.kind is not Kind.ATTRIBUTE and column.name not in log.present[table]
    } | {table for table in TABLES if not log.present[table]}
    return {name: worth for name, worth in WORTH.items() if name in absent}


_FACTS = f"""
WITH visible AS (
  SELECT *, CAST(occurred_at AS DATE) AS day
  FROM transactions
  WHERE {seen_sql()}
),
purchases AS (SELECT * FROM visible WHERE amount > 0),
orders AS (
  SELECT DISTINCT customer_id, coalesce(order_id, CAST(occurred_at AS VARCHAR))
  FROM purchases
),
days AS (SELECT DISTINCT customer_id, day FROM purchases),
gaps AS (
  SELECT date_diff('day', lag(day) OVER (PARTITION BY customer_id ORDER BY day), day)
    AS gap
  FROM days
),
customers AS (SELECT customer_id, count(*) AS n_days FROM days GROUP BY customer_id)
SELECT
  (SELECT count(*) FROM customers),
  (SELECT count(*) FROM customers WHERE n_days > 1),
  (SELECT count(*) FROM orders),
  (SELECT count(*) FROM purchases),
  (SELECT count(*) FROM visible WHERE amount < 0),
  (SELECT count(*) FROM interactions
   WHERE {seen_sql()}),
  (SELECT min(day) FROM days),
  (SELECT max(day) FROM days),
  (SELECT median(gap) FROM gaps),
  (SELECT sum(amount) FROM purchases),
  (SELECT coalesce(sum(-amount), 0) FROM visible WHERE amount < 0)
"""
