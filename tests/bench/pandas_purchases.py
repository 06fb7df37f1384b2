"""What pandas makes of moments, orders and days."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.purchases.plan import FeaturePlan
from tests.bench.pandas_grains import (
    DAY,
    Columns,
    Grains,
    contrast,
    cv_of,
    micros,
    only_where,
    ratio,
    sums,
)


def rfm(grains: Grains, as_of: pd.Timestamp) -> Columns:
    days = grains.days.groupby("who")
    by_order = grains.orders.groupby("who")
    bought = grains.moments[grains.moments["bought"] > 0].groupby("who")["age"]
    moments = grains.moments.groupby("who")[["net", "gross"]].sum()
    n_days, first = days["day"].size(), days["day"].first()
    n_orders = by_order["value"].size()
    repeat = days["gross"].sum() - days["gross"].first()
    return {
        "frequency": n_days - 1,
        "recency": days["day"].last() - first,
        "T": (micros(as_of) - first * DAY) / DAY,
        "monetary_value": ratio(repeat, n_days - 1).fillna(0),
        "n_orders": n_orders,
        "n_purchase_days": n_days,
        "days_since_last_order": bought.min(),
        "days_since_first_order": bought.max(),
        "net_spend": moments["net"],
        "gross_spend": moments["gross"],
        "mean_order_value": moments["gross"] / n_orders,
        "first_order_value": by_order["value"].first(),
        "last_order_value": by_order["value"].last(),
        "mean_lines_per_order": by_order["n"].sum() / n_orders,
    }


def windows(grains: Grains, plan: FeaturePlan) -> Columns:
    moments, orders, days = grains.moments, grains.orders, grains.days
    year = sorted({*plan.windows, 365})
    m: dict[str, Any] = {}
    for w in year:
        m[f"net_spend_{w}d"] = moments["net"].where(moments["age"] <= w, 0.0)
    for w in plan.windows:
        seen = moments["age"] <= w
        m[f"gross_spend_{w}d"] = moments["gross"].where(seen, 0.0)
        m[f"units_{w}d"] = moments["units"].where(seen, 0.0)
        m[f"n_returns_{w}d"] = moments["sent_back"].where(seen, 0)
    found = sums(moments, m)
    breaks = sorted({*year, *(2 * w for w in plan.windows)})
    n = sums(orders, {w: orders["age"] <= w for w in breaks})
    spend = sums(
        orders, {w: orders["value"].where(orders["age"] <= w, 0.0) for w in breaks}
    )
    found |= {f"n_orders_{w}d": n[str(w)] for w in year}
    found |= sums(
        days, {f"n_purchase_days_{w}d": days["age"] <= w for w in plan.windows}
    )
    life = orders.groupby("who")["age"].max()
    pace = orders.groupby("who")["age"].size() / life
    for w in plan.windows:
        now, both = n[str(w)], n[str(2 * w)]
        found[f"n_orders_trend_{w}d"] = contrast(now, both - now)
        before = (spend[str(2 * w)] - spend[str(w)]).round(4)
        found[f"gross_spend_trend_{w}d"] = contrast(spend[str(w)], before)
        found[f"n_orders_pace_{w}d"] = contrast(now / life.clip(upper=w), pace)
    return found


def cadence(days: pd.DataFrame) -> Columns:
    by = days.groupby("who")
    gap = by["day"].diff()
    n_th = by.cumcount() + 1
    n_back = by.cumcount(ascending=False) + 1
    last = days["who"].map(by["age"].last())
    block = {
        "n": gap.notna(),
        "total": gap.fillna(0.0),
        "squares": (gap * gap).fillna(0.0),
        "late": gap.where(n_back <= 3, 0.0).fillna(0.0),
        "late_n": gap.notna() & (n_back <= 3),
        "second": gap.where(n_th > n_back, 0.0).fillna(0.0),
        "second_n": gap.notna() & (n_th > n_back),
        "shorter": gap <= last,
    }
    s = sums(days, block)
    gaps = gap.groupby(days["who"])
    mean, cv = ratio(s["total"], s["n"]), cv_of(s["n"], s["total"], s["squares"])
    early = ratio(s["total"] - s["second"], s["n"] - s["second_n"])
    median, longest = gaps.median(), gaps.max()
    silence = by["age"].last()
    return {
        "gap_mean": mean,
        "gap_sd": cv * mean,
        "gap_cv": cv,
        "gap_min": gaps.min(),
        "gap_max": longest,
        "gap_last": only_where(gap, days["who"], n_back == 1),
        "gap_median": median,
        "days_between_first_and_second": gap[n_th == 2].set_axis(
            days["who"][n_th == 2]
        ),
        "gap_mean_last_3": ratio(s["late"], s["late_n"]),
        "gap_trend": contrast(ratio(s["second"], s["second_n"]), early),
        "overdue_ratio": ratio(silence, median),
        "overdue_ratio_to_longest": ratio(silence, longest),
        "share_of_gaps_outlasted": ratio(s["shorter"], s["n"]),
    }


def dispersion(frame: pd.DataFrame) -> Columns:
    by = frame.groupby("who")["value"]
    late = frame.groupby("who").tail(3).groupby("who")["value"].mean()
    total, n = by.sum(), by.size()
    cv = cv_of(n, total, (frame["value"] ** 2).groupby(frame["who"]).sum())
    mean = total / n
    return {
        "order_value_max": by.max(),
        "order_value_min": by.min(),
        "order_value_median": by.median(),
        "order_value_sd": cv * mean,
        "order_value_cv": cv,
        "largest_order_share": by.max() / total,
        "mean_order_value_last_3": late,
        "order_value_trend": contrast(late, mean),
    }


def decay(grains: Grains, plan: FeaturePlan) -> Columns:
    h = plan.horizon_days
    lives = sorted({max(1, round(h / 4)), h, 4 * h})
    m, o = grains.moments, grains.orders
    spend = {
        f"net_spend_half_life_{d}d": m["net"] * 2.0 ** (-m["age"] / d) for d in lives
    }
    n = {f"n_orders_half_life_{d}d": 2.0 ** (-o["age"] / d) for d in lives}
    return sums(m, spend) | sums(o, n)


def money_back(m: pd.DataFrame, h: int) -> Columns:
    recent, is_bought, is_back = m["age"] <= h, m["bought"] > 0, m["sent_back"] > 0
    s = sums(
        m,
        {
            "gross": m["gross"],
            "returned": m["returned"],
            "discount": m["discount"],
            "n": m["sent_back"],
            "back": is_back,
            "bought": is_bought,
            "discounted": is_bought & (m["discount"] > 0),
            "gross_recent": m["gross"].where(recent, 0.0),
            "returned_recent": m["returned"].where(recent, 0.0),
            "discount_recent": m["discount"].where(recent, 0.0),
        },
    )
    full, full_recent = (
        s["gross"] + s["discount"],
        s["gross_recent"] + s["discount_recent"],
    )
    return {
        "discount_share": ratio(s["discount"], full),
        f"discount_share_{h}d": ratio(s["discount_recent"], full_recent),
        "discounted_order_share": ratio(s["discounted"], s["bought"]),
        "n_returns": s["n"],
        "returned_value": s["returned"],
        "days_since_last_return": m[is_back].groupby("who")["age"].min(),
        "return_share": ratio(s["returned"], s["gross"]),
        f"return_share_{h}d": ratio(s["returned_recent"], s["gross_recent"]),
        "returns_per_order": ratio(s["back"], s["bought"]),
    }
