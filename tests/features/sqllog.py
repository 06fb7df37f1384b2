"""Logs made in memory, from text or from rows, for the tests of the queries."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from features.door.log_files import Log, log_from_rows
from features.purchases.build import build_features
from features.purchases.plan import (
    FeaturePlan,
    plan_features,
    query_context,
    set_as_ofs,
    write_query,
)
from features.purchases.render import QueryWriter

Row = Mapping[str, Any]
Features = dict[str, dict[str, Any]]
queries = settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
"""For tests that run the whole query for every example."""


def open_log(
    *,
    transactions: str | Iterable[Row] = (),
    interactions: str | Iterable[Row] = (),
    customers: str | Iterable[Row] = (),
) -> Log:
    """Return a log of the given tables, each as text or as rows."""
    return log_from_rows(
        transactions=_read_rows(transactions),
        interactions=_read_rows(interactions),
        customers=_read_rows(customers),
        now=at("2030-01-01"),
    )


def _read_rows(table: str | Iterable[Row]) -> list[Row]:
    return list(read_text(table) if isinstance(table, str) else table)


def read_text(text: str) -> list[dict[str, Any]]:
    """Return the rows of a table written with bars; an empty cell is None."""
    header, *lines = (
        [cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()
    )
    return [
        {name: read_cell(name, cell) for name, cell in zip(header, line, strict=True)}
        for line in lines
    ]


def read_cell(name: str, cell: str) -> Any:
    if not cell:
        return None
    if name.endswith("_at"):
        return datetime.fromisoformat(cell)
    numbers = ("amount", "quantity", "discount", "cost", "value", "minutes")
    return float(cell) if name in numbers else cell


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plan_for(log: Log, as_of: str, horizon_days: float = 30) -> FeaturePlan:
    return plan_features(log, as_of=at(as_of), horizon=timedelta(days=horizon_days))


def plan_of_files(
    log: Log, plan: FeaturePlan, *folders: Path, **context: object
) -> FeaturePlan:
    """Return a plan whose query is written from other feature files."""
    usual = query_context(
        plan.horizon_days, plan.windows, plan.interaction_types, has=plan.has
    )
    writer = QueryWriter({**usual, **context}, folders=folders)
    set_as_ofs(log.con, [NOW])
    sql, names = write_query(log.con, writer, plan.has)
    return replace(plan, sql=sql, names=names)


def features_of(
    *, as_of: str, horizon_days: float = 30, **tables: str | Iterable[Row]
) -> Features:
    """Return each customer's features by name."""
    log = open_log(**tables)
    plan = plan_for(log, as_of, horizon_days)
    built = build_features(log, plan, as_of=[at(as_of)])
    return {row["customer_id"]: row for row in built.to_pylist()}


def pick(features: Features, *names: str) -> Features:
    """Keep the named features, rounded as a person would check them."""
    return {
        customer: {name: _rounded(row[name]) for name in names}
        for customer, row in features.items()
    }


def _rounded(value: Any) -> Any:
    return None if value is None else round(value, 6)


NOW = datetime.fromisoformat("2024-06-01")


def _times(first_day: int, last_day: int) -> st.SearchStrategy[datetime]:
    hours = st.integers(24 * first_day, 24 * last_day)
    return hours.map(lambda hour: NOW + timedelta(hours=hour))


def transactions(
    *, first_day: int = -150, last_day: int = 40, max_size: int = 25
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Write logs around ``NOW`` with ties, returns, gaps in the columns, late rows."""
    row = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "b", "c"]),
            "occurred_at": _times(first_day, last_day),
            "amount": st.integers(-3_000, 9_000).map(lambda cents: cents / 100),
            "order_id": st.sampled_from([None, "1", "2", "3", "4", "5", "6"]),
            "product_id": st.sampled_from([None, "p", "q", "r"]),
            "category": st.sampled_from([None, "x", "y"]),
            "quantity": st.sampled_from([None, 1.0, 2.0, 12.0]),
            "discount": st.sampled_from([None, 0.0, 0.5, 3.25]),
            "cost": st.sampled_from([None, 1.1, 20.0]),
            "channel": st.sampled_from([None, "web", "shop"]),
            "known_at": st.none() | _times(first_day, last_day),
        }
    )
    return st.lists(row, max_size=max_size)


def interactions(
    *, first_day: int = -150, last_day: int = 40, max_size: int = 12
) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "b", "d"]),
            "occurred_at": _times(first_day, last_day),
            "type": st.sampled_from(["call", "mail"]),
            "direction": st.sampled_from([None, "inbound", "outbound"]),
            "value": st.sampled_from([None, -1.5, 4.0]),
            "minutes": st.sampled_from([None, 5.0]),
            "cost": st.sampled_from([None, 0.3]),
            "known_at": st.none() | _times(first_day, last_day),
        }
    )
    return st.lists(row, max_size=max_size)


def is_known(row: Row, as_of: datetime = NOW) -> bool:
    known_at = row.get("known_at")
    return bool(row["occurred_at"] < as_of and (known_at is None or known_at < as_of))
