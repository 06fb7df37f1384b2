"""Features of moments and orders: money, windows, trends, dispersion, decay."""

from __future__ import annotations

import numpy as np

from features.purchases.numpy.history import Grains
from features.purchases.numpy.runs import (
    DAY,
    Floats,
    Ints,
    contrast,
    cv,
    days,
    money,
    ratio,
    squares,
)
from features.purchases.numpy.scope import Scope

Columns = dict[str, Floats | Ints]


def rfm(grains: Grains, scope: Scope) -> Columns:
    """Recency, frequency and money, and the columns of buy-till-you-die models."""
    orders, runs = grains.orders, grains.order_runs
    purchase_days, day_runs = grains.days, grains.day_runs
    n_days, n_orders = day_runs.counts, runs.counts
    moment_runs = grains.moment_runs
    gross = moment_runs.sum_from(moment_runs.starts, grains.gross_sums())
    net = moment_runs.sum_from(moment_runs.starts, grains.net_sums())
    n_lines = runs.total("n_lines", lambda: orders.n_lines)
    first_day = purchase_days.day[day_runs.starts]
    repeat = gross - purchase_days.gross[day_runs.starts]
    per_day = ratio(money(repeat), n_days - 1)
    return {
        "frequency": n_days - 1,
        "recency": purchase_days.day[day_runs.ends - 1] - first_day,
        "T": days(grains.as_of - first_day * DAY),
        "monetary_value": np.where(n_days > 1, per_day, 0),
        "n_orders": n_orders,
        "n_purchase_days": n_days,
        "days_since_last_order": silence(grains),
        "days_since_first_order": days(grains.as_of - orders.at[runs.starts]),
        "net_spend": money(net),
        "gross_spend": money(gross),
        "mean_order_value": ratio(money(gross), n_orders),
        "first_order_value": money(orders.value[runs.starts]),
        "last_order_value": money(orders.value[runs.ends - 1]),
        "mean_lines_per_order": ratio(n_lines, n_orders),
    }


def silence(grains: Grains) -> Floats:
    """Return the days since each customer's last purchase."""
    return days(grains.as_of - grains.days.last_at[grains.day_runs.ends - 1])


def windows(grains: Grains, scope: Scope) -> Columns:
    """Count and sum what fell into the last windows and the last year."""
    moments, runs, back_runs = grains.moments, grains.moment_runs, grains.back_runs
    net, gross = grains.net_sums(), grains.gross_sums()
    units = runs.line.running("units", lambda: moments.units)
    sent_back = n_sent_back_sums(grains)
    last_runs = grains.history.last_line.seen(grains.as_of, grains.left)
    found: Columns = {}
    for w in sorted(scope.windows_and_year, reverse=True):
        instant = grains.as_of - w * DAY
        since = runs.since(instant)
        found[f"net_spend_{w}d"] = money(runs.sum_from(since, net))
        found[f"n_orders_{w}d"] = n_orders_within(grains, w)
        if w not in scope.windows:
            continue
        found[f"gross_spend_{w}d"] = money(runs.sum_from(since, gross))
        if "quantity" in scope.has:
            found[f"units_{w}d"] = money(runs.sum_from(since, units))
        found[f"n_returns_{w}d"] = back_runs.sum_from(
            back_runs.since(instant), sent_back
        )
        found[f"n_purchase_days_{w}d"] = last_runs.within(instant)
    return found


def n_sent_back_sums(grains: Grains) -> Ints:
    """Return running sums of the lines sent back, of the moments that have any."""
    moments, back = grains.moments, grains.history.back
    return grains.back_runs.line.running(
        "n_sent_back", lambda: moments.n_sent_back[back]
    )


def n_orders_within(grains: Grains, n_days: int) -> Ints:
    """Count the orders of the last days."""
    return grains.order_runs.within(grains.as_of - n_days * DAY)


def trends(grains: Grains, scope: Scope) -> Columns:
    """Set each window against the one before it, and its pace against the life's."""
    orders, runs = grains.orders, grains.order_runs
    spend = grains.value_sums()

    def within(n_days: int) -> tuple[Ints, Ints]:
        since = runs.since(grains.as_of - n_days * DAY)
        return runs.ends - since, runs.sum_from(since, spend)

    life = days(grains.as_of - orders.at[runs.starts])
    pace = ratio(runs.counts, life)
    found: Columns = {}
    for w in scope.windows:
        n, spent = within(w)
        n_both, spent_both = within(2 * w)
        found[f"n_orders_trend_{w}d"] = contrast(n, n_both - n)
        before = spent_both - spent
        found[f"gross_spend_trend_{w}d"] = ratio(
            money(spent - before), money(np.abs(spent) + np.abs(before))
        )
        found[f"n_orders_pace_{w}d"] = contrast(ratio(n, np.minimum(life, w)), pace)
    return found


def dispersion(grains: Grains, scope: Scope) -> Columns:
    """How evenly the money is spread over the orders."""
    value, runs = grains.orders.value, grains.order_runs
    sums = grains.value_sums()
    n, spend = runs.counts, money(runs.sum_from(runs.starts, sums))
    n_late = np.minimum(n, 3)
    late = money(runs.sum_from(runs.ends - n_late, sums))
    largest = money(runs.greatest("value", lambda: value))
    mean, mean_late = ratio(spend, n), ratio(late, n_late)
    spread = cv(n, spend, runs.exact_total("squares", lambda: squares(value)) / 1e8)
    return {
        "order_value_max": largest,
        "order_value_min": money(runs.smallest("value", lambda: value)),
        "order_value_median": money_median(grains),
        "order_value_sd": spread * mean,
        "order_value_cv": spread,
        "largest_order_share": ratio(largest, spend),
        "mean_order_value_last_3": mean_late,
        "order_value_trend": contrast(mean_late, mean),
    }


def money_median(grains: Grains) -> Floats:
    """Return the median of what each customer's orders came to."""
    low, high = grains.order_runs.middle("value", lambda: grains.orders.value)
    return (money(low) + money(high)) / 2


def decay(grains: Grains, scope: Scope) -> Columns:
    """Sum money and orders, each of half the weight with every half-life past."""
    moments, orders = grains.moments, grains.orders
    net = grains.moment_runs.line.kept("net money", lambda: money(moments.net))
    # What is not seen yet weighs as if it were new, and is in no sum.
    age = days(np.maximum(grains.as_of - moments.at, 0))
    order_age = days(np.maximum(grains.as_of - orders.at, 0))
    found: Columns = {}
    for d in scope.half_lives:
        worth = np.rint(net * np.exp2(-age / d) * 1e10)
        found[f"net_spend_half_life_{d}d"] = grains.moment_runs.exact_sum(worth) / 1e10
    for d in scope.half_lives:
        weight = np.rint(np.exp2(-order_age / d) * 1e12)
        found[f"n_orders_half_life_{d}d"] = grains.order_runs.exact_sum(weight) / 1e12
    return found
