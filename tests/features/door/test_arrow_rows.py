"""Rows by the API are the same tables, and none is dropped in silence."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest

from features.door.log_files import log_from_rows
from features.errors import TableError
from tests.features.small_files import NOW, SALE, at, rows_of


def test_rows_come_in_as_a_log() -> None:
    zone = timezone(timedelta(hours=8))
    with log_from_rows(
        transactions=[
            SALE,
            SALE | {"occurred_at": datetime(2024, 5, 2, 8, tzinfo=zone), "amount": 1},
            SALE | {"product_id": " POST ", "currency": "gbp"},
        ],
        interactions=[
            {
                "customer_id": "c1",
                "occurred_at": at("2024-05-03"),
                "type": "mail",
                "direction": "Inbound",
            }
        ],
        customers=[{"customer_id": "c1", "score": 5, "region": "East", "new": True}],
        now=NOW,
        not_products=("POST",),
    ) as log:
        assert rows_of(log, "transactions", "occurred_at", "amount") == [
            (at("2024-05-01"), 9.5),
            (at("2024-05-02"), 1.0),
        ]
        assert rows_of(log, "interactions", "direction") == [("inbound",)]
        assert rows_of(log, "customers", "score", "region", "new") == [
            (5.0, "East", 1.0)
        ]
        assert log.reports["transactions"].rejected == {"not_a_product": 1}
        assert log.ends_at == datetime(2024, 5, 3, tzinfo=UTC)
        assert "product_id" in log.present["transactions"]


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (
            [SALE | {"amount": float("nan")}],
            "Row 1 of transactions .* non_finite_amount",
        ),
        ([SALE, SALE | {"customer_id": " "}], "Row 2 .* missing_customer_id"),
        ([SALE | {"occurred_at": at("2999-01-01")}], "future_occurred_at"),
        ([SALE | {"order_id": "a\0b"}], "nul_character"),
        ([SALE | {"amount": "9.5"}], "amount of transactions holds .* another type"),
        ([SALE | {"amount": True}], "amount of transactions holds .* another type"),
        ([SALE | {"occurred_at": "2024-05-01"}], "occurred_at .* another type"),
        ([SALE | {"customer_id": 7}], "customer_id .* another type"),
        ([SALE | {"customer_id": "\ud800"}], "customer_id .* another type"),
        ([SALE | {"ammount": 1}], 'no column .ammount.* Did you mean "amount"'),
        ([{"customer_id": "c1", "amount": 1.0}], "rows without occurred_at"),
        ([SALE | {"currency": "EUR"}, SALE | {"currency": "USD"}], "other_currency"),
    ],
)
def test_a_row_by_the_api_is_never_dropped_in_silence(
    rows: Sequence[Mapping[str, Any]], match: str
) -> None:
    with pytest.raises(TableError, match=match):
        log_from_rows(transactions=rows, now=NOW)


def test_no_rows_are_a_log_too() -> None:
    with log_from_rows(transactions=[], now=NOW) as log:
        assert rows_of(log, "transactions", "amount") == []
        assert log.currency is None


def test_logs_of_rows_do_not_see_each_other() -> None:
    rows_in_log: dict[int, list[Any]] = {}

    def score(number: int) -> None:
        rows = [SALE | {"customer_id": str(number)}] * 3
        with log_from_rows(transactions=rows, now=NOW) as log:
            rows_in_log[number] = rows_of(log, "transactions", "customer_id")

    threads = [Thread(target=score, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows_in_log == {number: [(str(number),)] * 3 for number in range(8)}
