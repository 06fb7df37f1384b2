"""Rows that are at hand against the log that the door makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.door.log_files import log_from_rows
from features.errors import TableError
from features.purchases.build import build_features
from features.purchases.numpy.rows import OwnRows, build_from_rows
from tests.features.purchases.test_build import full_plan
from tests.features.sqllog import NOW, interactions, queries, transactions

AS_OF = NOW.replace(tzinfo=UTC)
PRESENT = AS_OF + timedelta(days=365)
FAR = datetime.fromisoformat("9999-12-31T23:59:59")
FEES = ("q", "postage")

Rows = list[dict[str, Any]]

ODD = (
    *(None, "", " ", " p", "p ", "\tp", "NULL", "n/a", "NA", "nan", "None", "q", "Q"),
    *("postage", "\0", "p\0", "p\u200b", "\ud800", "ſ", "İ", "5", "GBP", "gbp", "EUR"),
    *(5, -3, 0.0, -0.0, 1e12, 1e13, 2**53, 2**70, float("nan"), float("-inf")),
    *(True, b"p", date(2024, 1, 1), NOW + timedelta(days=366, minutes=4)),
    *(NOW + timedelta(days=400), NOW - timedelta(days=19_900), FAR),
    *(NOW - timedelta(days=46_000), NOW - timedelta(microseconds=678)),
    datetime(2024, 5, 1, tzinfo=timezone(timedelta(hours=-7))),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7))),
)
"""Cells that the door changes, sets aside or refuses, and some that it does not."""

COLUMNS = {
    "transactions": "occurred_at amount order_id product_id category quantity discount "
    "cost channel currency known_at colour customer_id".split(),
    "interactions": "occurred_at type direction channel value owner_id minutes cost "
    "known_at amount".split(),
}

spoils = st.lists(
    st.one_of(
        [
            st.tuples(
                st.just(table),
                st.integers(0, 30),
                st.sampled_from(names),
                st.sampled_from(ODD),
            )
            for table, names in COLUMNS.items()
        ]
    ),
    max_size=2,
)


def by_customer(rows: Rows) -> dict[str, Rows]:
    """Return each customer's own rows."""
    own: dict[str, Rows] = {"a": [], "b": [], "c": [], "d": []}
    for row in rows:
        own[row["customer_id"]].append(
            {name: value for name, value in row.items() if name != "customer_id"}
        )
    return own


def by_door(
    tables: Mapping[str, Mapping[str, Rows]], joined_at: Mapping[str, Any]
) -> pa.Table | None:
    """Return the features of the log that the door makes, None if it refuses."""

    def rows(table: str) -> Sequence[dict[str, Any]]:
        own = tables[table].items()
        return [{**row, "customer_id": name} for name, each in own for row in each]

    try:
        with log_from_rows(
            transactions=rows("transactions"),
            interactions=rows("interactions"),
            customers=[
                {"customer_id": name, "joined_at": at} for name, at in joined_at.items()
            ],
            now=PRESENT,
            not_products=FEES,
        ) as log:
            return build_features(log, full_plan(), as_of=[AS_OF])
    except TableError:
        return None


def by_rows(
    tables: Mapping[str, Mapping[str, Rows]], joined_at: Mapping[str, Any]
) -> pa.Table | None:
    rows = OwnRows(tables["transactions"], tables["interactions"], joined_at)
    return build_from_rows(
        rows, full_plan(), as_of=AS_OF, now=PRESENT, not_products=FEES
    )


@settings(queries, max_examples=40)
@given(
    purchases=transactions(),
    contacts=interactions(),
    joined_at=st.dictionaries(
        st.sampled_from("abd"),
        st.sampled_from([NOW - timedelta(days=9), AS_OF, NOW + timedelta(days=1)]),
    ),
    spoilt=spoils,
)
def test_the_features_are_those_of_the_log_or_left_to_it(
    purchases: Rows, contacts: Rows, joined_at: dict[str, Any], spoilt: list[Any]
) -> None:
    tables = {
        "transactions": by_customer(purchases),
        "interactions": by_customer(contacts),
    }
    for table, at, name, value in spoilt:
        rows = [row for own in tables[table].values() for row in own]
        if rows and name != "customer_id":
            rows[at % len(rows)][name] = value

    ours = by_rows(tables, joined_at)

    if not spoilt:
        assert ours is not None
    if ours is not None:
        theirs = by_door(tables, joined_at)
        assert theirs is not None
        assert ours.combine_chunks().equals(theirs.combine_chunks())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("amount", each) for each in (None, "5", True, 1e13, float("nan"))),
        *(("occurred_at", each) for each in (None, "2024-05-01", FAR)),
        *(("order_id", each) for each in ("", " 1", "n/a", "\0", 5)),
        ("colour", "red"),
        ("customer_id", "a"),
        ("direction", "inbound"),
    ],
)
def test_what_the_door_would_change_or_refuse_is_left_to_it(
    name: str, value: object
) -> None:
    row = {"occurred_at": NOW - timedelta(days=1), "amount": 5.0}
    tables = {"transactions": {"a": [row, {**row, name: value}]}, "interactions": {}}

    assert by_rows(tables, {}) is None


def test_rows_of_two_currencies_are_left_to_the_door() -> None:
    row = {"occurred_at": NOW - timedelta(days=1), "amount": 5.0}
    one, other = {**row, "currency": "gbp"}, {**row, "currency": "EUR"}
    alike = {"transactions": {"a": [one], "b": [one, row]}, "interactions": {}}
    mixed = {"transactions": {"a": [one], "b": [other]}, "interactions": {}}

    assert by_rows(alike, {}) is not None
    assert by_rows(mixed, {}) is None


def test_customers_without_a_purchase_in_sight_have_no_row() -> None:
    row = {"occurred_at": NOW - timedelta(days=1), "amount": -5.0}
    fee = {**row, "amount": 5.0, "product_id": "postage"}
    late = {**row, "amount": 5.0, "known_at": NOW}
    for rows in ([row], [fee], [late], []):
        found = by_rows({"transactions": {"a": rows}, "interactions": {"a": []}}, {})
        assert found is not None
        assert found.num_rows == 0
