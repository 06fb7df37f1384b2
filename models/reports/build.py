"""Every report of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.reports.facts import ReportFacts
from models.reports.report import Report
from models.reports.topics.cohorts import report_cohorts
from models.reports.topics.effort import report_effort
from models.reports.topics.lifecycle import report_lifecycle
from models.reports.topics.pareto import report_abc
from models.reports.topics.relationship import report_relationship
from models.reports.topics.satisfaction import report_satisfaction
from models.reports.topics.tiers import report_tiers

REPORTS: Mapping[str, Callable[[ReportFacts], Report]] = {
    "abc": report_abc,
    "tiers": report_tiers,
    "effort": report_effort,
    "lifecycle": report_lifecycle,
    "satisfaction": report_satisfaction,
    "cohorts": report_cohorts,
    "relationship": report_relationship,
}
"""The reports by name, in the order they are listed."""


def build_reports(facts: ReportFacts) -> dict[str, Report]:
    """Compute every report of a run."""
    return {name: build(facts) for name, build in REPORTS.items()}
