"""Tests of the cohort report."""

from __future__ import annotations

import pandas as pd
import pytest

from models.reports.facts import Cohorts
from models.reports.topics.cohorts import report_cohorts
from tests.models.reports.tables import facts_of, rows_of

TABLE = pd.DataFrame(
    {
        "cohort_on": pd.to_datetime(["2023-01-01"] * 3 + ["2023-04-01"] * 2),
        "period": [0, 1, 2, 0, 1],
        "n_customers": [10, 5, 2, 20, 4],
        "net_spend": [100.0, 50, -10, 200, 40],
    }
)


def test_retention_is_of_the_cohort_and_what_is_not_over_is_unknown() -> None:
    report = report_cohorts(facts_of({"a": {}}, cohorts=Cohorts("quarter", TABLE)))
    kept = rows_of(report, "retention")
    assert kept["2023 Q1"]["period_2"] == pytest.approx(0.2)
    assert kept["2023 Q2"]["period_1"] == pytest.approx(0.2)
    assert kept["2023 Q2"]["period_2"] is None
    assert rows_of(report, "spend")["2023 Q1"]["period_2"] == pytest.approx(14)
    assert "30 % of first buyers" in report.findings[0].en


def test_one_period_is_no_cohort_report() -> None:
    table = TABLE[TABLE["period"] == 0]
    report = report_cohorts(facts_of({"a": {}}, cohorts=Cohorts("quarter", table)))
    assert "too short" in report.needs[0].en
