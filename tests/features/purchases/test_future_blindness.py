"""What happens, or is known, at or after ``as_of`` changes no feature."""

from datetime import UTC, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.errors import DataError
from features.purchases.build import build_features
from features.purchases.plan import FeaturePlan, plan_features
from tests.features.sqllog import (
    NOW,
    interactions,
    is_known,
    open_log,
    queries,
    transactions,
)

AS_OF = NOW.replace(tzinfo=UTC)
Rows = list[dict[str, Any]]


def build(
    purchases: Rows, contacts: Rows, members: Rows
) -> tuple[FeaturePlan, pa.Table]:
    log = open_log(transactions=purchases, interactions=contacts, customers=members)
    plan = plan_features(log, as_of=AS_OF, horizon=timedelta(days=30))
    return plan, build_features(log, plan, as_of=[AS_OF])


def has_purchase(rows: Rows) -> bool:
    return any(is_known(row) and row["amount"] > 0 for row in rows)


@queries
@given(
    purchases=transactions(),
    contacts=interactions(),
    members=st.lists(
        st.fixed_dictionaries(
            {
                "customer_id": st.sampled_from(["a", "b", "c"]),
                "joined_at": st.integers(-200, 20).map(
                    lambda day: NOW + timedelta(days=day)
                ),
            }
        ),
        max_size=3,
        unique_by=lambda row: row["customer_id"],
    ),
)
def test_rows_not_yet_known_change_no_feature_and_no_plan(
    purchases: Rows, contacts: Rows, members: Rows
) -> None:
    assume(has_purchase(purchases))

    whole = build(purchases, contacts, members)
    past = build(
        [row for row in purchases if is_known(row)],
        [row for row in contacts if is_known(row)],
        [row for row in members if row["joined_at"] < NOW],
    )

    assert whole[0] == past[0]
    assert whole[1].equals(past[1])


@queries
@given(data=st.data(), purchases=transactions(), contacts=interactions())
def test_altering_the_future_changes_no_feature(
    data: st.DataObject, purchases: Rows, contacts: Rows
) -> None:
    assume(has_purchase(purchases))
    other_purchases = data.draw(transactions(first_day=0))
    other_contacts = data.draw(interactions(first_day=0))

    original = build(purchases, contacts, [])
    altered = build(
        [row for row in purchases if is_known(row)] + other_purchases,
        [row for row in contacts if is_known(row)] + other_contacts,
        [],
    )

    assert original[0] == altered[0]
    assert original[1].equals(altered[1])


@pytest.mark.parametrize("column", ["occurred_at", "known_at"])
def test_a_row_is_seen_from_the_microsecond_after_it(column: str) -> None:
    first = {"customer_id": "a", "occurred_at": NOW - timedelta(days=9), "amount": 1.0}
    at_as_of = {**first, "amount": 5.0, column: NOW}
    just_before = {**first, "amount": 7.0, column: NOW - timedelta(microseconds=1)}

    _, table = build([first, at_as_of, just_before], [], [])

    assert table.column("net_spend").to_pylist() == [8]


def test_a_log_without_a_past_has_no_plan() -> None:
    row = {"customer_id": "a", "occurred_at": NOW, "amount": 1.0}

    with pytest.raises(DataError, match="no purchase before 2024-06-01"):
        build([row], [], [])
