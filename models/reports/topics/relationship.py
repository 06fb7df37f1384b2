"""The relationship report: how close we are to each class, and how close we should be.

The five levels of the literature (Kotler): 1 basic, nothing after the sale; 2 reactive,
the customer calls us; 3 accountable, we call after the sale; 4 proactive, we call
regularly; 5 partnership, regular contact and visits. The class is that of the ABC
report.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.reports import words
from models.reports.chart import Axis, Chart, Point
from models.reports.facts import ReportFacts, sum_by
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import Values, table_of
from models.reports.words import TITLES, Text
from models.tiers.abc import assign_tiers, fit_tiers
from models.tiers.definition.scheme import TIERS
from models.words.figures import write_number, write_share

TITLE = TITLES["relationship"]
LEVELS: Mapping[int, Text] = {
    1: Text("basic", "基本型"),
    2: Text("reactive", "被动型"),
    3: Text("accountable", "责任型"),
    4: Text("proactive", "能动型"),
    5: Text("partnership", "伙伴型"),
}
PROACTIVE, PARTNER = 4, 12
"""Contacts a year from which a relation is regular, and close: quarterly, monthly."""

NEED = Text(
    "interactions with direction outbound or with minutes (visits as type visit): the "
    "log has no contact of the last 365 days, so only the recommended level is known.",
    "需要外呼或带时长的互动记录（拜访类型为visit）：日志中近365天没有联系记录，"
    "只能给出建议等级。",
)


def report_relationship(facts: ReportFacts) -> Report:
    """Report the recommended and the actual level of each class, and the gap."""
    spend = facts.column("net_spend_365d").to_numpy()
    tier = pd.Series(assign_tiers(spend, fit_tiers(spend)), facts.customers.index)
    recommended = tier.map(facts.levels).astype(int)
    if not facts.has("n_contacts_365d"):
        return Report(
            "relationship",
            TITLE,
            facts.currency,
            needs=(NEED,),
            tables=(_advice(facts, tier),),
        )
    actual = pd.Series(actual_level(facts), facts.customers.index)
    return Report(
        "relationship",
        TITLE,
        facts.currency,
        findings=_findings(facts, tier, recommended - actual),
        tables=(_gaps(facts, tier, actual), _levels(tier, actual)),
        charts=(_chart(facts, tier, actual),),
    )


def actual_level(facts: ReportFacts) -> npt.NDArray[np.int64]:
    """Return each customer's level, 1 to 5, by what the contact log holds of a year."""
    n = facts.column("n_contacts_365d").fillna(0).to_numpy()
    visited = (facts.column("days_since_last_visit") <= 365).to_numpy()
    heard = (facts.column("days_since_interaction") <= 365).to_numpy()
    rules = [(n >= PARTNER) & visited, n >= PROACTIVE, n >= 1, heard]
    return np.select(rules, [5, 4, 3, 2], default=1)


def _classes(tier: pd.Series) -> list[str]:
    return [name for name in TIERS if (tier == name).any()]


def _advice(facts: ReportFacts, tier: pd.Series) -> ReportTable:
    order = _classes(tier)
    n = tier.value_counts().reindex(order)
    return table_of(
        "recommended",
        Text("The recommended level of each class", "各类客户的建议关系等级"),
        {
            Column("class", Text("Class", "类别"), "text"): order,
            Column("n_customers", words.CUSTOMERS, "count"): n,
            Column("recommended", Text("Recommended", "建议等级"), "text"): [
                _named(facts.levels[name]) for name in order
            ],
        },
    )


def _gaps(facts: ReportFacts, tier: pd.Series, actual: pd.Series) -> ReportTable:
    order = _classes(tier)
    wanted = tier.map(facts.levels).astype(int)
    below, above = actual < wanted, actual > wanted
    value = facts.column("expected_value")
    return table_of(
        "gaps",
        Text("Recommended against actual", "建议与实际对比"),
        {
            Column("class", Text("Class", "类别"), "text"): order,
            Column(
                "n_customers", words.CUSTOMERS, "count"
            ): tier.value_counts().reindex(order),
            Column("recommended", Text("Recommended", "建议等级"), "text"): [
                _named(facts.levels[name]) for name in order
            ],
            Column("actual_mean", Text("Actual, mean", "实际平均等级")): actual.groupby(
                tier
            )
            .mean()
            .reindex(order),
            Column("n_below", Text("Closer is due", "应加强"), "count"): sum_by(
                below.astype(int), tier, order
            ),
            Column(
                "value_below", Text("Expected value of these", "其预期价值"), "money"
            ): (sum_by(value.where(below, 0.0), tier, order)),
            Column("n_above", Text("Closer than due", "超出建议"), "count"): sum_by(
                above.astype(int), tier, order
            ),
        },
    )


def _levels(tier: pd.Series, actual: pd.Series) -> ReportTable:
    order = _classes(tier)
    counts = pd.crosstab(tier, actual).reindex(
        index=order, columns=list(LEVELS), fill_value=0
    )
    columns: dict[Column, Values] = {
        Column("class", Text("Class", "类别"), "text"): order
    }
    columns |= {
        Column(f"level_{level}", Text(f"{level} {text.en}", text.zh), "count"): counts[
            level
        ]
        for level, text in LEVELS.items()
    }
    return table_of(
        "levels", Text("Customers at each level", "各等级的客户数"), columns
    )


def _chart(facts: ReportFacts, tier: pd.Series, actual: pd.Series) -> Chart:
    mean = actual.groupby(tier).mean()
    points = [
        (name, level, label)
        for name in _classes(tier)
        for label, level in (
            ("recommended 建议", float(facts.levels[name])),
            ("actual, mean 实际平均", float(mean[name])),
        )
    ]
    return Chart(
        "levels",
        "bars",
        Text("Relationship level by class", "各类客户的关系等级"),
        Axis(Text("class", "类别")),
        Axis(Text("level, 1 to 5", "等级（1至5）"), "number"),
        tuple(Point(name, round(level, 6), label) for name, level, label in points),
    )


def _findings(facts: ReportFacts, tier: pd.Series, gap: pd.Series) -> tuple[Text, ...]:
    top = _classes(tier)[0]
    short = (gap > 0) & (tier == top)
    n, of = int(short.sum()), int((tier == top).sum())
    share = write_share(float((gap > 0).mean()))
    mean = write_number(float(gap[gap > 0].mean())) if (gap > 0).any() else "0"
    return (
        Text(
            f"{share} of customers are further from us than their class deserves, by "
            f"{mean} levels on average.",
            f"{share}的客户关系等级低于建议，平均低{mean}级。",
        ),
        Text(
            f"{n:,} of {of:,} customers of class {top} are among them.",
            f"其中{top}类{of:,}位客户中有{n:,}位。",
        ),
    )


def _named(level: int) -> str:
    return f"{level} {LEVELS[level]}"
