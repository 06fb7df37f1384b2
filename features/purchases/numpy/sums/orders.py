"""Sums of orders: how many, what they came to, and when in the week and the year."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, days, squares
from features.purchases.numpy.grains.runs import money as to_money
from features.purchases.numpy.sums.leaf import (
    SQUARES,
    YEAR_AGO,
    Step,
    Sum,
    counted,
    double,
    money,
    summed,
)
from features.purchases.numpy.sums.moments import first_age

ORDERS = attrgetter("order_runs")
VALUE = attrgetter("orders.value")
MINUTE = 60_000_000
YEAR = DAY * 1461 // 4
MONDAY = 4
"""The first Monday after the day that days are counted from."""


def _within(grains: Grains, n_days: int) -> Ints:
    return grains.order_runs.within(grains.as_of - n_days * DAY)


def _n_last(grains: Grains, n: int) -> Ints:
    return np.minimum(grains.order_runs.counts, n)


def _median(grains: Grains) -> Floats:
    """Return the median of what each customer's orders came to."""
    low, high = grains.order_runs.middle("value", lambda: grains.orders.value)
    return (to_money(low) + to_money(high)) / 2


def _weighted(grains: Grains, half_life: int) -> Floats:
    """Count orders, of half the weight with every half-life past."""
    age = days(np.maximum(grains.as_of - grains.orders.at, 0))
    weight = np.rint(np.exp2(-age / half_life) * 1e12)
    return grains.order_runs.exact_sum(weight) / 1e12


def _n_in_season(grains: Grains, older_than: int, ahead: int) -> Ints:
    """Count older orders of the same days of their year as those now ahead."""
    line = grains.order_runs.line
    in_year = line.kept("in year", lambda: line.at % YEAR)
    first = grains.as_of % YEAR
    last = first + ahead * DAY
    is_within = (in_year > first) & (in_year < last)
    if last > YEAR:  # the days ahead go on into the next year
        is_within |= in_year < last - YEAR
    return grains.order_runs.sum(
        is_within & (line.at < grains.as_of - older_than * DAY)
    )


def _is_weekend(at: Ints) -> Bools:
    """Tell which instants fall on a Saturday or Sunday (UTC)."""
    since_monday = at // DAY - MONDAY
    return np.asarray(since_monday - since_monday // 7 * 7 >= 5)


ORDER_SUMS = Step(
    {
        **counted(ORDERS),
        f"count(*) {YEAR_AGO}": Sum(
            lambda grains, year, ahead, back: (
                _within(grains, back) - _within(grains, year - ahead)
            )
        ),
        "count(*) filter (where age_days > $days)": Sum(
            lambda grains, n_days: grains.order_runs.counts - _within(grains, n_days)
        ),
        "count(*) filter (where n_back <= $n)": Sum(_n_last, is_positive=True),
        "sum(n_lines)": Sum(
            lambda grains: grains.order_runs.total(
                "n_lines", lambda: grains.orders.n_lines
            ),
            is_positive=True,
        ),
        **summed(
            ORDERS,
            {"value": VALUE},
            null=lambda grains, n_days: _within(grains, n_days) == 0,
        ),
        "sum(value) filter (where n_back <= $n)": money(
            lambda grains, n: grains.order_runs.sum_from(
                grains.order_runs.ends - _n_last(grains, n), grains.value_sums()
            )
        ),
        SQUARES.format("value"): double(
            lambda grains: (
                grains.order_runs.exact_total(
                    "squares", lambda: squares(grains.orders.value)
                )
                / 1e8
            )
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
        "median(cast(value as double))": double(_median),
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
            lambda grains: grains.order_runs.age_of_last(), is_positive=True
        ),
        "sum(cast(power(2.0, -age_days / $half_life) as decimal(18, 12)))": double(
            _weighted
        ),
        "count(*) filter (where mod(date_diff('day', date '1970-01-05', "
        "cast(ordered_at as date)) + 700000, 7) >= 5)": Sum(
            lambda grains: grains.order_runs.total(
                "weekend", lambda: _is_weekend(grains.orders.at)
            )
        ),
        "sum(date_diff('minute', cast(cast(ordered_at as date) as timestamp), "
        "ordered_at))": Sum(
            lambda grains: grains.order_runs.total(
                "minutes", lambda: grains.orders.at % DAY // MINUTE
            )
        ),
        "count(*) filter (where age_days > $days and age_days - "
        "floor(age_days / 365.25) * 365.25 > 365.25 - $ahead)": Sum(_n_in_season),
    }
)
