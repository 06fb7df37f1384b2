"""The lifecycle report: who stands where, and who moved since the run before."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.reports import headings, words
from models.reports.chart import Axis, Chart, Point
from models.reports.facts import ReportFacts, shares_of, sum_by
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import Values, heat_points, table_of
from models.reports.words import STAGES, TITLES, Text
from models.words.figures import write_share

TITLE = TITLES["lifecycle"]
NOT_YET, GONE = "(not yet)", "(gone)"
NEED = Text(
    "Transitions need an earlier run: the next one, with a later as_of, has them.",
    "迁移分析需要更早的评分批次：下一次（截止时间更晚的）评分后即可查看。",
)
COUNT = Text("customers", "客户数")


def report_lifecycle(facts: ReportFacts) -> Report:
    """Report the stages of customers, and how stages and tiers changed."""
    stage = facts.customers["lifecycle_stage"].astype(str)
    order = _order(stage, list(STAGES))
    tables = [_stage_table(facts, stage, order)]
    charts = [_stage_chart(stage, order)]
    findings = _findings(facts, stage)
    if facts.before is None:
        return Report(
            "lifecycle",
            TITLE,
            facts.currency,
            findings=findings,
            needs=(NEED,),
            tables=tuple(tables),
            charts=tuple(charts),
        )
    was = facts.before.customers
    for name, title, now, ladder in (
        ("stages", words.STAGE, stage, list(STAGES)),
        ("tiers", words.TIER, facts.customers["tier"].astype(str), facts.tiers),
    ):
        column = "lifecycle_stage" if name == "stages" else "tier"
        matrix = transitions(was[column].astype(str), now, ladder)
        tables.append(
            _matrix_table(name, title, matrix, since=facts.before.as_of.date())
        )
        charts.append(_matrix_chart(name, title, matrix))
    return Report(
        "lifecycle",
        TITLE,
        facts.currency,
        findings=(*findings, _movement(facts, was)),
        tables=tuple(tables),
        charts=tuple(charts),
    )


def transitions(was: pd.Series, now: pd.Series, ladder: Sequence[str]) -> pd.DataFrame:
    """Count customers by where they were (rows) and where they are (columns).

    >>> was = pd.Series({"a": "new", "b": "new"})
    >>> now = pd.Series({"b": "loyal", "c": "new"})
    >>> transitions(was, now, ["new", "loyal"]).loc["new"].to_dict()
    {'new': 0, 'loyal': 1, '(gone)': 1}
    """
    both = pd.concat([was.rename("was"), now.rename("now")], axis=1)
    both = both.fillna({"was": NOT_YET, "now": GONE})
    rows = [*_order(both["was"], ladder)]
    columns = [*_order(both["now"], ladder)]
    return pd.crosstab(both["was"], both["now"]).reindex(
        index=rows, columns=columns, fill_value=0
    )


def _order(values: pd.Series, ladder: Sequence[str]) -> list[str]:
    """Return the values that occur: the ladder's, others, then who came or went."""
    names, ends = set(values.unique()), (NOT_YET, GONE)
    others = sorted(names - {*ladder, *ends})
    return [name for name in (*ladder, *others, *ends) if name in names]


def _stage_table(facts: ReportFacts, stage: pd.Series, order: list[str]) -> ReportTable:
    n = stage.value_counts().reindex(order)
    revenue = sum_by(facts.column("net_spend_365d"), stage, order)
    expected = sum_by(facts.column("expected_value"), stage, order)
    churn = facts.column("churn_probability").groupby(stage).mean().reindex(order)
    return table_of(
        "stages",
        Text("Customers by stage", "各阶段客户"),
        {
            Column("lifecycle_stage", words.STAGE, "text"): order,
            headings.N_CUSTOMERS: n,
            headings.CUSTOMER_SHARE: n / len(stage),
            headings.NET_REVENUE: revenue,
            headings.REVENUE_SHARE: shares_of(revenue),
            headings.EXPECTED_VALUE: expected,
            headings.CHURN: churn,
            headings.VALUE_AT_RISK: sum_by(facts.column("value_at_risk"), stage, order),
        },
    )


def _stage_chart(stage: pd.Series, order: list[str]) -> Chart:
    n = stage.value_counts()
    return Chart(
        "stages",
        "bars",
        Text("Customers by lifecycle stage", "各生命周期阶段的客户数"),
        Axis(words.STAGE),
        Axis(words.CUSTOMERS, "count"),
        tuple(
            Point(str(STAGES.get(name, Text(name, name))), int(n[name]), str(COUNT))
            for name in order
        ),
    )


def _matrix_table(
    name: str, title: Text, matrix: pd.DataFrame, *, since: object
) -> ReportTable:
    heading = Text(
        f"{title.en}: from {since} (rows) to now (columns), customers",
        f"{title.zh}迁移：{since}（行）至今（列），客户数",
    )
    columns: dict[Column, Values] = {
        Column("from", Text("From", "原"), "text"): matrix.index.tolist()
    }
    columns |= {
        Column(str(to), STAGES.get(str(to), Text(str(to), str(to))), "count"): matrix[
            to
        ]
        for to in matrix.columns
    }
    return table_of(f"{name}_moved", heading, columns)


def _matrix_chart(name: str, title: Text, matrix: pd.DataFrame) -> Chart:
    shares = matrix.div(matrix.sum(axis=1), axis=0)
    return Chart(
        f"{name}_moved",
        "heat",
        Text(
            f"{title.en}: where those of each row are now",
            f"{title.zh}迁移：每行客户现在的去向",
        ),
        Axis(Text("now", "现在")),
        Axis(Text("before", "之前")),
        heat_points(shares),
    )


def _findings(facts: ReportFacts, stage: pd.Series) -> tuple[Text, ...]:
    fading = stage.isin(["slipping", "dormant"])
    n = int(fading.sum())
    revenue = facts.column("net_spend_365d")
    share = float(revenue[fading].sum()) / max(float(revenue.sum()), 1e-9)
    return (
        Text(
            f"{n:,} of {len(stage):,} customers are slipping or dormant; they made "
            f"{write_share(share)} of the last year's net revenue.",
            f"{len(stage):,}位客户中有{n:,}位渐失或沉睡，"
            f"占近一年净收入的{write_share(share)}。",
        ),
    )


def _movement(facts: ReportFacts, was: pd.DataFrame) -> Text:
    """Say how many of those who were there stand elsewhere now."""
    both = facts.customers[["lifecycle_stage", "tier"]].join(
        was.add_suffix("_was"), how="inner"
    )
    stage = float((both["lifecycle_stage"] != both["lifecycle_stage_was"]).mean())
    tier = float((both["tier"] != both["tier_was"]).mean())
    return Text(
        f"Of {len(both):,} customers in both runs {write_share(stage)} changed their "
        f"stage and {write_share(tier)} their tier.",
        f"两次评分都有的{len(both):,}位客户中，{write_share(stage)}改变了阶段，"
        f"{write_share(tier)}改变了等级。",
    )
