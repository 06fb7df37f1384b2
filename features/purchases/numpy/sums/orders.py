"""Sums of orders: how many, what they came to, and when in the week and the year."""

from __future__ import annotations

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, days, squares
from features.purchases.numpy.grains.runs import money as to_money
from features.purchases.numpy.sums.leaf import SQUARES, Step, Sum, double, money
from features.purchases.numpy.sums.moments import RECENT, YEAR_AGO, first_age

MINUTE = 60_000_000
YEAR = DAY * 1461 // 4
MONDAY = 4
"""The first Monday after the day that days are counted from."""


def within(grains: Grains, n_days: int) -> Ints:
    """Count the orders of the last days."""
    return grains.order_runs.within(grains.as_of - n_days * DAY)


def spent(grains: Grains, first: Ints) -> Ints:
    """Return what each one's orders came to, from one of them on."""
    return grains.order_runs.sum_from(first, grains.value_sums())


def spent_since(grains: Grains, n_days: int) -> Ints:
    """Return what the orders of the last days came to."""
    return spent(grains, grains.order_runs.since(grains.as_of - n_days * DAY))


def n_last(grains: Grains, n: int) -> Ints:
    """Count the last orders, so many at most."""
    return np.minimum(grains.order_runs.counts, n)


def middle(grains: Grains) -> Floats:
    """Return the median of what each customer's orders came to."""
    low, high = grains.order_runs.middle("value", lambda: grains.orders.value)
    return (to_money(low) + to_money(high)) / 2


def orders_weighed(grains: Grains, half_life: int) -> Floats:
    """Count orders, of half the weight with every half-life past."""
    age = days(np.maximum(grains.as_of - grains.orders.at, 0))
    weight = np.rint(np.exp2(-age / half_life) * 1e12)
    return grains.order_runs.exact_sum(weight) / 1e12


def in_season(grains: Grains, older_than: int, ahead: int) -> Ints:
    """Count older orders of the same days of their year as those now ahead."""
    is_older = grains.orders.at < grains.as_of - older_than * DAY
    return grains.order_runs.sum(is_in_season(grains, ahead) & is_older)


def is_in_season(grains: Grains, n_days: int) -> Bools:
    """Tell which orders fall into the same days of their year as those now ahead."""
    line = grains.order_runs.line
    in_year = line.kept("in year", lambda: line.at % YEAR)
    first = grains.as_of % YEAR
    last = first + n_days * DAY
    is_within = (in_year > first) & (in_year < last)
    # The days ahead may go on into the next year.
    return is_within if last <= YEAR else is_within | (in_year < last - YEAR)


def is_weekend(at: Ints) -> Bools:
    """Tell which instants fall on a Saturday or Sunday (UTC)."""
    since_monday = at // DAY - MONDAY
    return np.asarray(since_monday - since_monday // 7 * 7 >= 5)


ORDERS = Step(
    {
        "count(*)": Sum(lambda grains: grains.order_runs.counts, is_positive=True),
        f"count(*) {RECENT}": Sum(within),
        f"count(*) {YEAR_AGO}": Sum(
            lambda grains, year, ahead, back: (
                within(grains, back) - within(grains, year - ahead)
            )
        ),
        "count(*) filter (where age_days > $days)": Sum(
            lambda grains, n_days: grains.order_runs.counts - within(grains, n_days)
        ),
        "count(*) filter (where n_back <= $n)": Sum(n_last, is_positive=True),
        "sum(n_lines)": Sum(
            lambda grains: grains.order_runs.total(
                "n_lines", lambda: grains.orders.n_lines
            ),
            is_positive=True,
        ),
        "sum(value)": money(lambda grains: spent(grains, grains.order_runs.starts)),
        f"sum(value) {RECENT}": money(
            spent_since, lambda grains, n_days: within(grains, n_days) == 0
        ),
        "sum(value) filter (where n_back <= $n)": money(
            lambda grains, n: spent(grains, grains.order_runs.ends - n_last(grains, n))
        ),
        SQUARES.format("value"): Sum(
            lambda grains: (
                grains.order_runs.exact_total(
                    "squares", lambda: squares(grains.orders.value)
                )
                / 1e8
            ),
            scale=None,
        ),
        "max(value)": double(
            lambda grains: to_money(
                grains.order_runs.greatest("value", lambda: grains.orders.value)
            )
        ),
        "min(value)": double(
            lambda grains: to_money(
                grains.order_runs.smallest("value", lambda: grains.orders.value)
            )
        ),
        "median(cast(value as double))": double(middle),
        "max(value) filter (where n_th = 1)": money(
            lambda grains: grains.orders.value[grains.order_runs.starts]
        ),
        "max(value) filter (where n_back = 1)": money(
            lambda grains: grains.orders.value[grains.order_runs.ends - 1]
        ),
        "min(ordered_at)": Sum(
            lambda grains: grains.orders.at[grains.order_runs.starts], is_instant=True
        ),
        "max(age_days)": double(first_age, is_positive=True),
        "min(age_days)": double(
            lambda grains: days(
                grains.as_of - grains.orders.at[grains.order_runs.ends - 1]
            ),
            is_positive=True,
        ),
        "sum(cast(power(2.0, -age_days / $half_life) as decimal(18, 12)))": Sum(
            orders_weighed, scale=None
        ),
        "count(*) filter (where mod(date_diff('day', date '1970-01-05', "
        "cast(ordered_at as date)) + 700000, 7) >= 5)": Sum(
            lambda grains: grains.order_runs.total(
                "weekend", lambda: is_weekend(grains.orders.at)
            )
        ),
        "sum(date_diff('minute', cast(cast(ordered_at as date) as timestamp), "
        "ordered_at))": Sum(
            lambda grains: grains.order_runs.total(
                "minutes", lambda: grains.orders.at % DAY // MINUTE
            )
        ),
        "count(*) filter (where age_days > $days and age_days - "
        "floor(age_days / 365.25) * 365.25 > 365.25 - $ahead)": Sum(in_season),
    }
)
