"""Tests of the effort report."""

from __future__ import annotations

import pytest

from models.reports.topics.effort import report_effort
from tests.models.reports.tables import facts_of, rows_of

CUSTOMERS = {
    "a": {"tier": "A", "net_spend_365d": 70, "expected_value": 70},
    "b": {"tier": "B", "net_spend_365d": 20, "expected_value": 20},
    "c": {"tier": "C", "net_spend_365d": 10, "expected_value": 10},
}


def test_sixty_percent_of_time_on_ten_percent_of_revenue_is_waste() -> None:
    minutes = {"a": 15, "b": 25, "c": 60}
    contacts = tuple((name, "eve", 1, 60 * m, None) for name, m in minutes.items())
    report = report_effort(facts_of(CUSTOMERS, contacts=contacts))
    rows = rows_of(report, "by_tier")
    assert rows["C"]["effort_share"] == pytest.approx(0.6)
    assert rows["C"]["revenue_share"] == pytest.approx(0.1)
    assert rows["C"]["to_move"] == pytest.approx(50)
    assert rows["A"]["to_move"] == pytest.approx(-55)
    assert report.findings[0].en.startswith("Waste index 55 %: 55 of 100 hours")
    assert "Tier C takes 60 % of the effort for 10 %" in report.findings[1].en


def test_without_minutes_contacts_are_counted() -> None:
    contacts = (("a", "eve", 7, None, 3), ("b", None, 2, None, 1), ("c", None, 1, 0, 0))
    report = report_effort(facts_of(CUSTOMERS, contacts=contacts))
    assert report.findings[0].en.startswith("Waste index 0 %: 0 of 10 contacts")
    owners = rows_of(report, "by_owner")
    assert owners["eve"]["effort"] == 7
    assert owners["(unknown)"]["n_customers"] == 2
    assert rows_of(report, "by_tier")["A"]["cost"] == 3


def test_an_owner_is_judged_by_the_customers_contacted() -> None:
    contacts = (("a", "eve", 1, 30, None), ("c", "eve", 1, 90, None))
    owner = rows_of(report_effort(facts_of(CUSTOMERS, contacts=contacts)), "by_owner")[
        "eve"
    ]
    assert owner["net_revenue"] == 80
    assert owner["waste_index"] == pytest.approx(0.75 - 10 / 80)
    assert owner["to_move"] == pytest.approx(2 * (0.75 - 10 / 80))


def test_without_contacts_the_report_says_what_it_needs() -> None:
    contacts = (("gone", "eve", 1, 30, None),)
    report = report_effort(facts_of(CUSTOMERS, contacts=contacts))
    assert "owner_id" in report.needs[0].en
    assert "owner_id" in report.needs[0].zh
