"""Tests of all reports at once."""

from __future__ import annotations

import json

import pandas as pd

from models.reports import TITLES
from models.reports.build import REPORTS, build_reports
from models.reports.facts import ReportFacts
from tests.models.reports.tables import facts_of


def test_every_report_has_a_title() -> None:
    assert list(REPORTS) == list(TITLES)


def test_what_a_log_lacks_is_said_by_every_report() -> None:
    """A log of contracts has no purchases, and may foretell no value."""
    full = facts_of({"a": {"expected_value": None}, "b": {"expected_value": None}})
    names = ["net_spend_365d", "expected_value", "value_at_risk"]
    facts = ReportFacts(
        as_of=full.as_of,
        currency=None,
        customers=full.customers.drop(columns=names),
        contacts=full.contacts,
        cohorts=full.cohorts,
    )
    for name, report in build_reports(facts).items():
        assert report.name == name
        assert report.needs
        json.dumps(report.to_answer(), allow_nan=False)


def test_customers_without_a_tier_order_are_sorted_by_spend() -> None:
    facts = facts_of(
        {
            "a": {"tier": "silver", "net_spend_365d": 5.0},
            "b": {"tier": "gold", "net_spend_365d": 9.0},
        }
    )
    assert facts.tiers == ["gold", "silver"]
    assert isinstance(facts.column("csat_last"), pd.Series)
