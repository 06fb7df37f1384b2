"""The audit finds a planted leak, and nothing in a log without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from features.door.log import Log
from features.door.log_files import log_from_rows
from features.errors import DataError
from features.purchases.plan import FeaturePlan, plan_features
from tests.buyers import DAYS, STARTS_AT, Rows, make_rows
from training.audit.audit import Audit, Subject, audit, compare, rebuild
from training.audit.evidence import gather_buyers
from training.audit.leaky_columns import Suspicions, find_leaky_columns
from training.kinds.purchases import PurchaseLearner, past_origin
from training.origin import Origin
from training.train import TrainOptions

AS_OF = STARTS_AT + timedelta(days=400)
ORIGIN = Origin(AS_OF, 90)
HORIZON = timedelta(days=90)
SEEN = (
    "cast(arrival_days.seen_on as timestamp) < stretches.as_of",
    "signed_lines.seen_at < arrivals.as_of",
)
"""What keeps lines that are not yet there out: by their day, then by their instant."""

KNOWN = "case when known_at > occurred_at then known_at else occurred_at end as seen_at"


@pytest.fixture(scope="module")
def few() -> Rows:
    return make_rows(n_customers=200)


@pytest.fixture(scope="module")
def log(few: Rows) -> Iterator[Log]:
    with few.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def plan(log: Log) -> FeaturePlan:
    return plan_features(log, as_of=AS_OF, horizon=HORIZON)


def with_sql(plan: FeaturePlan, here: str, there: str) -> FeaturePlan:
    assert here in plan.sql
    return replace(plan, sql=plan.sql.replace(here, there))


def subject_of(log: Log, as_of: datetime | None) -> Subject:
    options = TrainOptions(horizon=HORIZON)
    return PurchaseLearner(log, as_of=log.ends_at, options=options).audited(as_of)


def prove(log: Log, as_of: datetime | None) -> Audit:
    return audit(log, subject_of(log, as_of))


def find_suspects(log: Log, plan: FeaturePlan) -> Suspicions:
    return find_leaky_columns(log, gather_buyers(log, plan, origin=ORIGIN))


def left_after(few: Rows, instant: datetime) -> set[str]:
    """Return who buys before an instant and not in the horizon after it."""
    ends_at = instant + HORIZON
    lines = [row for row in few.transactions if row["amount"] > 0]
    before = {row["customer_id"] for row in lines if row["occurred_at"] < instant}
    after = {
        row["customer_id"] for row in lines if instant <= row["occurred_at"] < ends_at
    }
    return before - after


def open_with(few: Rows, **more: Any) -> Log:
    given = {"transactions": few.transactions, "interactions": few.interactions}
    return log_from_rows(**(given | more), now=STARTS_AT + timedelta(days=DAYS))


def test_a_log_without_a_leak_is_clean(log: Log) -> None:
    rows_before = log.con.execute("select count(*) from transactions").fetchall()

    found = prove(log, None)

    assert found.clean
    assert found.as_of == log.ends_at - HORIZON
    assert [each.max_difference for each in found.rebuilds] == [0.0] * 4
    assert all(sum(each.rows_altered.values()) > 0 for each in found.rebuilds)
    n_values = found.n_customers * found.n_features
    assert {each.n_compared for each in found.rebuilds} == {n_values}
    assert found.suspicions.best_auc < found.suspicions.threshold  # type: ignore[operator]
    rows_after = log.con.execute("select count(*) from transactions").fetchall()
    assert rows_after == rows_before


@pytest.mark.parametrize(
    ("leaks", "alteration"),
    [
        ({here: here.replace("<", "<=") for here in SEEN}, "moved"),
        (dict.fromkeys(SEEN, "true"), "removed"),
        ({here: f"{here} + interval 3 day" for here in SEEN}, "changed"),
        ({KNOWN: "occurred_at as seen_at"}, "added"),
    ],
    ids=["at the instant", "whole log", "days after", "not yet known"],
)
def test_sql_that_sees_hidden_rows_is_found(
    log: Log, plan: FeaturePlan, leaks: dict[str, str], alteration: str
) -> None:
    leaky = plan
    for here, there in leaks.items():
        leaky = with_sql(leaky, here, there)

    subject = replace(subject_of(log, AS_OF), plan=lambda altered: leaky)
    _, (found,) = rebuild(log, leaky, subject, alterations=[alteration])

    assert not found.blind
    assert {"net_spend", "n_orders"} & {each.name for each in found.moved}


def test_a_plan_that_sees_hidden_rows_is_found(log: Log, plan: FeaturePlan) -> None:
    def plan_at_the_end(each: Log) -> FeaturePlan:
        return plan_features(each, as_of=log.ends_at, horizon=HORIZON)

    subject = replace(subject_of(log, AS_OF), plan=plan_at_the_end)
    _, (found,) = rebuild(log, plan, subject, alterations=["added"])

    assert found.moved == ()
    assert {"interaction_types", "sql"} <= set(found.plan_parts_moved)
    assert not found.blind


def test_an_attribute_set_on_leaving_is_named(few: Rows, plan: FeaturePlan) -> None:
    left = left_after(few, AS_OF)
    everybody = sorted({row["customer_id"] for row in few.transactions})
    customers = [
        {"customer_id": name, "state": "closed" if name in left else "open", "size": i}
        for i, name in enumerate(everybody)
    ]
    with open_with(few, customers=customers) as opened:
        found = find_suspects(opened, plan)

    assert [each.column for each in found.suspects][0] == "customers.state"
    assert found.suspects[0].auc == pytest.approx(1.0)
    assert not any("size" in each.column for each in found.suspects)


def test_a_product_that_is_backdated_for_some_who_leave_is_named(
    rows: Rows, plan: FeaturePlan
) -> None:
    lines = [row for row in rows.transactions if row["occurred_at"] < AS_OF]
    since = AS_OF - timedelta(days=60)
    recent = {row["customer_id"] for row in lines if row["occurred_at"] > since}
    some = sorted(recent & left_after(rows, AS_OF))
    booked = [
        {
            "customer_id": name,
            "occurred_at": AS_OF - timedelta(days=61),
            "amount": 0.0,
            "product_id": "CLOSING FEE",
        }
        for name in some
    ]
    assert len(booked) >= 20
    more = (*rows.transactions, *booked)
    with open_with(rows, transactions=more, interactions=()) as opened:
        found = find_suspects(opened, plan)

    (suspect,) = found.suspects
    assert suspect.column == "transactions.product_id = 'CLOSING FEE'"
    assert (suspect.n_customers, suspect.churn_rate) == (len(booked), 1.0)


def test_too_few_who_churn_are_not_judged(plan: FeaturePlan) -> None:
    with make_rows(n_customers=20).open() as tiny:
        found = find_suspects(tiny, plan)

    assert found.suspects == ()
    assert "too few to judge" in str(found.skipped)


def test_an_origin_of_the_past_has_an_answer(log: Log) -> None:
    assert past_origin(log, AS_OF, 90) == ORIGIN
    assert past_origin(log, log.ends_at, 90).ends_at <= log.ends_at
    assert past_origin(log, log.ends_at, 3000).ends_at <= log.ends_at


def test_a_value_that_comes_and_a_customer_that_goes_are_differences() -> None:
    before = pa.table(
        {"customer_id": ["a", "b", "c"], "x": [1.0, None, 3.0], "y": [0.0, None, 1.0]}
    )
    after = pa.table({"customer_id": ["b", "a"], "x": [2.0, 1.5], "y": [None, 0.0]})

    n_compared, n_differ, (moved,) = compare(before, after)

    assert (n_compared, n_differ) == (4, 1)
    assert (moved.name, moved.n_customers) == ("x", 2)
    assert moved.max_difference == float("inf")


def test_a_log_without_a_past_is_refused(log: Log) -> None:
    with pytest.raises(DataError, match="no purchase before"):
        prove(log, STARTS_AT - timedelta(days=1))
