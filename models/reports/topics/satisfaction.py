"""The satisfaction report: surveys and complaints by tier, as far as there are any."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.reports import headings, words
from models.reports.chart import Axis, Chart
from models.reports.facts import ReportFacts
from models.reports.report import Column, Report
from models.reports.tables import Values, bar_points, table_of
from models.reports.words import TITLES, Text
from models.words.figures import write_number, write_share

TITLE = TITLES["satisfaction"]
NEEDS = {
    "csat_last": Text(
        "CSAT needs interactions of type csat with the mark as value.",
        "CSAT需要类型为csat、以value记录评分的互动。",
    ),
    "nps_last": Text(
        "NPS needs interactions of type nps with 0 to 10 as value.",
        "NPS需要类型为nps、以value记录0至10分的互动。",
    ),
    "n_complaints_365d": Text(
        "Complaints need interactions of type complaint, and of type "
        "complaint_resolved when they are settled.",
        "投诉分析需要类型为complaint的互动，解决后记为complaint_resolved。",
    ),
}
PROMOTERS, DETRACTORS = 9, 6
"""NPS: from 9 on a promoter, up to 6 a detractor."""


def report_satisfaction(facts: ReportFacts) -> Report:
    """Report CSAT, NPS and complaints by tier; what is not logged is named."""
    logged = {name: bool(facts.column(name).notna().any()) for name in NEEDS}
    logged["n_complaints_365d"] = facts.has("n_complaints_365d")
    needs = tuple(need for name, need in NEEDS.items() if not logged[name])
    if not any(logged.values()):
        return Report("satisfaction", TITLE, facts.currency, needs=needs)
    table = satisfaction_by_tier(facts)
    columns: dict[Column, Values] = {
        headings.TIER: table.index.tolist(),
        headings.N_CUSTOMERS: table["n_customers"],
        Column("n_csat", Text("CSAT answers", "CSAT份数"), "count"): table["n_csat"],
        Column("csat", Text("Mean CSAT", "平均CSAT")): table["csat"],
        Column("n_nps", Text("NPS answers", "NPS份数"), "count"): table["n_nps"],
        Column("nps", Text("NPS", "NPS")): table["nps"],
        Column(
            "n_complaints", Text("Complaints, 365 days", "近365天投诉"), "count"
        ): table["n_complaints"],
        Column(
            "complaint_rate", Text("Customers who complained", "投诉客户占比"), "share"
        ): table["complaint_rate"],
        Column("n_open", Text("Open complaints", "未结投诉"), "count"): table["n_open"],
        Column(
            "value_open", Text("Expected value of these", "其预期价值"), "money"
        ): table["value_open"],
    }
    filled = {
        column: values
        for column, values in columns.items()
        if _is_known(column, logged)
    }
    return Report(
        "satisfaction",
        TITLE,
        facts.currency,
        findings=_findings(facts, table, logged),
        needs=needs,
        tables=(
            table_of(
                "by_tier",
                Text("Satisfaction by tier; the last answer of each", "各等级满意度"),
                filled,
            ),
        ),
        charts=_charts(table, logged),
    )


def satisfaction_by_tier(facts: ReportFacts) -> pd.DataFrame:
    """Summarise the last answers and the complaints of each tier's customers."""
    customers = pd.DataFrame(
        {
            "tier": facts.customers["tier"],
            "csat": facts.column("csat_last"),
            "nps": facts.column("nps_last"),
            "complaints": facts.column("n_complaints_365d").fillna(0),
            "open": facts.column("has_open_complaint").fillna(0),
            "value": facts.column("expected_value"),
        }
    )
    groups = customers.groupby("tier")
    table = pd.DataFrame(
        {
            "n_customers": groups.size(),
            "n_csat": groups["csat"].count(),
            "csat": groups["csat"].mean(),
            "n_nps": groups["nps"].count(),
            "nps": groups["nps"].apply(net_promoters),
            "n_complaints": groups["complaints"].sum(),
            "complaint_rate": (customers["complaints"] > 0)
            .groupby(customers["tier"])
            .mean(),
            "n_open": groups["open"].sum(),
            "value_open": (customers["value"] * customers["open"])
            .groupby(customers["tier"])
            .sum(),
        }
    )
    return table.reindex(facts.tiers)


def net_promoters(answers: pd.Series) -> float:
    """Return the share of promoters less that of detractors, times 100.

    >>> net_promoters(pd.Series([10, 9, 8, 3]))
    25.0
    """
    marks = answers.dropna()
    if marks.empty:
        return np.nan
    return float(100 * ((marks >= PROMOTERS).mean() - (marks <= DETRACTORS).mean()))


def _is_known(column: Column, logged: dict[str, bool]) -> bool:
    """Tell whether the log can fill a column."""
    facts = {"csat": "csat_last", "nps": "nps_last"}
    stem = column.name.removeprefix("n_")
    if stem in facts:
        return logged[facts[stem]]
    if column.name in {"tier", "n_customers"}:
        return True
    return logged["n_complaints_365d"]


def _charts(table: pd.DataFrame, logged: dict[str, bool]) -> tuple[Chart, ...]:
    drawn = []
    if logged["nps_last"]:
        drawn.append(_bars(table["nps"], "nps", Text("NPS by tier", "各等级NPS")))
    if logged["csat_last"]:
        title = Text("Mean CSAT by tier", "各等级平均CSAT")
        drawn.append(_bars(table["csat"], "csat", title))
    if logged["n_complaints_365d"]:
        title = Text("Customers who complained, by tier", "各等级投诉客户占比")
        drawn.append(_bars(table["complaint_rate"], "complaints", title, kind="share"))
    return tuple(drawn)


def _bars(values: pd.Series, name: str, title: Text, kind: str = "number") -> Chart:
    return Chart(
        name,
        "bars",
        title,
        Axis(words.TIER),
        Axis(title, kind),
        bar_points(values.to_frame(name)),
    )


def _findings(
    facts: ReportFacts, table: pd.DataFrame, logged: dict[str, bool]
) -> tuple[Text, ...]:
    sentences = []
    if logged["nps_last"]:
        nps = write_number(net_promoters(facts.column("nps_last")))
        n = int(table["n_nps"].sum())
        sentences.append(
            Text(f"NPS {nps}, from {n:,} customers.", f"NPS为{nps}（{n:,}位客户）。")
        )
    if logged["csat_last"]:
        csat = write_number(float(facts.column("csat_last").mean()))
        n = int(table["n_csat"].sum())
        sentences.append(
            Text(
                f"Mean CSAT {csat}, from {n:,} customers.",
                f"平均CSAT为{csat}（{n:,}位客户）。",
            )
        )
    if logged["n_complaints_365d"]:
        n = int(table["n_open"].sum())
        rate = write_share(float((facts.column("n_complaints_365d") > 0).mean()))
        sentences.append(
            Text(
                f"{rate} of customers complained in the last 365 days; {n:,} wait for "
                "an answer.",
                f"近365天{rate}的客户投诉过，{n:,}位仍待处理。",
            )
        )
    return tuple(sentences)
