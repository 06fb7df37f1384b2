"""The reports of a run that has just been scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from features.door.log import AnyLog
from features.facts.cohorts import build_cohorts
from features.facts.owners import build_owner_contacts
from models.reports.build import build_reports
from models.reports.facts import COLUMNS, Before, Cohorts, ReportFacts
from models.reports.levels import RECOMMENDED
from serving.runs.score import ScoredRun
from serving.store import EarlierRun


def write_reports(
    scored: ScoredRun,
    log: AnyLog,
    before: EarlierRun | None,
    *,
    levels: Mapping[str, int] = RECOMMENDED,
) -> dict[str, str]:
    """Compute every report of a run.

    Parameters
    ----------
    scored : ScoredRun
    log : Log
        That was scored.
    before : EarlierRun or None
        What the run is compared with.
    levels : mapping of str to int
        The level of relation that each class deserves.

    Returns
    -------
    dict of str to str
        Report to its JSON, as ``models.reports.Report`` restores it.
    """
    facts = replace(read_facts(scored, log, before), levels=levels)
    return {
        name: json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False)
        for name, report in build_reports(facts).items()
    }


def read_facts(
    scored: ScoredRun, log: AnyLog, before: EarlierRun | None
) -> ReportFacts:
    """Put together what reports are computed from."""
    as_of = scored.context.as_of
    present = {*scored.facts.column_names}
    columns = ["customer_id", *(name for name in COLUMNS if name in present)]
    unit, cohorts = build_cohorts(log, as_of=as_of)
    return ReportFacts(
        as_of=as_of,
        currency=scored.context.currency,
        customers=scored.facts.select(columns).to_pandas().set_index("customer_id"),
        contacts=build_owner_contacts(log, as_of=as_of),
        cohorts=Cohorts(unit, cohorts),
        before=None if before is None else _before(before),
    )


def _before(run: EarlierRun) -> Before:
    columns = ["customer_id", "lifecycle_stage", "tier"]
    customers = pd.DataFrame(run.rows, columns=columns).set_index("customer_id")
    return Before(run.run_id, run.as_of, customers)
