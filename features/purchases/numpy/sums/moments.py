"""Sums of moments: money, discounts, costs and returns."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, days
from features.purchases.numpy.grains.runs import money as to_money
from features.purchases.numpy.sums.leaf import (
    YEAR_AGO,
    Step,
    Sum,
    counted,
    double,
    money,
    summed,
)

MOMENTS = attrgetter("moment_runs")
RETURNS = attrgetter("back_runs")
MONEY = {
    name: attrgetter(f"moments.{name}")
    for name in ("net", "gross", "units", "discount", "cost", "costed_gross")
}


def days_of_silence(grains: Grains) -> Floats:
    """Return the days since each customer's last purchase."""
    return days(grains.as_of - grains.days.last_at[grains.day_runs.ends - 1])


def first_age(grains: Grains) -> Floats:
    """Return the days since each customer's first purchase."""
    return days(grains.as_of - grains.orders.at[grains.order_runs.starts])


def _has_no_moment(grains: Grains, n_days: int) -> Bools:
    runs = grains.moment_runs
    return np.asarray(runs.since(grains.as_of - n_days * DAY) == runs.ends)


def _net_year_ago(grains: Grains, year: int, ahead: int, back: int) -> Ints:
    runs, sums = grains.moment_runs, grains.net_sums()
    first, end = (
        runs.since(grains.as_of - n_days * DAY) for n_days in (back, year - ahead)
    )
    return np.asarray(sums[end] - sums[first])


def _is_bought(grains: Grains) -> Bools:
    return np.asarray(grains.moments.n_bought > 0)


def _worth(grains: Grains, half_life: int) -> Floats:
    """Sum the net money, of half the weight with every half-life past."""
    moments, line = grains.moments, grains.moment_runs.line
    net = line.kept("net money", lambda: to_money(moments.net))
    # What is not seen yet weighs as if it were new, and is in no sum.
    age = days(np.maximum(grains.as_of - moments.at, 0))
    weighted = np.rint(net * np.exp2(-age / half_life) * 1e10)
    return grains.moment_runs.exact_sum(weighted) / 1e10


def _returned(name: str, column: str, *, scale: int) -> dict[str, Sum]:
    """Return the sums of the few moments that have anything sent back."""

    def values(grains: Grains) -> Ints:
        return np.asarray(getattr(grains.moments, column)[grains.history.back])

    return summed(RETURNS, {name: values}, null=_has_no_moment, scale=scale)


MOMENT_SUMS = Step(
    {
        **summed(MOMENTS, MONEY, null=_has_no_moment),
        **_returned("returned", "returned", scale=4),
        **_returned("n_return_lines", "n_sent_back", scale=0),
        f"coalesce(sum(net) {YEAR_AGO}, 0)": money(_net_year_ago),
        "sum(cast(cast(net as double) * power(2.0, -age_days / $half_life) "
        "as decimal(38, 10)))": double(_worth),
        **counted(MOMENTS),
        "count(*) filter (where n_return_lines > 0)": Sum(
            lambda grains: grains.back_runs.counts
        ),
        "count(*) filter (where n_purchase_lines > 0)": Sum(
            lambda grains: grains.moment_runs.total(
                "is_bought", lambda: _is_bought(grains)
            ),
            is_positive=True,
        ),
        "count(*) filter (where n_purchase_lines > 0 and discount > 0)": Sum(
            lambda grains: grains.moment_runs.total(
                "is_off", lambda: _is_bought(grains) & (grains.moments.discount > 0)
            )
        ),
        "min(age_days) filter (where n_purchase_lines > 0)": double(
            days_of_silence, is_positive=True
        ),
        "max(age_days) filter (where n_purchase_lines > 0)": double(
            first_age, is_positive=True
        ),
        "min(age_days) filter (where n_return_lines > 0)": double(
            lambda grains: grains.back_runs.age_of_last()
        ),
    }
)
