"""Tests of the satisfaction report."""

from __future__ import annotations

from models.reports.topics.satisfaction import report_satisfaction
from tests.models.reports.tables import facts_of, rows_of


def test_surveys_and_complaints_are_summed_up_by_tier() -> None:
    report = report_satisfaction(
        facts_of(
            {
                "a": {"tier": "A", "csat_last": 5, "nps_last": 10},
                "b": {"tier": "A", "csat_last": 2, "nps_last": 3, "expected_value": 9}
                | {"n_complaints_365d": 2, "has_open_complaint": True},
                "c": {"nps_last": 9, "has_open_complaint": False},
            }
        )
    )
    rows = rows_of(report, "by_tier")
    assert (rows["A"]["csat"], rows["A"]["n_csat"], rows["A"]["nps"]) == (3.5, 2, 0)
    assert rows["C"]["csat"] is None
    assert rows["C"]["nps"] == 100
    assert (rows["A"]["n_open"], rows["A"]["value_open"]) == (1, 9)
    assert rows["A"]["complaint_rate"] == 0.5
    assert not report.needs
    assert [chart.name for chart in report.charts] == ["nps", "csat", "complaints"]


def test_what_is_not_logged_is_named_and_left_out() -> None:
    report = report_satisfaction(facts_of({"a": {"csat_last": 4}}))
    assert list(rows_of(report, "by_tier")["C"]) == [
        "tier",
        "n_customers",
        "n_csat",
        "csat",
    ]
    assert [need.en[:3] for need in report.needs] == ["NPS", "Com"]


def test_without_any_the_report_is_what_it_needs() -> None:
    report = report_satisfaction(facts_of({"a": {}}))
    assert len(report.needs) == 3
    assert not report.tables
