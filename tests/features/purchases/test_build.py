import json
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import assume, given
from hypothesis import strategies as st

from features.purchases import build as engine
from features.purchases.build import build_features
from features.purchases.plan import FeaturePlan, feature_schema, plan_features
from tests.features.sqllog import (
    NOW,
    at,
    interactions,
    is_known,
    open_log,
    plan_for,
    queries,
    transactions,
)

AS_OF = NOW.replace(tzinfo=UTC)
Rows = list[dict[str, Any]]
BARE = """
customer_id | occurred_at | amount
b           | 2024-01-01  | 10
a           | 2024-01-11  | 20
a           | 2024-01-21  | 30
"""
ALWAYS = (
    "frequency recency T monetary_value n_orders n_purchase_days "
    "days_since_last_order days_since_first_order net_spend gross_spend "
    "net_spend_365d n_orders_365d gap_mean gap_sd gap_max gap_last gap_median "
    "overdue_ratio mean_order_value last_order_value n_orders_30d net_spend_30d "
    "n_orders_trend_30d net_spend_year_ago_30d n_orders_year_ago_30d"
).split()


def build(
    plan: FeaturePlan, purchases: Rows, contacts: Rows, instants: list[datetime]
) -> pa.Table:
    log = open_log(transactions=purchases, interactions=contacts)
    return build_features(log, plan, as_of=instants)


@cache
def full_plan() -> FeaturePlan:
    """Return a plan that makes every feature there is."""
    shared = {"customer_id": "a", "occurred_at": NOW - timedelta(days=99.5)}
    purchase = {
        "amount": 1.0,
        "order_id": "1",
        "product_id": "p",
        "category": "x",
        "quantity": 1.0,
        "discount": 0.1,
        "cost": 0.5,
        "channel": "web",
    }
    contact = {"direction": "inbound", "value": 1.0, "minutes": 1.0, "cost": 1.0}
    return plan_rows(
        [{**shared, **purchase}],
        [{**shared, **contact, "type": type_} for type_ in ("call", "mail")],
    )


def has_purchase(rows: Rows) -> bool:
    return any(is_known(row) and row["amount"] > 0 for row in rows)


def plan_rows(purchases: Rows, contacts: Rows) -> FeaturePlan:
    log = open_log(transactions=purchases, interactions=contacts)
    return plan_features(log, as_of=AS_OF, horizon=timedelta(days=30))


def test_the_smallest_log_has_the_names_that_are_always_there() -> None:
    plan = plan_for(open_log(transactions=BARE), "2024-02-10")

    assert set(ALWAYS) <= set(plan.names)
    assert len(plan.names) >= 35
    assert plan.has == ()
    assert len(set(plan.names)) == len(plan.names)


def test_a_table_has_keys_then_features_as_float64() -> None:
    log = open_log(transactions=BARE)
    plan = plan_for(log, "2024-02-10")

    table = build_features(log, plan, as_of=[at("2024-02-10"), at("2024-01-15")])

    assert table.schema == feature_schema(plan)
    assert table.select(["customer_id", "as_of"]).to_pylist() == [
        {"customer_id": customer_id, "as_of": datetime.fromisoformat(as_of)}
        for customer_id, as_of in [
            ("a", "2024-01-15"),
            ("b", "2024-01-15"),
            ("a", "2024-02-10"),
            ("b", "2024-02-10"),
        ]
    ]


def test_no_instant_gives_no_row() -> None:
    log = open_log(transactions=BARE)

    table = build_features(log, plan_for(log, "2024-02-10"), as_of=[])

    assert table.num_rows == 0


def test_an_instant_with_an_offset_is_the_same_instant_in_utc() -> None:
    log = open_log(transactions=BARE)
    plan = plan_for(log, "2024-02-10")
    east = datetime.fromisoformat("2024-02-10T08:00+08:00")

    assert build_features(log, plan, as_of=[east]).equals(
        build_features(log, plan, as_of=[at("2024-02-10")])
    )


def test_a_plan_survives_json() -> None:
    contacts = """
    customer_id | occurred_at | type | direction
    a           | 2024-01-11  | call | inbound
    """
    log = open_log(transactions=BARE, interactions=contacts)
    plan = plan_for(log, "2024-02-10")

    assert FeaturePlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert plan.interaction_types == (("call", "inbound"),)


