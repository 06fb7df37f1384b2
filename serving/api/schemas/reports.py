"""Reports, as the API's document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from serving.api.schemas.scores import RUN_EXAMPLE, Shown

TITLE = {"en": "ABC: who makes the revenue", "zh": "ABC分析：谁贡献了收入"}

REPORT_EXAMPLE: dict[str, Any] = {
    **RUN_EXAMPLE,
    "name": "abc",
    "title": TITLE,
    "currency": "GBP",
    "findings": [{"en": "The top 10 % make 70 %.", "zh": "前10%客户贡献70%。"}],
    "needs": [],
    "tables": [
        {
            "name": "by_customers",
            "title": {"en": "Classes by share of customers", "zh": "按客户占比分级"},
            "columns": [
                {
                    "name": "revenue_share",
                    "title": {"en": "Share of net revenue", "zh": "净收入占比"},
                    "kind": "share",
                }
            ],
            "rows": [{"revenue_share": 0.7}],
        }
    ],
    "charts": [{"name": "pareto", "title": TITLE, "spec": {"mark": "line"}}],
}


class Worded(Shown):
    """A text in English and in Chinese."""

    en: str
    zh: str


class ListedReport(Worded):
    """A report that there is."""

    name: str


class ReportList(Shown):
    """The reports that there are."""

    items: list[ListedReport]


class RunReport(Shown):
    """A report of one run."""

    model_config = ConfigDict(json_schema_extra={"examples": [REPORT_EXAMPLE]})

    run_id: str
    as_of: datetime
    model_version: str
    name: str
    title: Worded
    currency: str | None
    findings: list[Worded] = Field(description="What it says, in sentences.")
    needs: list[Worded] = Field(description="What the log lacks for the rest of it.")
    tables: list[dict[str, Any]] = Field(
        description="Each with its columns (name, title, kind) and rows by name."
    )
    charts: list[dict[str, Any]] = Field(
        description="Each with its title and a Vega-Lite 5 specification."
    )
