"""The tier report: what each tier brings, keeps and costs.

Retention asks of those who were in a class a year ago whether they bought since: the
classes are those of the ABC report on the 365 days before the last 365.
"""

from __future__ import annotations

import pandas as pd

from models.reports import words
from models.reports.chart import Axis, Chart, Point
from models.reports.facts import ReportFacts, shares_of, sum_by
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import Values, table_of
from models.reports.words import TITLES, Text
from models.tiers.abc import assign_tiers, fit_tiers
from models.tiers.definition.scheme import TIERS
from models.words.figures import write_share

TITLE = TITLES["tiers"]
NEED = Text(
    "Retention by class needs purchases of more than 365 days ago.",
    "各类留存率需要365天以前的购买记录。",
)


def report_tiers(facts: ReportFacts) -> Report:
    """Report the key figures by tier, and retention by the class of a year ago."""
    retention = retention_by_class(facts)
    tables = [_figures(facts)]
    if retention.empty:
        return Report(
            "tiers", TITLE, facts.currency, needs=(NEED,), tables=tuple(tables)
        )
    tables.append(
        table_of(
            "retention",
            Text("Retention by the class of a year ago", "按一年前类别的留存"),
            {
                Column("class", Text("Class then", "当时类别"), "text"): (
                    retention.index.tolist()
                ),
                Column("n_customers", words.CUSTOMERS, "count"): retention["n"],
                Column("retention", Text("Bought since", "之后再购占比"), "share"): (
                    retention["kept"]
                ),
                Column("revenue_kept", Text("Revenue kept", "收入保留率"), "share"): (
                    retention["revenue_kept"]
                ),
            },
        )
    )
    return Report(
        "tiers",
        TITLE,
        facts.currency,
        findings=_findings(retention),
        tables=tuple(tables),
        charts=(_chart(retention),),
    )


def retention_by_class(facts: ReportFacts) -> pd.DataFrame:
    """Return how many of each class of a year ago bought since, and how much.

    Returns
    -------
    DataFrame, indexed by class
        ``n`` customers, ``kept`` share of them who bought, ``revenue_kept`` their net
        spend since over that of the year before.
    """
    before = facts.column("net_spend_prior_365d")
    was = facts.column("n_orders_prior_365d").fillna(0) > 0
    before = before[was].fillna(0)
    if not (before > 0).any():
        return pd.DataFrame({"n": [], "kept": [], "revenue_kept": []})
    tier = pd.Series(assign_tiers(before, fit_tiers(before)), before.index)
    bought = facts.column("n_orders_365d").reindex(before.index).fillna(0) > 0
    since = facts.column("net_spend_365d").reindex(before.index).fillna(0)
    order = [name for name in TIERS if (tier == name).any()]
    then = sum_by(before, tier, order)
    return pd.DataFrame(
        {
            "n": tier.value_counts().reindex(order),
            "kept": bought.groupby(tier).mean().reindex(order),
            "revenue_kept": sum_by(since, tier, order) / then.where(then > 0),
        }
    )


def _figures(facts: ReportFacts) -> ReportTable:
    tier, order = facts.customers["tier"], facts.tiers
    n = tier.value_counts().reindex(order)
    revenue = sum_by(facts.column("net_spend_365d"), tier, order)
    before = sum_by(facts.column("net_spend_prior_365d").fillna(0), tier, order)
    columns: dict[Column, Values] = {
        Column("tier", words.TIER, "text"): order,
        Column("n_customers", words.CUSTOMERS, "count"): n,
        Column("net_revenue", words.REVENUE, "money"): revenue,
        Column("revenue_share", words.REVENUE_SHARE, "share"): shares_of(revenue),
        Column(
            "revenue_before", Text("The 365 days before", "前365天"), "money"
        ): before,
        Column("expected_value", words.EXPECTED, "money"): sum_by(
            facts.column("expected_value"), tier, order
        ),
        Column("churn_probability", words.CHURN, "share"): _mean(
            facts, "churn_probability"
        ),
        Column("value_at_risk", words.AT_RISK, "money"): sum_by(
            facts.column("value_at_risk"), tier, order
        ),
    }
    for name, text in (
        ("margin_365d", Text("Margin, 365 days", "近365天毛利")),
        ("contact_cost_365d", Text("Cost of contacts", "联系成本")),
    ):
        if facts.has(name):
            values = sum_by(facts.column(name).fillna(0), tier, order)
            columns[Column(name, text, "money")] = values
    if facts.has("n_contacts_365d"):
        text = Text("Contacts a customer", "人均联系次数")
        columns[Column("mean_contacts", text)] = _mean(facts, "n_contacts_365d")
    return table_of("tiers", Text("Tiers", "各等级"), columns)


def _mean(facts: ReportFacts, name: str) -> pd.Series:
    groups = facts.column(name).groupby(facts.customers["tier"])
    return groups.mean().reindex(facts.tiers)


def _chart(retention: pd.DataFrame) -> Chart:
    series = {"customers 客户": "kept", "revenue 收入": "revenue_kept"}
    return Chart(
        "retention",
        "bars",
        Text(
            "What is kept of each class of a year ago", "一年前各类客户的留存与收入保留"
        ),
        Axis(Text("class a year ago", "一年前类别")),
        Axis(Text("share kept", "保留占比"), "share"),
        tuple(
            Point(str(name), round(float(row[key]), 6), label)
            for name, row in retention.iterrows()
            for label, key in series.items()
            if pd.notna(row[key])
        ),
    )


def _findings(retention: pd.DataFrame) -> tuple[Text, ...]:
    shown = ", ".join(
        f"{name} {write_share(float(kept))}" for name, kept in retention["kept"].items()
    )
    return (
        Text(
            f"Of the customers of each class a year ago bought since: {shown}.",
            f"一年前各类客户之后再次购买的占比：{shown}。",
        ),
    )
