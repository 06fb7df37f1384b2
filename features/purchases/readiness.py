"""Whether a log suffices for a model: what is needed, what it has, what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.door.rows.columns import TABLES, Kind
from features.instants import seen_sql, to_naive_utc

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
    """

    name: str
    needed: int
    found: int
    met: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "met", self.found >= self.needed)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a log suffices for a model of its kind of churn, and why.

    Parameters
    ----------
    minimums : tuple of Minimum
        What is needed, met or not.
    facts : mapping
        What the log holds before ``as_of``, in JSON values; shares are None where
        there is nothing to divide by.
    notes : tuple of str
        What to know though nothing forbids a model.
    would_help : mapping
        Absent columns and tables to what they would switch on.
    """

    minimums: tuple[Minimum, ...]
    facts: Mapping[str, Any]
    notes: tuple[str, ...]
    would_help: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether every minimum is met."""
        return all(minimum.met for minimum in self.minimums)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        minimums = [asdict(minimum) for minimum in self.minimums]
        return {
            "minimums": minimums,
            "ready": self.ready,
            "facts": dict(self.facts),
            "notes": self.notes,
            "would_help": dict(self.would_help),
        }


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
    instant = to_naive_utc(as_of)
    facts = _measure(log, instant)
    needed = (
        ("customers with a purchase", MIN_CUSTOMERS, "customers"),
        (
            "customers with purchases on two days or more",
            MIN_REPEAT_CUSTOMERS,
            "repeat_customers",
        ),
        ("days of history", MIN_HISTORY_DAYS, "history_days"),
    )
    return Readiness(
        minimums=tuple(
            Minimum(name, least, facts[fact]) for name, least, fact in needed
        ),
        facts=facts,
        notes=_notes(facts, instant, horizon),
        would_help=_would_help(log),
    )


def _measure(log: AnyLog, as_of: datetime) -> dict[str, Any]:
    answer = log.con.sql(_FACTS, params={"as_of": as_of}).to_arrow_table()
    [facts] = answer.to_pylist()
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in facts.items()
    } | {"currency": log.currency}


def _notes(
    facts: Mapping[str, Any], as_of: datetime, horizon: timedelta
) -> tuple[str, ...]:
    notes = []
    horizon_days = round(horizon / timedelta(days=1))
    if facts["history_days"] < 2 * horizon_days:
        notes.append(
            f"{facts['history_days']} days of history are less than twice the horizon "
            f"of {horizon_days} days: models are trained on shorter horizons."
        )
    last = facts["last_purchase_on"]
    if last and (as_of.date() - date.fromisoformat(last)).days > horizon_days:
        notes.append(
            f"The last purchase, on {last}, is more than a horizon before the as_of: "
            "is the log complete?"
        )
    share = facts["one_time_share"]
    if share is not None and share > 0.8:
        notes.append(
            f"{share:.0%} of the customers bought on one day only: of "
            "them, little can be told apart."
        )
    if facts["purchase_rows"] and not facts["return_rows"]:
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
customers AS (SELECT customer_id, count(*) AS n_days FROM days GROUP BY customer_id),
counts AS (
  SELECT count(*) AS buyers, count(*) FILTER (WHERE n_days > 1) AS regulars
  FROM customers
)
SELECT
  buyers AS customers,
  regulars AS repeat_customers,
  (SELECT count(*) FROM orders) AS orders,
  (SELECT count(*) FROM purchases) AS purchase_rows,
  (SELECT count(*) FROM visible WHERE amount < 0) AS return_rows,
  (SELECT count(*) FROM interactions WHERE {seen_sql()}) AS interactions,
  (SELECT min(day) FROM days) AS first_purchase_on,
  (SELECT max(day) FROM days) AS last_purchase_on,
  (SELECT coalesce(date_diff('day', min(day), CAST($as_of AS DATE)), 0) FROM days)
    AS history_days,
  CASE WHEN buyers > 0 THEN 1 - regulars / buyers END AS one_time_share,
  (SELECT median(gap) FROM gaps) AS repeat_gap_days_median,
  (SELECT coalesce(sum(-amount) FILTER (WHERE amount < 0), 0)
    / sum(amount) FILTER (WHERE amount > 0) FROM visible) AS returns_share
FROM counts
"""
