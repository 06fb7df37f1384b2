"""Features of purchase days: the gaps between them, and when in the year they fall."""

from __future__ import annotations

import numpy as np

from features.purchases.numpy.history import Grains
from features.purchases.numpy.purchases import Columns, n_orders_within, silence
from features.purchases.numpy.runs import (
    DAY,
    Bools,
    Ints,
    contrast,
    cv,
    days,
    money,
    ratio,
)
from features.purchases.numpy.scope import Scope
from features.purchases.numpy.timeline import Seen, Timeline

MINUTE = 60_000_000
YEAR = DAY * 1461 // 4
MONDAY = 4
"""The first Monday after the day that days are counted from."""


def cadence(grains: Grains, scope: Scope) -> Columns:
    """Measure the gaps between purchase days, NaN for those who bought on one only."""
    gaps, runs = find_gaps(grains)
    line, n = runs.line, runs.counts
    n_late, n_second = np.minimum(n, 3), grains.day_runs.counts // 2
    sums = line.running("gaps", lambda: gaps)
    squares = runs.sum_from(runs.starts, line.running("squares", lambda: gaps * gaps))
    total = runs.sum_from(runs.starts, sums)
    second = runs.sum_from(runs.ends - n_second, sums)
    late = runs.sum_from(runs.ends - n_late, sums)
    as_doubles = line.kept("doubles", lambda: gaps.astype(np.float64))
    mean, longest = ratio(total, n), runs.greatest("gaps", lambda: gaps)
    spread = cv(n, total, squares)
    low, high = runs.middle("gaps", lambda: gaps)
    median = np.where(n > 0, (low + high) / 2, np.nan)
    since_last = silence(grains)
    is_shorter = as_doubles <= runs.on_line(since_last)[line.who]
    return {
        "gap_mean": mean,
        "gap_sd": spread * mean,
        "gap_cv": spread,
        "gap_min": runs.smallest("gaps", lambda: gaps),
        "gap_max": longest,
        "gap_last": runs.last(as_doubles),
        "gap_median": median,
        "days_between_first_and_second": runs.first(as_doubles),
        "gap_mean_last_3": ratio(late, n_late),
        "gap_trend": contrast(
            ratio(second, n_second), ratio(total - second, n - n_second)
        ),
        "overdue_ratio": ratio(since_last, median),
        "overdue_ratio_to_longest": ratio(since_last, longest),
        "share_of_gaps_outlasted": ratio(runs.sum(is_shorter), n),
    }


def find_gaps(grains: Grains) -> tuple[Ints, Seen]:
    """Return the days between a purchase day and the one before it, and whose."""
    line = grains.day_runs.line

    def make() -> tuple[Ints, Timeline]:
        day = grains.days.day
        is_later = np.ones(len(day), np.bool_)
        is_later[line.starts] = False
        rows = np.flatnonzero(is_later)
        found = Timeline(line.who[rows], line.at[rows], line.n)
        return day[rows] - day[rows - 1], found

    gaps, gap_line = line.kept("gaps", make)
    return gaps, gap_line.seen(grains.as_of, grains.left)


def calendar(grains: Grains, scope: Scope) -> Columns:
    """When in the week, the year and the day purchases fall; the season a year ago."""
    orders, runs, h = grains.orders, grains.order_runs, scope.horizon_days
    by_month, n_days = _by_month(grains), grains.day_runs.counts
    n_weekend = runs.total("weekend", lambda: _is_weekend(orders.at))
    found: Columns = {
        "n_months_of_year": (by_month > 0).sum(axis=0),
        "month_of_year_hhi": ratio((by_month * by_month).sum(axis=0), n_days * n_days),
        "weekend_share": ratio(n_weekend, runs.counts),
    }
    if "hour" in scope.has:
        minutes = runs.total("minutes", lambda: _minutes(orders.at))
        found["mean_hour_of_day"] = ratio(minutes, runs.counts * 60)
    is_old = days(grains.as_of - orders.at[runs.starts]) > 365 - h
    net, n_orders = year_ago(grains, h)
    found[f"net_spend_year_ago_{h}d"] = np.where(is_old, money(net), np.nan)
    found[f"n_orders_year_ago_{h}d"] = np.where(is_old, n_orders, np.nan)
    in_season = _in_season(grains, h) & (orders.at < grains.as_of - h * DAY)
    found["in_season_order_share"] = ratio(
        runs.sum(in_season), runs.counts - n_orders_within(grains, h)
    )
    return found


def _in_season(grains: Grains, n_days: int) -> Bools:
    """Tell which orders fall into the same days of their year as those now ahead."""
    line = grains.order_runs.line
    in_year = line.kept("in year", lambda: line.at % YEAR)
    first = grains.as_of % YEAR
    last = first + n_days * DAY
    is_within = (in_year > first) & (in_year < last)
    # The days ahead may go on into the next year.
    return is_within if last <= YEAR else is_within | (in_year < last - YEAR)


def _by_month(grains: Grains) -> Ints:
    """Count the purchase days of each month of the year, one row a month."""
    runs, line = grains.day_runs, grains.day_runs.line
    key = line.kept("months", lambda: _months(grains.days.day) * line.n + line.who)
    if line.last_at >= grains.as_of:
        key = key[np.flatnonzero(line.at < grains.as_of)]
    counts = np.bincount(key, minlength=12 * line.n).reshape(12, line.n)
    return counts if runs.left is None else counts[:, runs.left]


def _months(day: Ints) -> Ints:
    """Return the month of each day, 0 for January."""
    first = int(day.min())
    calendar = np.arange(first, int(day.max()) + 1).astype("M8[D]")
    return (calendar.astype("M8[M]").astype(np.int64) % 12)[day - first]


def _is_weekend(at: Ints) -> Bools:
    since_monday = at // DAY - MONDAY
    return since_monday - since_monday // 7 * 7 >= 5


def _minutes(at: Ints) -> Ints:
    """Return the minutes since midnight."""
    return (at - at // DAY * DAY) // MINUTE


def year_ago(grains: Grains, n_days: int) -> tuple[Ints, Ints]:
    """Return the net money and the orders of the same days of the year before."""
    first = grains.as_of - 365 * DAY
    last = first + n_days * DAY
    sums, moments, orders = grains.net_sums(), grains.moment_runs, grains.order_runs
    return (
        sums[moments.since(last)] - sums[moments.since(first)],
        orders.within(first) - orders.within(last),
    )


def membership(grains: Grains, joined_at: Ints, has_joined: Bools) -> Columns:
    """How long customers have been with us, NaN where they join only later."""
    is_seen = has_joined & (joined_at < grains.as_of)
    first = grains.orders.at[grains.order_runs.starts]
    return {
        "days_since_joined": np.where(is_seen, days(grains.as_of - joined_at), np.nan),
        "days_from_joined_to_first_order": np.where(
            is_seen, days(first - joined_at), np.nan
        ),
    }
