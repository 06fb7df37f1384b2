"""The features in numpy against the query that says what they are."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from features.door.log_files import Log
from features.instants import to_naive_utc
from features.purchases.build import build_by_query, build_features
from features.purchases.numpy.build import Wanted, build_tables
from features.purchases.numpy.engine import build_in_arrays
from features.purchases.numpy.families.compile import compile_plan, slow_families
from features.purchases.numpy.reading.log import Sizes
from features.purchases.plan import FeaturePlan
from tests.features.purchases.test_build import full_plan
from tests.features.sqllog import (
    NOW,
    at,
    interactions,
    open_log,
    plan_for,
    queries,
    transactions,
)

AS_OF = NOW.replace(tzinfo=UTC)
Rows = list[dict[str, Any]]


def in_arrays(log: Log, plan: FeaturePlan, instants: list[datetime]) -> pa.Table:
    table = build_in_arrays(log.con, plan, as_of=instants)
    assert table is not None
    return table


def assert_alike(ours: pa.Table, theirs: pa.Table) -> None:
    assert ours.select(["customer_id", "as_of"]).equals(
        theirs.select(["customer_id", "as_of"])
    )
    for name in theirs.column_names[2:]:
        np.testing.assert_allclose(
            ours[name].to_numpy(), theirs[name].to_numpy(), rtol=1e-9, err_msg=name
        )


@queries
@given(purchases=transactions(), contacts=interactions())
def test_the_values_are_those_of_the_query(purchases: Rows, contacts: Rows) -> None:
    log = open_log(transactions=purchases, interactions=contacts)
    instants = [AS_OF - timedelta(days=60), AS_OF]

    assert_alike(
        in_arrays(log, full_plan(), instants),
        build_by_query(log, full_plan(), as_of=instants),
    )


def test_lines_of_one_instant_that_became_known_apart_are_one_moment() -> None:
    rows = """
    customer_id | occurred_at         | amount | order_id | known_at
    a           | 2024-04-01T10:00:00 | 10     | 1        |
    a           | 2024-04-01T10:00:00 | 20     | 1        | 2024-05-10
    a           | 2024-04-20T10:00:00 | 20     | 2        |
    a           | 2024-04-22T10:00:00 | -5     | 2        |
    """
    log = open_log(transactions=rows)
    plan = plan_for(log, "2024-06-01")
    instants = [at("2024-05-01"), at("2024-06-01")]

    for table in (
        in_arrays(log, plan, instants),
        build_by_query(log, plan, as_of=instants),
    ):
        assert table["returns_per_order"].to_pylist() == [0.5, 0.5]


def test_what_is_known_late_of_one_customer_is_nobody_elses() -> None:
    rows = """
    customer_id | occurred_at | amount | product_id | category | channel | known_at
    a           | 2024-01-16  | 3      | q          | x        | shop    | 2024-05-09
    b           | 2024-03-17  | 26     |            |          |         |
    """
    log = open_log(transactions=rows)
    plan = plan_for(log, "2024-06-01")
    instants = [at("2024-04-02"), at("2024-06-01")]

    found = in_arrays(log, plan, instants)

    assert found["customer_id"].to_pylist() == ["b", "a", "b"]
    for name in ("n_products", "n_categories", "n_channels"):
        assert found[name].to_pylist() == [None, 1, None]
    assert_alike(found, build_by_query(log, plan, as_of=instants))


@pytest.mark.parametrize("days", [7, 30])
def test_a_wait_of_just_so_many_days_is_within_them_at_any_time_of_day(
    days: int,
) -> None:
    # Ages of 27.396...  and 20.396... days are, as doubles, more than seven apart.
    first, order = at("2024-01-01"), at("2024-01-01") + timedelta(days=days)
    log = open_log(
        transactions=[{"customer_id": "a", "occurred_at": order, "amount": 1}],
        interactions=[{"customer_id": "a", "occurred_at": first, "type": "call"}],
    )
    plan = plan_for(log, "2024-06-01")
    since = timedelta(hours=9, minutes=30, seconds=49, microseconds=877_027)
    instants = [order + since + timedelta(days=n) for n in range(1, 40)]

    for table in (
        in_arrays(log, plan, instants),
        build_by_query(log, plan, as_of=instants),
    ):
        for name in (
            f"orders_within_{days}d_of_interaction_share",
            f"interactions_answered_within_{days}d_share",
        ):
            assert table[name].to_pylist() == [1] * len(instants)


@pytest.mark.parametrize("horizon", [1, 30, 365])
def test_the_days_ahead_are_found_in_every_year_before(horizon: int) -> None:
    """Years are of 365.25 days: the one that this as_of is in ends 12 days later."""
    as_of = at("2023-12-20T12:00")
    year = timedelta(days=365.25)
    bounds = (as_of - n * year for n in range(1, 5))
    instants = {
        each + days + near
        for each in bounds
        for days in map(timedelta, (0, 1, 12, 30, 200, 365))
        for near in map(timedelta, (0,) * 3, (0,) * 3, (-1, 0, 1))
    }
    rows = [
        {"customer_id": f"{place:03}", "occurred_at": each, "amount": 1}
        for place, each in enumerate(sorted(instants))
        if each < as_of
    ]
    log = open_log(transactions=rows)
    plan = plan_for(log, "2023-12-20T12:00", horizon)

    ours = in_arrays(log, plan, [as_of])

    assert_alike(ours, build_by_query(log, plan, as_of=[as_of]))
    assert {0, 1} <= set(ours["in_season_order_share"].to_pylist())


def many_contacts() -> Rows:
    return [
        {
            "customer_id": f"c{n * 37 % 97}",
            "occurred_at": NOW - timedelta(hours=1 + n * 7907 % 9000),
            "type": "email" if n % 3 else "call",
            "direction": "inbound" if n % 2 else None,
            "value": n % 7 if n % 5 else None,
            "known_at": NOW - timedelta(days=30) if n == 700 else None,
        }
        for n in range(1_000)
    ]


def many_rows() -> Rows:
    return [
        {
            "customer_id": f"c{n * 31 % 97}",
            "occurred_at": NOW - timedelta(hours=1 + n * 7919 % 9000),
            "amount": (n * 104729 % 10_003) / 97 - 10,
            "order_id": f"o{n // 3}",
            "product_id": f"p{n * 31 % 60}",
            "known_at": NOW if n % 50 == 0 else None,
        }
        for n in range(3_000)
    ]


def test_many_as_ofs_in_one_build_give_the_bits_of_single_builds() -> None:
    log = open_log(transactions=many_rows(), interactions=many_contacts())
    plan = plan_for(log, "2024-06-01")
    # Most fall into no order and no purchase day; one in three falls into many.
    instants = [
        AS_OF - timedelta(days=20 * n, hours=0 if n % 3 else 5) for n in range(12)
    ]

    single = [in_arrays(log, plan, [each]) for each in reversed(instants)]

    whole = in_arrays(log, plan, instants)
    assert whole.combine_chunks().equals(pa.concat_tables(single).combine_chunks())


def in_sizes(log: Log, plan: FeaturePlan, sizes: Sizes) -> Generator[pa.Table]:
    program = compile_plan(plan.sql).program
    as_ofs = (to_naive_utc(AS_OF),)
    wanted = Wanted(plan, program, plan.names, as_ofs, sizes)
    for _, table in build_tables(log.con, wanted):
        yield table


@contextmanager
def threads_of(log: Log, n: int) -> Iterator[None]:
    [(before,)] = log.con.execute("select current_setting('threads')").fetchall()
    log.con.execute(f"set threads = {n}")
    yield
    log.con.execute(f"set threads = {before}")


@pytest.fixture(scope="module")
def many() -> Log:
    """Return a log of 97 customers, of whom the first half was never talked to."""
    ids = sorted(f"c{n}" for n in range(97))
    contacts = [row for row in many_contacts() if row["customer_id"] > ids[48]]
    return open_log(
        transactions=many_rows(),
        interactions=contacts,
        customers=[
            {"customer_id": each, "joined_at": NOW - timedelta(days=900 + n)}
            for n, each in enumerate(ids)
            if n % 3
        ],
    )


@pytest.mark.parametrize(
    ("sizes", "n_tables"),
    [(Sizes(customers=7), 14), (Sizes(rows=1_000), 3), (Sizes(20, 900), 8)],
)
def test_blocks_and_parts_of_any_size_give_what_one_block_gives(
    many: Log, sizes: Sizes, n_tables: int
) -> None:
    plan = plan_for(many, "2024-06-01")

    with threads_of(many, 2):
        tables = list(in_sizes(many, plan, sizes))

    assert len(tables) == n_tables
    whole = in_arrays(many, plan, [AS_OF])
    assert {"days_since_joined", "n_interaction_email"} <= set(whole.column_names)
    assert pa.concat_tables(tables).combine_chunks().equals(whole.combine_chunks())


@pytest.mark.parametrize("threads", [1, 2])
def test_a_build_in_parts_can_be_given_up(many: Log, threads: int) -> None:
    plan = plan_for(many, "2024-06-01")

    with threads_of(many, threads):
        tables = in_sizes(many, plan, Sizes(7, 900))
        assert next(tables).num_rows == 7
        tables.close()

    assert next(in_sizes(many, plan, Sizes())).num_rows == 97


def test_more_customers_than_fit_a_small_array_are_right_before_all_have_bought() -> (
    None
):
    days_ago = {f"c{n}": 40 if n % 2 else 10 for n in range(2_100)}
    log = open_log(
        transactions=[
            {"customer_id": name, "occurred_at": NOW - timedelta(days=n), "amount": n}
            for name, n in days_ago.items()
        ],
        interactions=[
            {"customer_id": name, "occurred_at": NOW - timedelta(days=60), "type": kind}
            for n, name in enumerate(days_ago)
            for kind in ("call", "visit")[: n % 3]
        ],
    )
    plan = plan_for(log, "2024-06-01")
    instants = [AS_OF - timedelta(days=30), AS_OF]

    assert "n_interaction_visit" in plan.names
    assert_alike(
        in_arrays(log, plan, instants), build_by_query(log, plan, as_of=instants)
    )


def test_every_family_that_is_shipped_is_compiled() -> None:
    assert slow_families(full_plan()) == ()


def test_a_plan_of_other_files_is_worked_out_as_it_stands() -> None:
    log = open_log(transactions=many_rows())
    plan = plan_for(log, "2024-06-01")
    older = replace(plan, sql=plan.sql.replace("as n_orders,", "+ 1 as n_orders,", 1))
    assert older.sql != plan.sql

    assert_alike(
        build_features(log, older, as_of=[AS_OF]),
        build_by_query(log, older, as_of=[AS_OF]),
    )


def test_amounts_beyond_64_bits_are_left_to_the_query() -> None:
    rows = [
        {"customer_id": "a", "occurred_at": NOW - timedelta(days=1), "amount": 1e12}
        for _ in range(500)
    ]
    log = open_log(transactions=rows)
    plan = plan_for(log, "2024-06-01")

    assert build_in_arrays(log.con, plan, as_of=[AS_OF]) is None
    table = build_features(log, plan, as_of=[AS_OF])
    assert table["gross_spend"].to_pylist() == [pytest.approx(5e14)]


def test_dates_decades_apart_are_told_apart() -> None:
    rows = """
    customer_id | occurred_at         | amount
    a           | 1980-01-01T00:00:01 | 10
    a           | 2024-05-01T12:00:00 | 20
    b           | 2024-05-02          | 5
    """
    log = open_log(transactions=rows)
    plan = plan_for(log, "2024-06-01")

    assert_alike(
        in_arrays(log, plan, [at("2024-06-01")]),
        build_by_query(log, plan, as_of=[at("2024-06-01")]),
    )
