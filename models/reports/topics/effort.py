"""The effort report: where time goes, beside what it brings.

Effort is minutes where the log records them, else contacts, of the last 365 days. If
effort followed expected value, each group's share of both would be equal. The waste
index is the share of all effort that would have to move for that: half the sum of the
absolute differences, 0 at best.
"""

from __future__ import annotations

import pandas as pd

from models.reports import headings, words
from models.reports.chart import Axis, Chart
from models.reports.facts import ReportFacts, shares_of, sum_by
from models.reports.report import Column, Report, ReportTable
from models.reports.tables import bar_points, table_of
from models.reports.words import TITLES, Text
from models.words.figures import write_number, write_share

TITLE = TITLES["effort"]
NEED = Text(
    "interactions with direction outbound or with minutes, and better with owner_id: "
    "the log has no contact of the last 365 days.",
    "需要外呼（direction为outbound）或带时长minutes的互动记录，最好有owner_id："
    "日志中近365天没有联系记录。",
)
NO_OWNER = "(unknown)"


def report_effort(facts: ReportFacts) -> Report:
    """Report effort by tier and by owner, and what is out of proportion."""
    ids = pd.Index(facts.contacts["customer_id"])
    contacts = facts.contacts[facts.customers.index.get_indexer(ids) >= 0]
    if contacts.empty:
        return Report("effort", TITLE, facts.currency, needs=(NEED,))
    in_minutes = bool((contacts["minutes"].fillna(0) > 0).any())
    effort = (
        contacts["minutes"].fillna(0) / 60 if in_minutes else contacts["n_contacts"]
    )
    made = contacts.assign(
        effort=effort.astype(float),
        tier=facts.customers["tier"].reindex(contacts["customer_id"]).to_numpy(),
        owner=contacts["owner_id"]
        .astype(object)
        .where(contacts["owner_id"].notna(), NO_OWNER),
    )
    by_tier = effort_by_tier(facts, made)
    unit = Text("hours", "小时") if in_minutes else Text("contacts", "次联系")
    return Report(
        "effort",
        TITLE,
        facts.currency,
        findings=_findings(by_tier, unit),
        tables=(_tier_table(by_tier, unit), _owner_table(facts, made, unit)),
        charts=(_chart(by_tier),),
    )


def effort_by_tier(facts: ReportFacts, made: pd.DataFrame) -> pd.DataFrame:
    """Lay effort, revenue and expected value of each tier side by side.

    Returns
    -------
    DataFrame of shape (n_tiers, 9), indexed by tier
        ``to_move`` is what is spent beyond the share of expected value, below 0 where
        too little is.
    """
    tier, order = facts.customers["tier"], facts.tiers
    table = pd.DataFrame(
        {
            "n_customers": tier.value_counts().reindex(order),
            "n_contacts": sum_by(made["n_contacts"].astype(float), made["tier"], order),
            "effort": sum_by(made["effort"], made["tier"], order),
            "cost": sum_by(made["cost"].fillna(0.0), made["tier"], order),
        },
        index=order,
    )
    revenue = sum_by(facts.column("net_spend_365d"), tier, order)
    expected = sum_by(facts.column("expected_value").clip(lower=0), tier, order)
    table["effort_share"] = shares_of(table["effort"])
    table["revenue_share"] = shares_of(revenue)
    table["expected_share"] = shares_of(expected)
    table["difference"] = table["effort_share"] - table["expected_share"]
    table["to_move"] = table["difference"] * table["effort"].sum()
    return table


def waste_index(effort_share: pd.Series, value_share: pd.Series) -> float:
    """Return the share of effort that would have to move to follow value.

    >>> share = pd.Series([0.15, 0.25, 0.60])
    >>> round(waste_index(share, pd.Series([0.70, 0.20, 0.10])), 2)
    0.55
    """
    return float((effort_share - value_share).abs().sum() / 2)


def _tier_table(by_tier: pd.DataFrame, unit: Text) -> ReportTable:
    return table_of(
        "by_tier",
        Text("Effort by tier, last 365 days", "各等级投入（近365天）"),
        {
            headings.TIER: by_tier.index.tolist(),
            headings.N_CUSTOMERS: by_tier["n_customers"],
            headings.N_CONTACTS: by_tier["n_contacts"],
            Column("effort", _named("Effort", "投入", unit)): by_tier["effort"],
            Column("cost", Text("Cost", "成本"), "money"): by_tier["cost"],
            headings.EFFORT_SHARE: by_tier["effort_share"],
            headings.REVENUE_SHARE: by_tier["revenue_share"],
            headings.EXPECTED_SHARE: by_tier["expected_share"],
            Column(
                "difference", Text("Effort less expected", "投入减预期"), "points"
            ): by_tier["difference"],
            Column("to_move", _named("To move away", "应调出", unit)): by_tier[
                "to_move"
            ],
        },
    )


