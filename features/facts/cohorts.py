"""Who first bought when, and how many of them bought in each period after."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from features.instants import to_naive_utc
from features.purchases.render import QueryWriter

if TYPE_CHECKING:
    from features.door.log import AnyLog

MAX_PERIODS = 16
"""Most periods that a reader takes in: with more, the next larger unit is used."""

UNITS = {"month": 1, "quarter": 3, "year": 12}
"""The units and their months."""


def build_cohorts(log: AnyLog, *, as_of: datetime) -> tuple[str, pd.DataFrame]:
    """Count the customers of each cohort who bought, period by period.

    Parameters
    ----------
    log : Log
    as_of : datetime
        What happened, or became known, at or after it is not counted.

    Returns
    -------
    str
        The unit: month, quarter or year.
    DataFrame of shape (n_cells, 4)
        ``cohort_on``, ``period`` (0 is the cohort's own), ``n_customers`` who bought,
        ``net_spend``. Only periods that were over at ``as_of``; a period in which
        nobody bought has a row of zeros.
    """
    end = pd.Timestamp(to_naive_utc(as_of))
    start = pd.Timestamp(to_naive_utc(log.starts_at))
    unit = choose_unit((end.year - start.year) * 12 + end.month - start.month)
    query = QueryWriter({"months": UNITS[unit]}).write("cohorts")
    cells = log.con.sql(query, params={"as_of": to_naive_utc(as_of)}).to_arrow_table()
    now = (end.year * 12 + end.month - 1) // UNITS[unit]
    return unit, whole_periods(cells.to_pandas(), size=UNITS[unit], now=now)


def choose_unit(months: int) -> str:
    """Return the smallest unit that gives few enough periods.

    >>> choose_unit(12), choose_unit(25), choose_unit(120)
    ('month', 'quarter', 'year')
    """
    fits = (unit for unit, size in UNITS.items() if months / size <= MAX_PERIODS)
    return next(fits, "year")


def whole_periods(counts: pd.DataFrame, *, size: int, now: int) -> pd.DataFrame:
    """Keep the periods that are over, with zeros where nobody bought.

    Parameters
    ----------
    counts : DataFrame
        ``cohort_no``, ``period``, ``n_customers``, ``net_spend``.
    size : int
        Months of a period.
    now : int
        The number of the period that is not over.
    """
    cells = [
        (cohort, period)
        for cohort in counts["cohort_no"].unique()
        for period in range(now - int(cohort))
    ]
    grid = pd.DataFrame(cells, columns=["cohort_no", "period"], dtype="int64")
    table = grid.merge(counts, on=["cohort_no", "period"], how="left")
    firsts = [
        pd.Timestamp(year=no * size // 12, month=no * size % 12 + 1, day=1)
        for no in table.pop("cohort_no")
    ]
    table.insert(0, "cohort_on", pd.Series(firsts, dtype="datetime64[us]"))
    return table.fillna({"n_customers": 0, "net_spend": 0.0})
