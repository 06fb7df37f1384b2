"""Sums of purchase days: the gaps between them, and the months they fall into."""

from __future__ import annotations

import numpy as np

from features.purchases.numpy.grains.history import Grains
from features.purchases.numpy.grains.runs import DAY, Bools, Floats, Ints
from features.purchases.numpy.grains.timeline import Seen, Timeline
from features.purchases.numpy.sums.leaf import RECENT, Step, Sum, double, money
from features.purchases.numpy.sums.moments import days_of_silence


def _find_gaps(grains: Grains) -> tuple[Ints, Seen]:
    """Return the days between a purchase day and the one before it, and whose."""
    line = grains.day_runs.line

    def make() -> tuple[Ints, Timeline]:
        day = grains.days.day
        is_later = np.ones(len(day), np.bool_)
        is_later[line.starts] = False
        rows = np.flatnonzero(is_later)
        gap_line = Timeline(line.who[rows], line.at[rows], line.n)
        return day[rows] - day[rows - 1], gap_line

    gaps, gap_line = line.kept("gaps", make)
    return gaps, gap_line.seen(grains.as_of, grains.chosen)


def _n_gaps(grains: Grains) -> Ints:
    return np.asarray(grains.day_runs.counts - 1)


def _has_no_gap(grains: Grains, *_: int) -> Bools:
    return np.asarray(grains.day_runs.counts <= 1)


def _n_last_gaps(grains: Grains, n: int) -> Ints:
    return np.minimum(_n_gaps(grains), n)


def _n_second_gaps(grains: Grains) -> Ints:
    """Count the gaps of the second half of the days."""
    return grains.day_runs.counts // 2


def _sum_of_last(grains: Grains, n: Ints) -> Ints:
    """Sum the last gaps, so many of each customer."""
    gaps, runs = _find_gaps(grains)
    return runs.sum_from(runs.ends - n, runs.line.running("gaps", lambda: gaps))


def _squares(grains: Grains) -> Ints:
    gaps, runs = _find_gaps(grains)
    return runs.total("squares", lambda: gaps * gaps)


def _median(grains: Grains) -> Floats:
    gaps, runs = _find_gaps(grains)
    low, high = runs.middle("gaps", lambda: gaps)
    return np.where(runs.counts > 0, (low + high) / 2, np.nan)


def _doubles(gaps: Ints, runs: Seen) -> Floats:
    return runs.line.kept("doubles", lambda: gaps.astype(np.float64))


def _longest(grains: Grains) -> Floats:
    gaps, runs = _find_gaps(grains)
    return runs.greatest("gaps", lambda: gaps)


def _shortest(grains: Grains) -> Floats:
    gaps, runs = _find_gaps(grains)
    return runs.smallest("gaps", lambda: gaps)


def _first(grains: Grains) -> Floats:
    gaps, runs = _find_gaps(grains)
    return runs.first(_doubles(gaps, runs))


def _last(grains: Grains) -> Floats:
    gaps, runs = _find_gaps(grains)
    return runs.last(_doubles(gaps, runs))


def _n_outlasted(grains: Grains) -> Ints:
    """Count the gaps that are no longer than the time since the last purchase."""
    gaps, runs = _find_gaps(grains)
    since_last = runs.on_line(days_of_silence(grains))[runs.line.who]
    return runs.sum(_doubles(gaps, runs) <= since_last)


def _n_recent(grains: Grains, n_days: int) -> Ints:
    """Count the purchase days whose last purchase is of the last days."""
    last_runs = grains.history.last_line.seen(grains.as_of, grains.chosen)
    return last_runs.within(grains.as_of - n_days * DAY)


def _repeat_gross(grains: Grains) -> Ints:
    """Return what was bought after the first day."""
    runs, gross = grains.moment_runs, grains.gross_sums()
    first_day = grains.days.gross[grains.day_runs.starts]
    return runs.sum_from(runs.starts, gross) - first_day


DAY_SUMS = Step(
    {
        "count(*)": Sum(lambda grains: grains.day_runs.counts, is_positive=True),
        f"count(*) {RECENT}": Sum(_n_recent),
        "min(day)": Sum(
            lambda grains: grains.days.day[grains.day_runs.starts] * DAY,
            is_instant=True,
        ),
        "max(day)": Sum(
            lambda grains: grains.days.day[grains.day_runs.ends - 1] * DAY,
            is_instant=True,
        ),
        "sum(gross) filter (where n_th > 1)": money(_repeat_gross, _has_no_gap),
        "count(gap_days)": Sum(_n_gaps),
        "sum(gap_days)": Sum(
            lambda grains: _sum_of_last(grains, _n_gaps(grains)), _has_no_gap
        ),
        "sum(gap_days * gap_days)": Sum(_squares, _has_no_gap),
        "max(gap_days)": double(_longest, is_positive=True),
        "min(gap_days)": double(_shortest, is_positive=True),
        "median(gap_days)": double(_median, is_positive=True),
        "max(gap_days) filter (where n_back = 1)": double(_last, is_positive=True),
        "max(gap_days) filter (where n_th = 2)": double(_first, is_positive=True),
        "max(days_since_last_order)": double(days_of_silence, is_positive=True),
        "count(gap_days) filter (where gap_days <= days_since_last_order)": Sum(
            _n_outlasted
        ),
        "sum(gap_days) filter (where n_back <= $n)": Sum(
            lambda grains, n: _sum_of_last(grains, _n_last_gaps(grains, n)),
            _has_no_gap,
        ),
        "count(gap_days) filter (where n_back <= $n)": Sum(_n_last_gaps),
        "sum(gap_days) filter (where n_th > n_back)": Sum(
            lambda grains: _sum_of_last(grains, _n_second_gaps(grains)), _has_no_gap
        ),
        "count(gap_days) filter (where n_th > n_back)": Sum(_n_second_gaps),
    }
)


def _by_month(grains: Grains) -> Ints:
    """Count the purchase days of each month of the year, one row a month."""

    def make() -> Ints:
        runs, line = grains.day_runs, grains.day_runs.line
        key = line.kept("months", lambda: _months(grains.days.day) * line.n + line.who)
        if line.last_at >= grains.as_of:
            key = key[np.flatnonzero(line.at < grains.as_of)]
        counts = np.bincount(key, minlength=12 * line.n).reshape(12, line.n)
        return counts if runs.chosen is None else counts[:, runs.chosen]

    return grains.kept("months", make)


def _months(day: Ints) -> Ints:
    """Return the month of each day, 0 for January."""
    first = int(day.min())
    calendar = np.arange(first, int(day.max()) + 1).astype("M8[D]")
    return (calendar.astype("M8[M]").astype(np.int64) % 12)[day - first]


MONTH_SUMS = Step(
    {
        "count(*)": Sum(lambda grains: (_by_month(grains) > 0).sum(axis=0)),
        "sum(n)": Sum(lambda grains: grains.day_runs.counts),
        "sum(n * n)": Sum(lambda grains: (_by_month(grains) ** 2).sum(axis=0)),
    }
)
