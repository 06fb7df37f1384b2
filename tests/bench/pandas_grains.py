"""The log in pandas: moments, orders and purchase days, and small helpers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

DAY = 86_400_000_000
Columns = dict[str, pd.Series]


@dataclass(frozen=True, slots=True)
class Tables:
    """The log as pandas holds it."""

    transactions: pd.DataFrame
    interactions: pd.DataFrame
    customers: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Grains:
    """Moments, orders and purchase days, each with ``who`` and ``age``."""

    moments: pd.DataFrame
    orders: pd.DataFrame
    days: pd.DataFrame


def read_lines(
    sales: pd.DataFrame, as_of: pd.Timestamp
) -> tuple[pd.DataFrame, pd.Index]:
    sales = sales[(sales["occurred_at"] < as_of) & (sales["amount"] != 0)]
    who, ids = pd.factorize(sales["customer_id"])
    is_purchase = (sales["amount"] > 0).to_numpy()
    amount = sales["amount"].abs().to_numpy()
    at = sales["occurred_at"].astype("int64").to_numpy()
    return pd.DataFrame(
        {
            "who": who,
            "at": at,
            "age": (micros(as_of) - at) / DAY,
            "order": pd.factorize(sales["order_id"])[0],
            "product_id": pd.factorize(sales["product_id"])[0],
            "category": pd.factorize(sales["category"])[0],
            "channel": pd.factorize(sales["channel"])[0],
            "bought": is_purchase.astype(np.int64),
            "sent_back": (~is_purchase).astype(np.int64),
            "gross": np.where(is_purchase, amount, 0.0),
            "returned": np.where(is_purchase, 0.0, amount),
            "units": np.where(is_purchase, sales["quantity"].abs(), 0.0),
            "discount": np.where(is_purchase, sales["discount"].abs(), 0.0),
        }
    ), pd.Index(ids)


def make_grains(lines: pd.DataFrame) -> Grains:
    keys = ["who", "order", "at", "channel"]
    sums = ["bought", "sent_back", "gross", "returned", "units", "discount"]
    grouped = lines.groupby(keys, sort=False)
    moments = grouped[sums].sum()
    moments["age"] = grouped["age"].first()
    moments = moments.reset_index()
    moments["net"] = moments["gross"] - moments["returned"]
    moments["day"] = moments["at"] // DAY
    bought = moments[moments["bought"] > 0]
    orders = bought.groupby(["who", "order"], sort=False).agg(
        at=("at", "min"),
        age=("age", "max"),
        value=("gross", "sum"),
        n=("bought", "sum"),
    )
    orders = orders.reset_index().sort_values(
        ["who", "age", "value", "n"], ascending=[True, False, True, True]
    )
    days = bought.groupby(["who", "day"], sort=True).agg(
        gross=("gross", "sum"), age=("age", "min")
    )
    return Grains(moments, orders, days.reset_index())


def sums(frame: pd.DataFrame, columns: Mapping[Any, Any]) -> Columns:
    """Sum columns, masked or not, by customer, all in one block."""
    block = pd.DataFrame({str(name): column for name, column in columns.items()})
    summed = block.groupby(frame["who"].to_numpy(), sort=True).sum()
    return {str(name): summed[name] for name in summed}


def micros(instant: pd.Timestamp) -> int:
    return (instant - pd.Timestamp(0)) // pd.Timedelta(microseconds=1)


def ratio(a: pd.Series, b: pd.Series) -> pd.Series:
    return a / b.where(b != 0)


def contrast(a: pd.Series, b: pd.Series) -> pd.Series:
    return ratio(a - b, a.abs() + b.abs())


def cv_of(n: pd.Series, total: pd.Series, squares: pd.Series) -> pd.Series:
    n = n.astype(np.float64)
    variance = (n * squares / (total * total).where(total != 0) - 1) * n
    variance = variance / (n - 1).where(n != 1)
    return pd.Series(np.sqrt(variance.where(~(variance < 1e-12), 0.0)))


def only_where(values: pd.Series, who: pd.Series, where: pd.Series) -> pd.Series:
    return values[where].set_axis(pd.Index(who[where]))
