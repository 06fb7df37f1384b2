"""Tests of look-ups and pages."""

import json
from typing import Any

import pytest

from serving.errors import (
    CursorError,
    CursorExpiredError,
    UnknownCustomerError,
    UnpublishedError,
)
from serving.queries import SORTS, CustomerFilter, customer, customers
from serving.store import Publication, Store, publish
from tests.serving.samples import context, described, score, scored, table_of

ALL = CustomerFilter()


def publish_rows(store: Store, rows: list[dict[str, Any]], *, keep: int = 30) -> str:
    """Publish rows as a run."""
    return publish(
        store,
        Publication(table_of(rows), context=context(), model=described()),
        keep=keep,
    )


def walk(
    store: Store, wanted: CustomerFilter, *, limit: int
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return all pages: the run and its rows."""
    pages, cursor = [], None
    while True:
        page = customers(store, wanted, limit=limit, cursor=cursor)
        pages.append((page.run_id, [json.loads(body) for body in page.bodies]))
        cursor = page.next_cursor
        if cursor is None:
            return pages


def ids(pages: list[tuple[str, list[dict[str, Any]]]]) -> list[str]:
    """Return the customers of all pages."""
    return [row["customer_id"] for _, rows in pages for row in rows]


def test_a_customer_is_found_in_the_published_run(store: Store) -> None:
    publish(
        store, Publication(scored(3, cluster=1), context=context(), model=described())
    )
    run_id = publish(
        store, Publication(scored(3, cluster=2), context=context(), model=described())
    )
    found = customer(store, "c00001")
    assert found.stamp == run_id
    assert json.loads(found.body)["cluster"] == 2


@pytest.mark.parametrize(
    "customer_id", ["", "C00001", "c00001 ", "a\0b", "' OR 1=1--", "%", "c0000_"]
)
def test_another_id_is_unknown(store: Store, customer_id: str) -> None:
    publish(store, Publication(scored(3), context=context(), model=described()))
    with pytest.raises(UnknownCustomerError, match=r"unknown"):
        customer(store, customer_id)


def test_any_id_is_found_as_it_is(store: Store) -> None:
    odd = ["客户", "a/b", "\u00e9", "e\u0301", "😀", "'", "\\", "A", "a", "a ", "1"]
    publish_rows(
        store, [score(place, customer_id=name) for place, name in enumerate(odd)]
    )
    found = [json.loads(customer(store, name).body)["customer_id"] for name in odd]
    assert found == odd


def test_before_the_first_run_nothing_is_published(store: Store) -> None:
    with pytest.raises(UnpublishedError, match=r"No run is published"):
        customer(store, "c00001")
    with pytest.raises(UnpublishedError, match=r"No run is published"):
        customers(store, ALL, limit=1)


def test_the_most_at_risk_come_first(store: Store) -> None:
    publish_rows(store, [score(number) for number in (2, 0, 1)])
    assert ids(walk(store, ALL, limit=2)) == ["c00000", "c00001", "c00002"]


def test_pages_hold_each_customer_once_in_order_missing_values_last(
    store: Store,
) -> None:
    rows = [score(number, customer_id=f"{number * 7 % 10}é") for number in range(10)]
    for row in rows[:4]:
        row["expected_value"] = 5.0
    for row in rows[2:6]:
        row["priority"] = row["churn_probability"] = row["value_at_risk"] = None
    publish_rows(store, rows)
    for sort in SORTS:
        for limit in (1, 3, 100):
            found = ids(walk(store, CustomerFilter(sort=sort), limit=limit))
            assert found == in_order(rows, sort), (sort, limit)


def in_order(rows: list[dict[str, Any]], sort: str) -> list[str]:
    """Sort rows the slow way."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    there = [row for row in rows if row[name] is not None]
    there.sort(key=lambda row: (row[name], row["customer_id"]), reverse=down)
    absent = sorted(row["customer_id"] for row in rows if row[name] is None)
    return [row["customer_id"] for row in there] + absent


def test_filters_are_any_of_within_and_all_of_between(store: Store) -> None:
    rows = [score(number) for number in range(24)]
    publish_rows(store, rows)
    wanted = CustomerFilter(tiers=("VIP", "A"), risk_bands=("high", "low"))
    expected = [
        row["customer_id"]
        for row in rows
        if row["tier"] in {"VIP", "A"} and row["risk_band"] in {"high", "low"}
    ]
    assert ids(walk(store, wanted, limit=3)) == expected
    assert ids(walk(store, CustomerFilter(tiers=("' OR 1=1--",)), limit=3)) == []
    nobody = CustomerFilter(tiers=("' OR 1=1--",), risk_bands=("high",))
    assert ids(walk(store, nobody, limit=3)) == []


def test_a_publish_does_not_tear_a_walk(store: Store) -> None:
    first = publish_rows(store, [score(number) for number in range(4)])
    page = customers(store, ALL, limit=2)
    second = publish_rows(store, [score(9 - number, tier="D") for number in range(4)])
    assert page.next_cursor is not None
    rest = customers(store, ALL, limit=2, cursor=page.next_cursor)
    assert (page.run_id, rest.run_id) == (first, first)
    assert [json.loads(body)["tier"] for body in rest.bodies] == ["B", "C"]
    assert customers(store, ALL, limit=2).run_id == second


def test_a_walk_in_a_run_that_is_gone_is_told_so(store: Store) -> None:
    publish_rows(store, [score(number) for number in range(4)])
    page = customers(store, ALL, limit=2)
    publish_rows(store, [score(1)], keep=1)
    with pytest.raises(CursorExpiredError, match=r"no longer kept"):
        customers(store, ALL, limit=2, cursor=page.next_cursor)


def test_a_cursor_holds_only_for_its_question(store: Store) -> None:
    publish_rows(store, [score(number) for number in range(4)])
    cursor = customers(store, ALL, limit=2).next_cursor
    for other in (CustomerFilter(tiers=("A",)), CustomerFilter(sort="-priority")):
        with pytest.raises(CursorError, match=r"another question"):
            customers(store, other, limit=2, cursor=cursor)


def test_the_order_of_a_filter_does_not_matter_to_a_cursor(store: Store) -> None:
    publish_rows(store, [score(number) for number in range(12)])
    page = customers(store, CustomerFilter(tiers=("A", "B")), limit=2)
    same = CustomerFilter(tiers=("B", "A", "B"))
    assert customers(store, same, limit=2, cursor=page.next_cursor).bodies


def test_a_run_of_no_customers_is_an_empty_page(store: Store) -> None:
    publish_rows(store, [])
    page = customers(store, ALL, limit=2)
    assert (page.bodies, page.next_cursor) == ([], None)


def test_a_page_by_a_condition_is_the_same_however_far_one_has_to_look(
    sqlite_store: Store,
) -> None:
    rows = [score(n, **figures(n)) for n in range(90)]
    publish_rows(sqlite_store, rows)
    kept = [row for row in rows if (row["expected_value"] or 0.0) > 600.0]
    for sort in SORTS:
        for limit in (1, 3, 90):
            wanted = CustomerFilter(rule="expected_value > 600", sort=sort)
            found = ids(walk(sqlite_store, wanted, limit=limit))
            assert found == in_order(kept, sort), (sort, limit)


def figures(n: int) -> dict[str, Any]:
    """Return figures of which the last few are large, equal or missing."""
    value = None if n % 7 == 0 else float(10 * (n // 2 * 2))
    risk = None if value is None else value * 0.5
    return {
        "priority": None if value is None else 90 - n,
        "expected_value": value,
        "value_at_risk": risk,
        "churn_probability": None if value is None else 0.5,
    }
