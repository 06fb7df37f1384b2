"""A log is ready when it holds what the models need, by figures told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.door.log_files import Log, log_from_rows
from features.purchases import readiness
from features.purchases.readiness import check_readiness
from tests.features.small_files import NOW, at

START = at("2025-01-01")
QUARTER = timedelta(days=90)


def make_log(*, customers: int, repeat: int, days: int, **extra: Any) -> Log:
    """Return a log of one purchase a customer, and a second of the first ones."""
    sales = [
        {"customer_id": str(number), "occurred_at": START, "amount": 10.0} | extra
        for number in range(customers)
    ]
    sales += [
        {
            "customer_id": str(number),
            "occurred_at": START + timedelta(days=days - 1),
            "amount": 5.0,
        }
        for number in range(repeat)
    ]
    return log_from_rows(transactions=sales, now=NOW)


def test_the_figures_enforced_are_the_figures_told() -> None:
    least = {
        "customers": readiness.MIN_CUSTOMERS,
        "repeat": readiness.MIN_REPEAT_CUSTOMERS,
        "days": readiness.MIN_HISTORY_DAYS,
    }
    with make_log(**least) as log:
        result = check_readiness(log, as_of=log.ends_at, horizon=QUARTER)
    assert result.ready
    assert [minimum.needed for minimum in result.minimums] == list(least.values())
    assert [minimum.found for minimum in result.minimums] == list(least.values())


@pytest.mark.parametrize("short", ["customers", "repeat", "days"])
def test_one_figure_short_is_not_ready(short: str) -> None:
    least = {
        "customers": readiness.MIN_CUSTOMERS,
        "repeat": readiness.MIN_REPEAT_CUSTOMERS,
        "days": readiness.MIN_HISTORY_DAYS,
    }
    with make_log(**least | {short: least[short] - 1}) as log:
        result = check_readiness(log, as_of=log.ends_at, horizon=QUARTER)
    assert not result.ready
    (unmet,) = (minimum for minimum in result.minimums if not minimum.met)
    assert unmet.found == unmet.needed - 1


def test_facts_count_what_a_person_would() -> None:
    sales = [
        ("a", START, 10.0, "o1"),
        ("a", START, 20.0, "o1"),
        ("a", START, 5.0, "o2"),
        ("a", START + timedelta(days=10), 15.0, "o3"),
        ("a", START + timedelta(days=11), -25.0, "o3"),
        ("b", START + timedelta(days=3), 50.0, "o4"),
        ("c", START + timedelta(days=4), 0.0, "o5"),
        ("d", START + timedelta(days=40), 99.0, "o6"),
    ]
    names = ("customer_id", "occurred_at", "amount", "order_id")
    rows = [dict(zip(names, sale, strict=True)) | {"currency": "GBP"} for sale in sales]
    rows[5]["known_at"] = START + timedelta(days=5)
    with log_from_rows(transactions=rows, now=NOW) as log:
        as_of = at("2025-01-31").replace(tzinfo=UTC)
        facts = check_readiness(log, as_of=as_of, horizon=QUARTER).facts
        early = check_readiness(log, as_of=START + timedelta(days=5), horizon=QUARTER)
    assert [facts[name] for name in ("customers", "repeat_customers", "orders")] == [
        2,
        1,
        4,
    ]
    assert (facts["purchase_rows"], facts["return_rows"]) == (5, 1)
    assert facts["interactions"] == 0
    assert facts["first_purchase_on"] == "2025-01-01"
    assert facts["last_purchase_on"] == "2025-01-11"
    assert facts["history_days"] == 30
    assert facts["one_time_share"] == 0.5
    assert facts["repeat_gap_days_median"] == 10
    assert facts["returns_share"] == 0.25
    assert facts["currency"] == "GBP"
    assert early.facts["customers"] == 1


def test_nothing_before_the_as_of_is_not_ready() -> None:
    with make_log(customers=3, repeat=0, days=1) as log:
        result = check_readiness(log, as_of=START, horizon=QUARTER)
    assert not result.ready
    assert result.facts["customers"] == 0
    assert result.facts["one_time_share"] is None
    assert result.facts["first_purchase_on"] is None


@pytest.mark.parametrize(
    ("days", "as_of", "note"),
    [
        (100, None, "100 days of history are less than twice the horizon of 90 days"),
        (2, START + timedelta(days=200), "is the log complete"),
        (200, None, "83% of the customers bought on one day only"),
        (200, None, "No amount is below 0"),
    ],
)
def test_what_forbids_nothing_is_a_note(
    days: int, as_of: datetime | None, note: str
) -> None:
    with make_log(customers=300, repeat=50, days=days) as log:
        result = check_readiness(log, as_of=as_of or log.ends_at, horizon=QUARTER)
    assert result.ready
    assert any(note in text for text in result.notes)


def test_absent_columns_are_told_with_their_worth() -> None:
    with make_log(customers=1, repeat=0, days=1, order_id="o", discount=1.0) as log:
        helpful = check_readiness(log, as_of=NOW, horizon=QUARTER).would_help
    assert "interactions" in helpful
    assert "customers.joined_at" in helpful
    assert "transactions.product_id" in helpful
    assert not {"transactions.order_id", "transactions.discount"} & set(helpful)


def test_readiness_is_plain_json() -> None:
    with make_log(customers=1, repeat=1, days=5) as log:
        result = check_readiness(log, as_of=log.ends_at, horizon=QUARTER)
    parsed = json.loads(json.dumps(result.to_dict()))
    assert parsed["ready"] is False
    assert parsed["facts"]["last_purchase_on"] == "2025-01-05"
    assert parsed["minimums"][0] == {
        "name": "customers with a purchase",
        "needed": readiness.MIN_CUSTOMERS,
        "found": 1,
        "met": False,
    }
