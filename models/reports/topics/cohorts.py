"""The cohort report: of those who first bought in a period, who still buys."""

from __future__ import annotations

import pandas as pd

from models.reports import headings
from models.reports.chart import Axis, Chart, Point
from models.reports.facts import Cohorts, ReportFacts
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import Values, heat_points, table_of
from models.reports.words import TITLES, Text
from models.words.figures import write_share

TITLE = TITLES["cohorts"]
UNITS = {
    "month": Text("month", "个月"),
    "quarter": Text("quarter", "个季度"),
    "year": Text("year", "年"),
}
NEED = Text(
    "Two whole periods of history: the log is too short.",
    "需要至少两个完整周期的历史：日志太短。",
)
FIRST = Text("First bought", "首购时间")


def report_cohorts(facts: ReportFacts) -> Report:
    """Report which share of each cohort bought again, period by period."""
    cohorts = facts.cohorts
    if cohorts.table.empty or cohorts.table["period"].max() < 1:
        return Report("cohorts", TITLE, facts.currency, needs=(NEED,))
    counts = _wide(cohorts, "n_customers")
    shares = counts.div(counts[0], axis=0)
    spend = _wide(cohorts, "net_spend").cumsum(axis=1).div(counts[0], axis=0)
    unit = UNITS[cohorts.unit]
    again = Text(
        f"Share that bought in the {unit.en} so many later",
        f"首购后第n{unit.zh}仍购买的占比",
    )
    return Report(
        "cohorts",
        TITLE,
        facts.currency,
        findings=_findings(counts, unit),
        tables=(
            _table("retention", again, counts[0], shares, kind="share"),
            _table(
                "spend",
                Text("Net spend a customer so far", "人均累计净消费"),
                counts[0],
                spend,
                kind="money",
            ),
        ),
        charts=(_heat(shares, again, unit), _curve(counts, unit)),
    )


def _wide(cohorts: Cohorts, column: str) -> pd.DataFrame:
    """Lay cohorts out: a row each, a column a period; NaN is not over yet."""
    table = cohorts.table.assign(
        cohort=[name_period(day, cohorts.unit) for day in cohorts.table["cohort_on"]]
    )
    return table.pivot_table(index="cohort", columns="period", values=column)


def name_period(day: pd.Timestamp, unit: str) -> str:
    """Return a period's short name.

    >>> day = pd.Timestamp("2011-04-01")
    >>> [name_period(day, unit) for unit in ("month", "quarter", "year")]
    ['2011-04', '2011 Q2', '2011']
    """
    if unit == "quarter":
        return f"{day.year} Q{day.quarter}"
    return f"{day:%Y-%m}" if unit == "month" else f"{day.year}"


def mean_retention(counts: pd.DataFrame) -> pd.Series:
    """Return the share that buys in each period, over the cohorts that had it."""
    n = counts.sum()
    of = pd.Series({k: counts.loc[counts[k].notna(), 0].sum() for k in counts.columns})
    return n / of


def _table(
    name: str, title: Text, size: pd.Series, cells: pd.DataFrame, *, kind: str
) -> ReportTable:
    columns: dict[Column, Values] = {
        Column("cohort", FIRST, "text"): cells.index.tolist(),
        headings.N_CUSTOMERS: size,
    }
    columns |= {
        Column(
            f"period_{period}",
            Text(str(period), str(period)),
            "share" if kind == "share" else "money",
        ): cells[period]
        for period in cells.columns
    }
    return table_of(name, title, columns)


def _heat(shares: pd.DataFrame, title: Text, unit: Text) -> Chart:
    return Chart(
        "retention",
        "heat",
        title,
        Axis(_after(unit)),
        Axis(FIRST),
        heat_points(shares),
    )


def _curve(counts: pd.DataFrame, unit: Text) -> Chart:
    return Chart(
        "curve",
        "line",
        Text("Retention, all cohorts together", "整体留存曲线"),
        Axis(_after(unit), "count"),
        Axis(Text("share that bought", "购买占比"), "share"),
        tuple(
            Point(int(str(period)), round(float(share), 6), "all cohorts 全部")
            for period, share in mean_retention(counts).items()
        ),
    )


def _after(unit: Text) -> Text:
    return Text(f"{unit.en}s after the first purchase", f"首购后第几{unit.zh}")


def _findings(counts: pd.DataFrame, unit: Text) -> tuple[Text, ...]:
    mean = mean_retention(counts)
    first, last = write_share(float(mean[1])), write_share(float(mean.iloc[-1]))
    end = int(mean.index[-1])
    return (
        Text(
            f"{first} of first buyers buy again in the {unit.en} after their first; "
            f"{last} of those who had {end} do in the last of these.",
            f"首购后第1{unit.zh}有{first}的客户再次购买，第{end}{unit.zh}为{last}。",
        ),
    )
