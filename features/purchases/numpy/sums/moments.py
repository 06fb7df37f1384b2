"""Sums of moments: money, discounts, costs and returns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints, days
from features.purchases.numpy.grains.runs import money as to_money
from features.purchases.numpy.sums.leaf import Make, Step, Sum, double, money

RECENT = "filter (where age_days <= $days)"
YEAR_AGO = "filter (where age_days > $year - $ahead and age_days <= $back)"


def since(grains: Grains, n_days: int) -> Ints:
    """Return each one's first moment of the last days."""
    return grains.moment_runs.since(grains.as_of - n_days * DAY)


def back_since(grains: Grains, n_days: int) -> Ints:
    """Return each one's first moment of the last days with something sent back."""
    return grains.back_runs.since(grains.as_of - n_days * DAY)


def silence(grains: Grains) -> Floats:
    """Return the days since each customer's last purchase."""
    return days(grains.as_of - grains.days.last_at[grains.day_runs.ends - 1])


def first_age(grains: Grains) -> Floats:
    """Return the days since each customer's first purchase."""
    return days(grains.as_of - grains.orders.at[grains.order_runs.starts])


def no_recent(grains: Grains, n_days: int) -> Bools:
    """Tell who has no moment in the last days."""
    return np.asarray(since(grains, n_days) == grains.moment_runs.ends)


def year_ago(grains: Grains, year: int, ahead: int, back: int) -> Ints:
    """Return the net money of some days before."""
    sums = grains.net_sums()
    return np.asarray(sums[since(grains, year - ahead)] - sums[since(grains, back)])


def is_bought(grains: Grains) -> Bools:
    """Tell which moments have a purchase."""
    return np.asarray(grains.moments.n_bought > 0)


def worth(grains: Grains, half_life: int) -> Floats:
    """Sum the net money, of half the weight with every half-life past."""
    moments, line = grains.moments, grains.moment_runs.line
    net = line.kept("net money", lambda: to_money(moments.net))
    # What is not seen yet weighs as if it were new, and is in no sum.
    age = days(np.maximum(grains.as_of - moments.at, 0))
    weighed = np.rint(net * np.exp2(-age / half_life) * 1e10)
    return grains.moment_runs.exact_sum(weighed) / 1e10


def _sums_of(name: str) -> Callable[[Grains], Ints]:
    def sums(grains: Grains) -> Ints:
        line, moments = grains.moment_runs.line, grains.moments
        return line.running(name, lambda: getattr(moments, name))

    return sums


def _back_sums_of(name: str) -> Callable[[Grains], Ints]:
    """Return running sums of the few moments that have anything sent back."""

    def sums(grains: Grains) -> Ints:
        moments, back = grains.moments, grains.history.back
        line = grains.back_runs.line
        return line.running(name, lambda: getattr(moments, name)[back])

    return sums


def _whole(sums: Callable[[Grains], Ints]) -> Make:
    def total(grains: Grains) -> Ints:
        return grains.moment_runs.sum_from(grains.moment_runs.starts, sums(grains))

    return total


def _recent(sums: Callable[[Grains], Ints]) -> Make:
    def total(grains: Grains, n_days: int) -> Ints:
        return grains.moment_runs.sum_from(since(grains, n_days), sums(grains))

    return total


def _back_whole(sums: Callable[[Grains], Ints]) -> Make:
    def total(grains: Grains) -> Ints:
        return grains.back_runs.sum_from(grains.back_runs.starts, sums(grains))

    return total


def _back_recent(sums: Callable[[Grains], Ints]) -> Make:
    def total(grains: Grains, n_days: int) -> Ints:
        return grains.back_runs.sum_from(back_since(grains, n_days), sums(grains))

    return total


MONEY = {
    name: _sums_of(column)
    for name, column in {
        "net": "net",
        "gross": "gross",
        "units": "units",
        "discount": "discount",
        "cost": "cost",
        "costed_gross": "costed",
    }.items()
}
RETURNED = _back_sums_of("returned")
N_RETURNED = _back_sums_of("n_sent_back")

MOMENTS = Step(
    {
        **{f"sum({name})": money(_whole(sums)) for name, sums in MONEY.items()},
        **{
            f"sum({name}) {RECENT}": money(_recent(sums), no_recent)
            for name, sums in MONEY.items()
        },
        "sum(returned)": money(_back_whole(RETURNED)),
        f"sum(returned) {RECENT}": money(_back_recent(RETURNED), no_recent),
        "sum(n_return_lines)": Sum(_back_whole(N_RETURNED)),
        f"sum(n_return_lines) {RECENT}": Sum(_back_recent(N_RETURNED), null=no_recent),
        f"coalesce(sum(net) {YEAR_AGO}, 0)": money(year_ago),
        "sum(cast(cast(net as double) * power(2.0, -age_days / $half_life) "
        "as decimal(38, 10)))": Sum(worth, scale=None),
        "count(*)": Sum(lambda grains: grains.moment_runs.counts, is_positive=True),
        f"count(*) {RECENT}": Sum(
            lambda grains, n_days: grains.moment_runs.ends - since(grains, n_days)
        ),
        "count(*) filter (where n_return_lines > 0)": Sum(
            lambda grains: grains.back_runs.counts
        ),
        "count(*) filter (where n_purchase_lines > 0)": Sum(
            lambda grains: grains.moment_runs.total(
                "is_bought", lambda: is_bought(grains)
            ),
            is_positive=True,
        ),
        "count(*) filter (where n_purchase_lines > 0 and discount > 0)": Sum(
            lambda grains: grains.moment_runs.total(
                "is_off", lambda: is_bought(grains) & (grains.moments.discount > 0)
            )
        ),
        "min(age_days) filter (where n_purchase_lines > 0)": double(
            silence, is_positive=True
        ),
        "max(age_days) filter (where n_purchase_lines > 0)": double(
            first_age, is_positive=True
        ),
        "min(age_days) filter (where n_return_lines > 0)": double(
            lambda grains: grains.back_runs.age_of_last()
        ),
    }
)
