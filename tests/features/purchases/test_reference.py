"""The queries against the same columns worked out in pandas, plainly and apart."""

from datetime import UTC, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

from features.purchases.build import build_features
from features.purchases.frame import to_frame
from features.purchases.labels import build_labels
from features.purchases.plan import plan_features
from tests.features.sqllog import NOW, is_known, open_log, queries, transactions

AS_OF = NOW.replace(tzinfo=UTC)
DAY = pd.Timedelta(days=1)
Rows = list[dict[str, Any]]


def to_days(spans: pd.Series) -> pd.Series:
    seconds: pd.Series = spans.dt.total_seconds()
    return seconds / 86_400


def order_key(row: pd.Series) -> str:
    order_id = row["order_id"]
    return f"at {row['occurred_at']}" if pd.isna(order_id) else f"id {order_id}"


def read_rows(rows: Rows) -> pd.DataFrame:
    lines = pd.DataFrame(rows)
    lines["order"] = [order_key(row) for _, row in lines.iterrows()]
    lines["age"] = to_days(pd.Timestamp(NOW) - lines["occurred_at"])
    lines["day"] = lines["occurred_at"].dt.normalize()
    return lines


def count_days(purchases: pd.DataFrame) -> dict[str, float]:
    spend = purchases.groupby("day")["amount"].sum()
    gaps = to_days(spend.index.to_series().diff().dropna())
    silence = purchases["age"].min()
    return {
        "n_purchase_days": len(spend),
        "frequency": len(spend) - 1,
        "recency": (spend.index.max() - spend.index.min()) / DAY,
        "T": (pd.Timestamp(NOW) - spend.index.min()) / DAY,
        "monetary_value": spend.iloc[1:].mean() if len(spend) > 1 else 0,
        "gap_mean": gaps.mean(),
        "gap_sd": gaps.std(ddof=1),
        "gap_max": gaps.max(),
        "gap_median": gaps.median(),
        "gap_last": gaps.iloc[-1] if len(gaps) else np.nan,
        "overdue_ratio": silence / gaps.median() if len(gaps) else np.nan,
        "days_since_last_order": silence,
        "days_since_first_order": purchases["age"].max(),
    }


def count_orders(purchases: pd.DataFrame) -> dict[str, float]:
    orders = purchases.groupby("order").agg(
        value=("amount", "sum"), age=("age", "max"), lines=("amount", "size")
    )
    recent, before = orders["age"] <= 30, orders["age"].between(30, 60, "right")
    last = orders.sort_values(["age", "value", "lines"], ascending=[True, False, False])
    both = recent.sum() + before.sum()
    return {
        "n_orders": len(orders),
        "n_orders_30d": recent.sum(),
        "n_orders_365d": (orders["age"] <= 365).sum(),
        "n_orders_trend_30d": (recent.sum() - before.sum()) / both if both else np.nan,
        "mean_order_value": orders["value"].mean(),
        "order_value_sd": orders["value"].std(ddof=1),
        "order_value_max": orders["value"].max(),
        "order_value_median": orders["value"].median(),
        "largest_order_share": orders["value"].max() / orders["value"].sum(),
        "last_order_value": last["value"].iloc[0],
        "n_orders_half_life_30d": (0.5 ** (orders["age"] / 30)).sum(),
    }


def sum_money(lines: pd.DataFrame, purchases: pd.DataFrame) -> dict[str, float]:
    recent = lines["age"] <= 30
    bought = purchases.dropna(subset=["product_id"])
    spend = bought.groupby("product_id")["amount"].sum()
    returned = -lines.loc[lines["amount"] < 0, "amount"].sum()
    year_ago = lines["age"].between(335, 365, "right")
    return {
        "net_spend": lines["amount"].sum(),
        "gross_spend": purchases["amount"].sum(),
        "net_spend_30d": lines.loc[recent, "amount"].sum(),
        "n_returns_30d": (recent & (lines["amount"] < 0)).sum(),
        "return_share": returned / purchases["amount"].sum(),
        "net_spend_half_life_30d": (lines["amount"] * 0.5 ** (lines["age"] / 30)).sum(),
        "n_products": len(spend) or np.nan,
        "product_hhi": ((spend / spend.sum()) ** 2).sum() if len(spend) else np.nan,
        "net_spend_year_ago_30d": lines.loc[year_ago, "amount"].sum()
        if purchases["age"].max() > 335
        else np.nan,
        "weekend_share": weekend_share(purchases),
    }


def weekend_share(purchases: pd.DataFrame) -> float:
    starts = purchases.groupby("order")["occurred_at"].min()
    return float((starts.dt.day_of_week >= 5).mean())


def work_out(rows: Rows) -> pd.DataFrame:
    lines = read_rows([row for row in rows if is_known(row) and row["amount"] != 0])
    answers = {}
    for customer_id, own in lines.groupby("customer_id"):
        purchases = own[own["amount"] > 0]
        if len(purchases):
            answers[customer_id] = {
                **count_days(purchases),
                **count_orders(purchases),
                **sum_money(own, purchases),
            }
    return pd.DataFrame(answers).T.astype(float)


@queries
@given(rows=transactions(first_day=-400))
def test_features_are_what_pandas_works_out(rows: Rows) -> None:
    assume(any(is_known(row) and row["amount"] > 0 for row in rows))
    everything = {"product_id": "p", "occurred_at": NOW - timedelta(days=399)}
    anchor = {"customer_id": "z", "amount": 1.0, "order_id": None, **everything}
    rows = [*rows, anchor]
    log = open_log(transactions=rows)
    plan = plan_features(log, as_of=AS_OF, horizon=timedelta(days=30))

    table = build_features(log, plan, as_of=[AS_OF])

    expected = work_out(rows)
    got = to_frame(table, list(expected.columns)).droplevel("as_of")
    pd.testing.assert_frame_equal(
        got, expected, check_names=False, rtol=1e-9, atol=1e-6, check_index_type=False
    )


@queries
@given(rows=transactions(), horizon_days=st.integers(1, 40))
def test_labels_are_what_pandas_works_out(rows: Rows, horizon_days: int) -> None:
    assume(any(is_known(row) and row["amount"] > 0 for row in rows))
    horizon = timedelta(days=horizon_days)

    table = build_labels(open_log(transactions=rows), [(AS_OF, horizon)])

    lines = read_rows([row for row in rows if row["amount"] != 0])
    buyers = {row["customer_id"] for row in rows if is_known(row) and row["amount"] > 0}
    after = lines[
        (lines["occurred_at"] >= NOW) & (lines["occurred_at"] < NOW + horizon)
    ]
    got = to_frame(table).droplevel("as_of")
    assert got.index.tolist() == sorted(buyers)
    for customer_id, label in got.iterrows():
        own = after[after["customer_id"] == customer_id]
        bought = own[own["amount"] > 0]
        assert label["churned"] == bought.empty
        assert label["n_orders"] == bought["order"].nunique()
        np.testing.assert_allclose(label["value"], own["amount"].sum(), atol=1e-9)
