"""Who first bought when, and how many of them bought in each period after."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from features.engine import to_naive_utc
from features.render import QueryWriter

if TYPE_CHECKING:
    from features.log import Log

MOST_PERIODS = 16
"""Periods of a unit beyond which the next larger unit is taken: more are not read."""

UNITS = {"month": 1, "quarter": 3, "year": 12}
"""The units and their months."""


def build_cohorts(log: Log, *, as_of: datetime) -> tuple[str, pd.DataFrame]:
    """Count the customers of each cohort who bought, period by period.

    Parameters
    ----------
    log : Log
    as_of : datetime
        What happened, or was known, at or after it takes no part.

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
    query = QueryWriter({"unit": unit}).write("cohorts")
    found = log.con.sql(query, params={"as_of": end.to_pydatetime()}).df()
    return unit, whole_periods(found, unit=unit, end=end)


def choose_unit(months: int) -> str:
    """Return the smallest unit that gives few enough periods.

    >>> choose_unit(12), choose_unit(25), choose_unit(120)
    ('month', 'quarter', 'year')
    """
    fits = (unit for unit, size in UNITS.items() if months / size <= MOST_PERIODS)
    return next(fits, "year")


def whole_periods(found: pd.DataFrame, *, unit: str, end: pd.Timestamp) -> pd.DataFrame:
    """Keep the periods that are over, with zeros where nobody bought."""
    size = UNITS[unit]
    current = (end.year * 12 + end.month - 1) // size
    cells = []
    for cohort_on in pd.to_datetime(found["cohort_on"].unique()):
        began = (cohort_on.year * 12 + cohort_on.month - 1) // size
        cells += [(cohort_on, period) for period in range(current - began)]
    grid = pd.DataFrame(cells, columns=["cohort_on", "period"])
    known = found.assign(cohort_on=pd.to_datetime(found["cohort_on"]))
    grid["cohort_on"] = grid["cohort_on"].astype(known["cohort_on"].dtype)
    grid["period"] = grid["period"].astype(known["period"].dtype)
    table = grid.merge(known, on=["cohort_on", "period"], how="left")
    return table.fillna({"n_customers": 0, "net_spend": 0.0})
