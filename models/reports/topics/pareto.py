"""The ABC report: how few customers make how much of the revenue.

Revenue is net spend in the last 365 days, returns taken off. Shares are of the sum over
all customers, so that they add up to 1 although a customer who returned more than it
bought has a share below 0. Equal customers are in one class.
"""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.reports import words
from models.reports.chart import Axis, Chart, Point
from models.reports.facts import ReportFacts, shares_of, sum_by
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import table_of
from models.reports.words import TITLES, Text
from models.tiers.abc import assign_tiers, fit_tiers
from models.tiers.definition.scheme import TIERS
from models.words.figures import write_money, write_share

TITLE = TITLES["abc"]
CURVE_POINTS = 100
BY_COUNT = {"A": 0.1, "B": 0.3, "C": 1.0}
"""The other reading of ABC: the top 10 % of customers, the next 20 %, the others."""


def report_abc(facts: ReportFacts) -> Report:
    """Report the classes by share of revenue, by share of customers, and the curve."""
    revenue = facts.column("net_spend_365d").fillna(0.0)
    if not (revenue > 0).any():
        need = Text(
            "Purchases in the last 365 days: there are none.",
            "需要近365天内的购买记录：目前没有。",
        )
        return Report("abc", TITLE, facts.currency, needs=(need,))
    values = revenue.to_numpy()
    by_value = pd.Series(assign_tiers(values, fit_tiers(values)), revenue.index)
    by_count = pd.Series(classes_by_count(values), revenue.index)
    return Report(
        "abc",
        TITLE,
        facts.currency,
        findings=_findings(revenue, by_count, facts.currency),
        tables=(
            _classes(facts, by_value, revenue),
            _counts(by_count, revenue),
        ),
        charts=(pareto_chart(values), _class_chart(by_value, revenue)),
    )


def classes_by_count(values: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """Return A for the top 10 % of customers, B for the next 20 %, C for the others.

    All who are tied with the last one of a class are in it.

    >>> classes_by_count(np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 0])).tolist()
    ['A', 'B', 'B', 'C', 'C', 'C', 'C', 'C', 'C', 'C']
    """
    falling = np.sort(values)[::-1]
    classes = np.full(values.shape, "C", dtype="U1")
    for name in ("B", "A"):
        last = ceil(BY_COUNT[name] * len(values) - 1e-9) - 1
        classes[values >= falling[last]] = name
    return classes


def pareto_chart(values: npt.NDArray[np.float64]) -> Chart:
    """Draw which share of revenue the top share of customers makes."""
    falling = np.sort(values)[::-1]
    total = falling.sum()
    heights = np.concatenate([[0.0], np.cumsum(falling)])
    places = np.unique(np.round(np.linspace(0, len(falling), CURVE_POINTS + 1)))
    name, equal = "net revenue 净收入", "if all were equal 平均分布"
    points = [
        Point(
            round(place / len(falling), 6), round(heights[int(place)] / total, 6), name
        )
        for place in places.tolist()
    ]
    points += [Point(0.0, 0.0, equal), Point(1.0, 1.0, equal)]
    return Chart(
        "pareto",
        "line",
        Text(
            "Share of net revenue made by the top customers",
            "帕累托曲线：头部客户贡献的净收入占比",
        ),
        Axis(
            Text("share of customers, biggest first", "客户占比（从高到低）"), "share"
        ),
        Axis(words.REVENUE_SHARE, "share"),
        tuple(points),
    )


def _classes(facts: ReportFacts, tier: pd.Series, revenue: pd.Series) -> ReportTable:
    order = [name for name in TIERS if (tier == name).any()]
    n = tier.value_counts().reindex(order)
    made = sum_by(revenue, tier, order)
    expected = sum_by(facts.column("expected_value"), tier, order)
    return table_of(
        "classes",
        Text(
            "Classes by share of revenue: VIP the top 1 %, A the first 70 %, B the "
            "next 20 %, C the rest",
            "按收入占比分级：VIP为前1%客户，A为前70%收入，B为其次20%，C为其余",
        ),
        {
            Column("class", Text("Class", "类别"), "text"): order,
            Column("n_customers", words.CUSTOMERS, "count"): n,
            Column("customer_share", words.CUSTOMER_SHARE, "share"): n / len(tier),
            Column("net_revenue", words.REVENUE, "money"): made,
            Column("revenue_share", words.REVENUE_SHARE, "share"): shares_of(made),
            Column("mean_revenue", Text("Mean", "人均"), "money"): made / n,
            Column("expected_value", words.EXPECTED, "money"): expected,
            Column("expected_share", words.EXPECTED_SHARE, "share"): shares_of(
                expected
            ),
            Column("value_at_risk", words.AT_RISK, "money"): sum_by(
                facts.column("value_at_risk"), tier, order
            ),
        },
    )


def _counts(classes: pd.Series, revenue: pd.Series) -> ReportTable:
    order = [name for name in BY_COUNT if (classes == name).any()]
    n = classes.value_counts().reindex(order)
    made = sum_by(revenue, classes, order)
    return table_of(
        "by_customers",
        Text(
            "Classes by share of customers: A the top 10 %, B the next 20 %, C the "
            "rest",
            "按客户占比分级：A为前10%客户，B为其次20%，C为其余",
        ),
        {
            Column("class", Text("Class", "类别"), "text"): order,
            Column("n_customers", words.CUSTOMERS, "count"): n,
            Column("customer_share", words.CUSTOMER_SHARE, "share"): n / len(classes),
            Column("net_revenue", words.REVENUE, "money"): made,
            Column("revenue_share", words.REVENUE_SHARE, "share"): shares_of(made),
        },
    )


def _class_chart(tier: pd.Series, revenue: pd.Series) -> Chart:
    order = [name for name in TIERS if (tier == name).any()]
    n = tier.value_counts().reindex(order) / len(tier)
    made = shares_of(sum_by(revenue, tier, order))
    series = {"customers 客户": n, "net revenue 净收入": made}
    return Chart(
        "classes",
        "bars",
        Text("Customers and revenue by class", "各类客户的数量与收入占比"),
        Axis(Text("class", "类别")),
        Axis(Text("share", "占比"), "share"),
        tuple(
            Point(name, round(float(values[name]), 6), label)
            for name in order
            for label, values in series.items()
        ),
    )


def _findings(
    revenue: pd.Series, by_count: pd.Series, currency: str | None
) -> tuple[Text, ...]:
    top = shares_of(sum_by(revenue, by_count, list(BY_COUNT)))["A"]
    n, total = int((by_count == "A").sum()), float(revenue.sum())
    share, money = write_share(float(top)), write_money(total, currency)
    back = revenue[revenue < 0]
    told = [
        Text(
            f"The top {n:,} of {len(revenue):,} customers make {share} of {money} net "
            "revenue in the last 365 days.",
            f"前{n:,}位客户（共{len(revenue):,}位）贡献了近365天净收入{money}的{share}。",
        )
    ]
    if len(back):
        lost = write_money(-float(back.sum()), currency)
        told.append(
            Text(
                f"{len(back):,} customers returned {lost} more than they bought; it is "
                "taken off, so the curve ends below its height.",
                f"{len(back):,}位客户的退货额超出购买额共{lost}，已扣除，"
                "因此曲线末端回落。",
            )
        )
    return tuple(told)
