"""Tests of the tier report."""

from __future__ import annotations

from models.reports.topics.tiers import report_tiers
from tests.models.reports.tables import facts_of, rows_of


def test_retention_is_that_of_the_class_of_a_year_ago() -> None:
    then, now = "net_spend_prior_365d", "net_spend_365d"
    orders = {"n_orders_prior_365d": 1}
    report = report_tiers(
        facts_of(
            {
                "a": {then: 80.0, now: 40.0, "n_orders_365d": 2, **orders},
                "b": {then: 20.0, now: 0.0, "n_orders_365d": 0, **orders},
                "new": {then: 0.0, now: 900.0, "n_orders_365d": 3},
            }
        )
    )
    rows = rows_of(report, "retention")
    assert rows["VIP"] == {
        "class": "VIP",
        "n_customers": 1,
        "retention": 1.0,
        "revenue_kept": 0.5,
    }
    assert rows["B"]["retention"] == 0
    assert rows_of(report, "tiers")["C"]["revenue_before"] == 100


def test_without_a_year_before_the_report_says_what_it_needs() -> None:
    report = report_tiers(facts_of({"a": {"net_spend_365d": 5.0, "margin_365d": 2.0}}))
    assert "365 days ago" in report.needs[0].en
    assert rows_of(report, "tiers")["C"]["margin_365d"] == 2