def test_only_the_most_common_types_are_counted_apart() -> None:
    contacts = [
        {"customer_id": "a", "occurred_at": NOW - timedelta(days=9), "type": f"t{n:02}"}
        for n in range(15)
        for _ in range(15 - n)
    ]
    purchase = {"customer_id": "a", "occurred_at": NOW - timedelta(1), "amount": 1.0}

    types = plan_rows([purchase], contacts).interaction_types

    assert types == tuple((f"t{n:02}", "") for n in range(12))


@queries
@given(purchases=transactions(), contacts=interactions())
def test_many_instants_at_once_equal_one_at_a_time(
    purchases: Rows, contacts: Rows
) -> None:
    assume(has_purchase(purchases))
    plan = full_plan()
    instants = [AS_OF - timedelta(days=days) for days in (60, 30.5, 0)]

    log = open_log(transactions=purchases, interactions=contacts)

    together = build_features(log, plan, as_of=instants)

    apart = [build_features(log, plan, as_of=[instant]) for instant in instants]
    assert together.equals(pa.concat_tables(apart))


@queries
@given(purchases=transactions(), contacts=interactions())
def test_a_customer_alone_equals_the_same_among_others(
    purchases: Rows, contacts: Rows
) -> None:
    assume(has_purchase(purchases))
    plan = full_plan()

    among = build(plan, purchases, contacts, [AS_OF])

    alone = [
        build(
            plan,
            [row for row in purchases if row["customer_id"] == customer_id],
            [row for row in contacts if row["customer_id"] == customer_id],
            [AS_OF],
        )
        for customer_id in among.column("customer_id").to_pylist()
    ]
    assert among.equals(pa.concat_tables(alone))


@queries
@given(data=st.data(), purchases=transactions(), contacts=interactions())
def test_the_order_of_the_rows_changes_nothing(
    data: st.DataObject, purchases: Rows, contacts: Rows
) -> None:
    assume(has_purchase(purchases))
    shuffled = data.draw(st.permutations(purchases))
    plan = full_plan()

    assert build(plan, purchases, contacts, [AS_OF]).equals(
        build(plan, shuffled, contacts[::-1], [AS_OF])
    )


def test_a_large_log_is_summed_as_exactly_as_a_small_one() -> None:
    rows = [
        {
            "customer_id": f"c{n % 40}",
            "occurred_at": NOW - timedelta(hours=1 + n * 7919 % 9000),
            "amount": (n * 104729 % 100_003) / 97 - 100,
            "order_id": f"o{n // 3}",
            "product_id": f"p{n * 31 % 60}",
        }
        for n in range(engine.SMALL_LOG_ROWS + 1)
    ]
    plan = plan_rows(rows, [])

    among = build(plan, rows, [], [AS_OF])

    alone = build(plan, [r for r in rows if r["customer_id"] == "c7"], [], [AS_OF])
    assert among.filter(pc.equal(among.column("customer_id"), "c7")).equals(alone)


def test_numbers_at_the_edge_of_the_possible_stay_finite() -> None:
    amounts = [1e12, 1e12, -1e12, 5e-324, 0.004, 1e11, -1e-300]
    rows = [
        {
            "customer_id": customer_id,
            "occurred_at": NOW - timedelta(days=40 * n, microseconds=1),
            "amount": amount,
            "quantity": amount,
            "discount": abs(amount),
            "cost": amount,
            "product_id": f"p{n % 3}",
            "category": "x",
            "channel": "web",
        }
        for n, amount in enumerate(amounts)
        for customer_id in ("all", f"only {n}")
    ]
    contacts = [
        {**row, "type": "call", "value": row["amount"], "minutes": 1e12} for row in rows
    ]
    for contact in contacts:
        for name in ("amount", "quantity", "discount", "product_id", "category"):
            del contact[name]

    plan = plan_rows(rows, contacts)
    table = build(plan, rows, contacts, [AS_OF])

    assert table.num_rows == 6
    for name in plan.names:
        finite = pc.is_finite(table.column(name)).drop_null().to_pylist()
        assert all(finite), name


def test_no_step_of_the_query_shares_its_name_with_another() -> None:
    contacts = """
    customer_id | occurred_at | type
    a           | 2024-01-11  | call
    """
    log = open_log(transactions=BARE, interactions=contacts)
    sql = plan_for(log, "2024-02-10").sql

    steps = sorted(
        line.split(" as (")[0] for line in sql.splitlines() if line.endswith(" as (")
    )
    assert len(steps) > 20
    assert all(one != other for one, other in pairwise(steps))
