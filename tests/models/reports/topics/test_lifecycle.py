"""Tests of the lifecycle report."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from models.reports.facts import Before
from models.reports.topics.lifecycle import report_lifecycle
from tests.models.reports.tables import AS_OF, facts_of, rows_of

NOW: dict[str, dict[str, object]] = {
    "a": {"lifecycle_stage": "loyal", "tier": "A", "net_spend_365d": 30},
    "b": {"lifecycle_stage": "dormant", "net_spend_365d": 10},
    "d": {"lifecycle_stage": "new"},
}
WAS = pd.DataFrame(
    {
        "lifecycle_stage": {"a": "new", "b": "dormant", "c": "loyal"},
        "tier": {"a": "C", "b": "C", "c": "A"},
    }
)


def test_stages_partition_the_customers() -> None:
    report = report_lifecycle(facts_of(NOW))
    rows = rows_of(report, "stages")
    assert list(rows) == ["new", "loyal", "dormant"]
    assert sum(row["customer_share"] for row in rows.values()) == 1
    assert "1 of 3 customers are slipping or dormant" in report.findings[0].en
    assert "25 %" in report.findings[0].en
    assert "earlier run" in report.needs[0].en


def test_moves_are_counted_from_the_run_before_with_who_came_and_went() -> None:
    before = Before("r1", AS_OF - timedelta(days=30), WAS)
    report = report_lifecycle(facts_of(NOW, before=before))
    stages = rows_of(report, "stages_moved")
    assert stages["new"]["loyal"] == 1
    assert stages["dormant"]["dormant"] == 1
    assert stages["loyal"]["(gone)"] == 1
    assert stages["(not yet)"]["new"] == 1
    tiers = rows_of(report, "tiers_moved")
    assert tiers["C"] == {"from": "C", "A": 1, "C": 1, "(gone)": 0}
    assert "Of 2 customers in both runs 50 %" in report.findings[1].en
    assert not report.needs
