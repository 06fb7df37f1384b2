"""Tests of the relationship report."""

from __future__ import annotations

from dataclasses import replace

from models.reports.levels import RECOMMENDED, RelationLevels
from models.reports.topics.relationship import actual_level, report_relationship
from tests.models.reports.tables import facts_of, rows_of

CUSTOMERS: dict[str, dict[str, float]] = {
    "partner": {"n_contacts_365d": 12, "days_since_last_visit": 30},
    "close": {"n_contacts_365d": 12, "days_since_last_visit": 400},
    "regular": {"n_contacts_365d": 4},
    "called": {"n_contacts_365d": 1},
    "calls": {"n_contacts_365d": 0, "days_since_interaction": 9.0},
    "silent": {"n_contacts_365d": 0, "days_since_interaction": 500.0},
}


def test_the_level_is_read_from_a_year_of_contacts() -> None:
    assert actual_level(facts_of(CUSTOMERS)).tolist() == [5, 4, 4, 3, 2, 1]


def test_the_gap_is_the_recommended_level_less_the_actual() -> None:
    spends = {"silent": 900, "partner": 1}
    customers = {
        name: {**row, "net_spend_365d": spends.get(name, 0)}
        for name, row in CUSTOMERS.items()
    }
    report = report_relationship(facts_of(customers))
    rows = rows_of(report, "gaps")
    assert rows["VIP"]["recommended"].startswith("5 partnership")
    assert rows["VIP"]["n_below"] == 1
    assert rows["C"]["n_above"] == 4
    assert "1 of 1 customers of class VIP" in report.findings[1].en


def test_without_contacts_only_the_advice_is_given() -> None:
    report = report_relationship(facts_of({"a": {"net_spend_365d": 5}}))
    assert list(rows_of(report, "recommended")) == ["VIP"]
    assert "direction outbound" in report.needs[0].en


def test_a_company_says_what_level_a_class_deserves() -> None:
    own = RelationLevels(VIP=1, A=1, B=1, C=1).model_dump()
    told = report_relationship(replace(facts_of(CUSTOMERS), levels=own)).to_dict()
    usual = report_relationship(facts_of(CUSTOMERS)).to_dict()
    assert told["tables"][0] != usual["tables"][0]
    assert RelationLevels().model_dump() == RECOMMENDED
