"""What pandas makes of channels, seasons, products and interactions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.purchases.plan import FeaturePlan
from features.purchases.render import slugs
from tests.bench.pandas_grains import (
    DAY,
    Columns,
    Grains,
    contrast,
    micros,
    ratio,
    sums,
)


def channels(m: pd.DataFrame, h: int) -> Columns:
    bought = m[m["bought"] > 0].groupby(["who", "channel"], sort=False)["age"]
    each = bought.agg(n="size", age="min").reset_index()
    by = each.groupby("who")["n"]
    return {
        "n_channels": by.size(),
        f"n_channels_{h}d": (each["age"] <= h).groupby(each["who"]).sum(),
        "top_channel_share": by.max() / by.sum(),
    }


def calendar(grains: Grains, h: int) -> Columns:
    o, m, days = grains.orders, grains.moments, grains.days
    month = pd.to_datetime(days["day"] * DAY, unit="us").dt.month
    n = days.groupby([days["who"], month], sort=False).size().reset_index(name="n")
    by = n.groupby("who")["n"]
    in_year = o["age"] - np.floor(o["age"] / 365.25) * 365.25
    old = o["age"] > h
    s = sums(
        o,
        {
            "weekend": (o["at"] // DAY + 3) % 7 >= 5,
            "minutes": o["at"] // 60_000_000 % 1440,
            "year_ago": (o["age"] > 365 - h) & (o["age"] <= 365),
            "old": old,
            "season": old & (in_year > 365.25 - h),
        },
    )
    life, n_orders = o.groupby("who")["age"].max(), o.groupby("who").size()
    in_window = (m["age"] > 365 - h) & (m["age"] <= 365)
    net = m["net"].where(in_window, 0.0).groupby(m["who"]).sum()
    return {
        "n_months_of_year": by.size(),
        "month_of_year_hhi": (n["n"] ** 2).groupby(n["who"]).sum() / by.sum() ** 2,
        "weekend_share": s["weekend"] / n_orders,
        "mean_hour_of_day": s["minutes"] / (n_orders * 60),
        f"net_spend_year_ago_{h}d": net.reindex(life.index).where(life > 365 - h),
        f"n_orders_year_ago_{h}d": s["year_ago"].where(life > 365 - h),
        "in_season_order_share": ratio(s["season"], s["old"]),
    }


def breadth(
    lines: pd.DataFrame, plan: FeaturePlan, names: tuple[str, str, str]
) -> Columns:
    item, items, key = names
    bought = lines[lines["bought"] > 0]
    each = bought.groupby(["who", key], sort=False).agg(
        first=("at", "min"),
        last=("at", "max"),
        gross=("gross", "sum"),
        first_age=("age", "max"),
        last_age=("age", "min"),
    )
    each = each.reset_index()
    repeat = each["first"] // DAY < each["last"] // DAY
    block: dict[str, Any] = {
        "gross": each["gross"],
        "squares": each["gross"] ** 2,
        "repeat": repeat,
        "repeat_gross": each["gross"].where(repeat, 0.0),
    }
    for w in plan.windows:
        block[f"n_{items}_{w}d"] = each["last_age"] <= w
        block[f"n_new_{items}_{w}d"] = each["first_age"] <= w
    s = sums(each, block)
    n, top = each.groupby("who").size(), each.groupby("who")["gross"].max()
    own = {
        f"n_{items}": n,
        f"{item}_hhi": s.pop("squares") / s["gross"] ** 2,
        f"top_{item}_share": top / s["gross"],
        f"repeat_{item}_share": s.pop("repeat") / n,
        f"repeat_{item}_spend_share": s.pop("repeat_gross") / s.pop("gross"),
    }
    return own | s


def read_interactions(
    contacts: pd.DataFrame, ids: pd.Index, as_of: pd.Timestamp
) -> pd.DataFrame:
    contacts = contacts[contacts["occurred_at"] < as_of]
    at = contacts["occurred_at"].astype("int64").to_numpy()
    found = pd.DataFrame(
        {
            "who": ids.get_indexer(pd.Index(contacts["customer_id"])),
            "age": (micros(as_of) - at) / DAY,
            "type": contacts["type"].to_numpy(),
            "direction": contacts["direction"].to_numpy(),
        }
    )
    return found[found["who"] >= 0]


def contacts(c: pd.DataFrame, plan: FeaturePlan) -> Columns:
    h = plan.horizon_days
    found: Columns = {}
    for type_, direction, slug in slugs(plan.interaction_types):
        mine = c[(c["type"] == type_) & (c["direction"] == direction)]
        block = {w: mine["age"] <= w for w in sorted({*plan.windows, h, 2 * h})}
        n = sums(mine, block)
        by = mine.groupby("who")["age"]
        found[f"n_interaction_{slug}"] = by.size()
        for w in plan.windows:
            found[f"n_interaction_{slug}_{w}d"] = n[str(w)]
        found[f"days_since_interaction_{slug}"] = by.min()
        now, both = n[str(h)], n[str(2 * h)]
        found[f"interaction_{slug}_trend_{h}d"] = contrast(now, both - now)
    everyone = c.groupby("who")
    inbound = (c["direction"] == "inbound").groupby(c["who"]).sum()
    found["n_interactions"] = everyone.size()
    found["n_types_of_interaction"] = everyone["type"].nunique()
    found["days_since_interaction"] = everyone["age"].min()
    found["inbound_share"] = inbound / everyone.size()
    windows = {f"n_interactions_{w}d": c["age"] <= w for w in plan.windows}
    return found | sums(c, windows)


def responses(c: pd.DataFrame, grains: Grains, h: int) -> Columns:
    o = grains.orders
    calls = pd.DataFrame({"who": c["who"], "age": c["age"], "call": 1})
    both = pd.concat([o[["who", "age"]].assign(call=0), calls])
    both = both.sort_values(["who", "age", "call"], ascending=[True, False, True])
    is_call = both["call"] == 1
    before = both["age"].where(is_call).groupby(both["who"]).ffill()
    after = both["age"].where(~is_call).groupby(both["who"]).bfill()
    last = both["who"].map(o.groupby("who")["age"].min())
    block: dict[str, Any] = {"n": is_call, "recent": is_call & (both["age"] <= h)}
    block["since"] = is_call & (both["age"] < last)
    for d in (7, 30):
        block[f"followed_{d}"] = ~is_call & (before - both["age"] <= d)
        block[f"answered_{d}"] = is_call & (both["age"] - after <= d)
    s = sums(both, block)
    n_orders, m = o.groupby("who").size(), grains.moments
    net = m.groupby("who")["net"].sum()
    recent = m["net"].where(m["age"] <= h, 0.0).groupby(m["who"]).sum()
    found = {
        "n_interactions_since_last_order": s["since"],
        "interactions_per_order": s["n"] / n_orders,
        "net_spend_per_interaction": ratio(net, s["n"]),
        f"net_spend_per_interaction_{h}d": ratio(recent, s["recent"]),
    }
    for d in (7, 30):
        found[f"orders_within_{d}d_of_interaction_share"] = (
            s[f"followed_{d}"] / n_orders
        )
        found[f"interactions_answered_within_{d}d_share"] = ratio(
            s[f"answered_{d}"], s["n"]
        )
    return found


def membership(
    customers: pd.DataFrame, ids: pd.Index, grains: Grains, as_of: pd.Timestamp
) -> Columns:
    joined = customers.groupby("customer_id")["joined_at"].min().reindex(ids)
    at = pd.Series(joined.astype("int64").to_numpy(), index=range(len(ids)))
    at = at.where(joined.notna().to_numpy() & (joined < as_of).to_numpy())
    first = grains.orders.groupby("who")["at"].min()
    return {
        "days_since_joined": (micros(as_of) - at) / DAY,
        "days_from_joined_to_first_order": (first - at.reindex(first.index)) / DAY,
    }
