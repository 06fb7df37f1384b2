"""Facts of a few customers made by hand, for the tests of reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from models.reports.facts import Before, Cohorts, ReportFacts
from models.reports.report import Report

AS_OF = datetime(2024, 1, 1, tzinfo=UTC)
USUAL = {
    "lifecycle_stage": "repeat",
    "tier": "C",
    "churn_probability": 0.5,
    "expected_value": 0.0,
    "value_at_risk": 0.0,
    "net_spend_365d": 0.0,
}


def facts_of(
    customers: Mapping[str, Mapping[str, Any]],
    *,
    contacts: tuple[tuple[Any, ...], ...] = (),
    cohorts: Cohorts | None = None,
    before: Before | None = None,
) -> ReportFacts:
    """Return the facts of customers that differ from the usual one as given."""
    rows = {name: {**USUAL, **changes} for name, changes in customers.items()}
    columns = ["customer_id", "owner_id", "n_contacts", "minutes", "cost"]
    empty = pd.DataFrame({"cohort_on": [], "period": [], "n_customers": []})
    return ReportFacts(
        as_of=AS_OF,
        currency="GBP",
        customers=pd.DataFrame.from_dict(rows, orient="index"),
        contacts=pd.DataFrame(list(contacts), columns=columns),
        cohorts=cohorts or Cohorts("month", empty),
        before=before,
    )


def rows_of(report: Report, table: str) -> dict[Any, dict[str, Any]]:
    """Return a table's rows by their first column."""
    found = next(one for one in report.tables if one.name == table)
    names = [column.name for column in found.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in found.rows}
