"""Tests of conditions that are looked up by column."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from features.errors import StoreError
from serving.queries import SORTS, CustomerFilter, customers
from serving.store import Store
from serving.store.columns import ColumnCache, pack, read_columns, unpack
from tests.serving.published_runs import publish_run

RULES = (
    "csat_last >= 1",
    "region = 'East' and not (csat_last = 2)",
    "churn_probability * net_spend > 300 or csat_last is null",
    "",
    "csat_last > 3",
)


def walk(store: Store, wanted: CustomerFilter, limit: int = 4) -> list[str]:
    """Return the bodies of all pages."""
    page = customers(store, wanted, limit=limit)
    found = list(page.bodies)
    while page.next_cursor:
        page = customers(store, wanted, limit=limit, cursor=page.next_cursor)
        found += page.bodies
    return found


def some(n: int = 14) -> dict[str, dict[str, Any]]:
    return {
        f"c{place}": {
            "churn_probability": place % 5 / 4,
            "expected_value": None if place % 4 == 1 else float(place % 3),
            "value_at_risk": None if place % 4 == 1 else float(place % 2),
            "csat_last": None if place % 3 == 2 else float(place % 3),
            "tier": "VIP" if place % 2 else "A",
            "net_spend": 100.0 * place,
        }
        for place in range(n)
    }


def met(row: dict[str, Any], rule: str) -> bool:
    """Tell by hand whether a customer of ``some`` meets one of ``RULES``."""
    csat = row["csat_last"]
    return {
        "csat_last >= 1": csat is not None and csat >= 1,
        "region = 'East' and not (csat_last = 2)": csat is not None and csat != 2,
        "churn_probability * net_spend > 300 or csat_last is null": csat is None
        or row["churn_probability"] * row["net_spend"] > 300,
        "": True,
        "csat_last > 3": False,
    }[rule]


def pick(rows: dict[str, dict[str, Any]], wanted: CustomerFilter) -> list[str]:
    """Filter and sort the customers by hand: equals by id, none for a value last."""
    name, down = wanted.sort.removeprefix("-"), wanted.sort.startswith("-")
    ids = [
        customer
        for customer, row in rows.items()
        if met(row, wanted.rule) and (not wanted.tiers or row["tier"] in wanted.tiers)
    ]
    values = {
        customer: customer if name == "customer_id" else rows[customer].get(name)
        for customer in ids
    }
    with_value = [c for c in ids if values[c] is not None]
    without = sorted(c for c in ids if values[c] is None)
    return sorted(with_value, key=lambda c: (values[c], c), reverse=down) + without


def test_the_pages_hold_who_meets_a_filter_in_its_order(store: Store) -> None:
    rows = some()
    for place, row in enumerate(rows.values()):
        row["priority"] = place + 1
    publish_run(store, rows)
    filters = [
        CustomerFilter(rule=rule, sort=sort, tiers=tiers)
        for rule in RULES
        for sort in SORTS
        for tiers in ((), ("VIP",))
    ]
    for wanted in filters:
        ids = [json.loads(body)["customer_id"] for body in walk(store, wanted)]
        assert ids == pick(rows, wanted), wanted


def test_a_run_is_read_by_column_in_one_order(sqlite_store: Store) -> None:
    publish_run(sqlite_store, some(5))
    with sqlite_store.read() as con:
        found = read_columns(con, run=1, names=["csat_last", "tier", "nothing"])
        with pytest.raises(StoreError, match=r"lacks the columns of run 2"):
            read_columns(con, run=2, names=["tier"])
    assert found.to_pydict() == {
        "csat_last": [0.0, 1.0, None, 0.0, 1.0],
        "customer_id": [f"c{place}" for place in range(5)],
        "tier": ["A", "VIP", "A", "VIP", "A"],
    }


def test_columns_that_are_not_used_are_forgotten(sqlite_store: Store) -> None:
    publish_run(sqlite_store, some(5))
    cache = ColumnCache(max_bytes=60)
    with sqlite_store.read() as con:
        for name in ("net_spend", "csat_last"):
            cache.read(con, run=1, revision=0, names=[name])
    assert list(cache.keys()) == [(1, 0, "csat_last")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, None], [1.0, 2.0, None]),
        ([1.5, float("nan"), float("inf")], [1.5, None, None]),
        (["a\0b", "a", "a", "a", "a"], ["ab", "a", "a", "a", "a"]),
        ([True, None], [True, None]),
        ([], []),
    ],
)
def test_a_column_comes_back_as_the_store_keeps_it(
    values: list[object], expected: list[object]
) -> None:
    kind = None if values else pa.string()
    assert unpack(pack(pa.chunked_array([pa.array(values, kind)]))).to_pylist() == (
        expected
    )
