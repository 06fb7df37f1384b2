"""A list as a sheet: one row a member, and a second sheet that says what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from serving.queries.actions import CHOSEN, chosen_titles
from serving.queries.lists.build import ListInRun, list_now
from serving.queries.lists.members import Member, read_members
from serving.runs.published import published_run
from serving.store.engine import Store
from serving.store.json.by_row import rfc3339

LANGUAGES = ("en", "zh")
N_REASONS = 3
"""Reasons of churn that a row shows."""

PLAIN: Mapping[str, pa.DataType] = {
    "tier": pa.string(),
    "risk_band": pa.string(),
    "lifecycle_stage": pa.string(),
    "churn_probability": pa.float64(),
    "expected_value": pa.float64(),
    "value_low": pa.float64(),
    "value_high": pa.float64(),
    "value_at_risk": pa.float64(),
    "expected_orders": pa.float64(),
    "next_order_on": pa.date32(),
    "priority": pa.int64(),
    "score_basis": pa.string(),
}
"""The score's columns that a row shows as they are."""

SHEET = pa.schema(
    [
        ("place", pa.int64()),
        ("customer_id", pa.string()),
        *PLAIN.items(),
        ("cluster_name", pa.string()),
        ("tier_reason", pa.string()),
        ("gap_amount", pa.float64()),
        *((f"churn_reason_{n + 1}", pa.string()) for n in range(N_REASONS)),
        *((name, pa.string()) for name in CHOSEN),
        ("owner_id", pa.string()),
        ("source", pa.string()),
        ("expected_profit", pa.float64()),
    ]
)
"""One row a member; amounts are in the currency of the second sheet."""


@dataclass(frozen=True, slots=True)
class ListSheet:
    """A list to be written to a file.

    Parameters
    ----------
    rows : pyarrow.Table
        ``SHEET``.
    about : sequence of (str, value)
        The run, the filter and the exclusions.
    """

    name: str
    run_id: str
    rows: pa.Table
    about: Sequence[tuple[str, Any]]


def sheet_of(
    store: Store, name: str, *, owner: str | None = None, language: str = "en"
) -> ListSheet:
    """Return a list of the published run as a sheet.

    Parameters
    ----------
    owner : str, optional
        Only the members of this owner.
    language : str
        ``en`` or ``zh``, of the sentences.

    Raises
    ------
    UnknownListError
        If there is no such list.
    UnpublishedError
        If there is no run.
    """
    while True:
        in_run = list_now(store, name)
        with store.read() as con:
            run = published_run(con)
            if run.number != in_run.run.number:
                continue
            members = read_members(con, name, run=run, owner=owner)
            actions = chosen_titles(
                con, run, [member.customer_id for member in members], language=language
            )
        rows = [
            _row(member, language) | actions.get(member.customer_id, {})
            for member in members
        ]
        table = pa.Table.from_pylist(rows, schema=SHEET)
        about = describe(in_run, owner=owner, n_rows=len(rows))
        return ListSheet(name, run.run_id, table, about)


def describe(
    in_run: ListInRun, *, owner: str | None, n_rows: int
) -> list[tuple[str, Any]]:
    """Say of which run a list is, whom it holds and whom it leaves out."""
    definition, run, outcome = in_run.stored.definition, in_run.run, in_run.outcome
    about: list[tuple[str, Any]] = [
        ("list", in_run.stored.name),
        ("title", definition.title),
        ("kind", definition.kind),
        ("from", in_run.stored.source),
        ("run_id", run.run_id),
        ("as_of", rfc3339(run.as_of)),
        ("model_version", run.model_version),
        ("currency", run.context.get("currency")),
        ("filter", _one_line(definition.filter)),
        ("order", _one_line(definition.order)),
        ("limit", definition.limit),
        ("owner", owner or definition.owner),
        ("rows", n_rows),
        ("members", outcome["n_members"]),
        ("of them backfilled", outcome["n_backfilled"]),
        ("beyond the limit", outcome["n_beyond"]),
        ("candidates", outcome["n_candidates"]),
    ]
    if in_run.stored.taken_at is not None:
        about.append(("taken as of", rfc3339(in_run.stored.taken_at)))
    about += [(f"left out: {why}", n) for why, n in outcome["excluded"].items()]
    about += [("not checked", what) for what in outcome["unchecked"]]
    about += [("needs", what) for what in outcome["needs"]]
    if outcome["fault"]:
        about.append(("fault", outcome["fault"]))
    return about


def _one_line(rule: str | None) -> str | None:
    return None if rule is None else " ".join(rule.split())


def _row(member: Member, language: str) -> dict[str, Any]:
    score = json.loads(member.body)
    reasons = [reason[language] for reason in score["churn_reasons"] or []]
    reasons += [None] * N_REASONS
    return {
        **{name: _value(score[name], kind) for name, kind in PLAIN.items()},
        "place": member.place,
        "customer_id": member.customer_id,
        "cluster_name": (score["cluster_name"] or {}).get(language),
        "tier_reason": (score["tier_reason"] or {}).get(language),
        "gap_amount": (score["gap_to_next_tier"] or {}).get("amount"),
        **{f"churn_reason_{n + 1}": reasons[n] for n in range(N_REASONS)},
        "owner_id": member.owner_id,
        "source": member.source,
        "expected_profit": member.expected_profit,
    }


def _value(value: Any, kind: pa.DataType) -> float | str | date | datetime | None:
    if value is not None and pa.types.is_date(kind):
        return date.fromisoformat(value)
    plain: float | str | None = value
    return plain