def _owner_table(facts: ReportFacts, made: pd.DataFrame, unit: Text) -> ReportTable:
    """Give a line to each owner: its effort, and how far it follows its customers."""
    table = effort_by_owner(facts, made)
    table = table.sort_values("effort", ascending=False, kind="stable")
    return table_of(
        "by_owner",
        Text(
            "Effort by owner; value is that of the customers contacted",
            "各负责人的投入；价值为其所联系客户的价值",
        ),
        {
            Column("owner_id", Text("Owner", "负责人"), "text"): table.index.tolist(),
            headings.N_CUSTOMERS: table["n_customers"],
            headings.N_CONTACTS: table["n_contacts"],
            Column("effort", _named("Effort", "投入", unit)): table["effort"],
            headings.EFFORT_SHARE: shares_of(table["effort"]),
            headings.NET_REVENUE: table["revenue"],
            headings.EXPECTED_VALUE: table["expected"],
            Column("waste_index", Text("Waste index", "浪费指数"), "share"): table[
                "waste"
            ],
            Column("to_move", _named("To move", "应调整", unit)): table["waste"]
            * table["effort"],
        },
    )


def effort_by_owner(facts: ReportFacts, made: pd.DataFrame) -> pd.DataFrame:
    """Sum up each owner's effort, and the value of the customers contacted.

    Returns
    -------
    DataFrame of shape (n_owners, 6), indexed by owner
        ``waste`` is the waste index of the owner's effort over tiers; NaN where the
        customers contacted are expected to bring nothing.
    """
    ids = made["customer_id"]
    contacts = made.assign(
        n_customers=1,
        revenue=facts.column("net_spend_365d").reindex(ids).to_numpy(),
        expected=facts.column("expected_value").clip(lower=0).reindex(ids).to_numpy(),
    )
    names = ["n_customers", "n_contacts", "effort", "revenue", "expected"]
    table = contacts.groupby("owner")[names].sum()
    by_tier = contacts.groupby(["owner", "tier"])[["effort", "expected"]].sum()
    totals = table[["effort", "expected"]].reindex(by_tier.index, level="owner")
    shares = by_tier / totals.where(totals > 0)
    distance = (shares["effort"] - shares["expected"]).abs()
    table["waste"] = distance.groupby("owner").sum(min_count=1) / 2
    return table


def _chart(by_tier: pd.DataFrame) -> Chart:
    series = {
        "effort_share": "effort 投入",
        "revenue_share": "net revenue 净收入",
        "expected_share": "expected value 预期价值",
    }
    return Chart(
        "shares",
        "bars",
        Text("Effort beside what it brings, by tier", "各等级的投入与产出占比"),
        Axis(words.TIER),
        Axis(Text("share", "占比"), "share"),
        bar_points(by_tier[[*series]].rename(columns=series)),
    )


def _findings(by_tier: pd.DataFrame, unit: Text) -> tuple[Text, ...]:
    if by_tier["difference"].isna().any():
        return ()
    waste = waste_index(by_tier["effort_share"], by_tier["expected_share"])
    most = str(by_tier["difference"].idxmax())
    here = {name: float(by_tier[name][most]) for name in by_tier}
    total = write_number(float(by_tier["effort"].sum()))
    moved = write_number(waste * float(by_tier["effort"].sum()))
    effort, value = (
        write_share(here[name]) for name in ("effort_share", "expected_share")
    )
    return (
        Text(
            f"Waste index {write_share(waste)}: {moved} of {total} {unit.en} would "
            "have to move for effort to follow expected value.",
            f"浪费指数{write_share(waste)}：共{total}{unit.zh}，"
            f"需调整{moved}{unit.zh}才与预期价值相称。",
        ),
        Text(
            f"Tier {most} takes {effort} of the effort for {value} of the expected "
            "value.",
            f"{most}级占投入的{effort}，仅占预期价值的{value}。"
            if here["difference"] > 0
            else f"{most}级占投入的{effort}，占预期价值的{value}。",
        ),
    )


def _named(en: str, zh: str, unit: Text) -> Text:
    return Text(f"{en}, {unit.en}", f"{zh}（{unit.zh}）")
