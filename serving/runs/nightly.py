"""A nightly run: every customer scored, graded, listed, reported, and published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from features.door.log import Log
from features.spark.log import SparkLog
from models.actions import Catalogue
from models.bundle.bundle import Bundle
from models.bundle.packed import PackedBundle
from models.kind import ServedModel
from models.lists import ListDefinition, presets
from models.score.schema import RunContext
from models.tiers import TierPlan, plan_with_stored
from serving.runs.decide import settle
from serving.runs.lists import build_for_publish
from serving.runs.reports import write_reports
from serving.runs.score import ScoredRun, score_log
from serving.runs.standing import last_standings, published_schemes
from serving.store import Publication, Store, earlier_run, publish
from serving.store.decisions import read_overrides, read_written
from serving.store.json.score_rows import ScoreRows
from serving.store.lists import Building, sync_lists


@dataclass(frozen=True, slots=True)
class TierSettings:
    """The tier schemes of the config.

    Parameters
    ----------
    schemes : mapping
        As they are written, by name.
    active : tuple of str or None
        Names of schemes, shipped ones among them; None for the usual ones.
    """

    schemes: Mapping[str, Mapping[str, Any]]
    primary: str
    active: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What the config says of a run.

    Parameters
    ----------
    levels : mapping of str to int
        The level of relation that each class deserves.
    """

    tiers: TierSettings
    lists: Mapping[str, ListDefinition]
    actions: Catalogue
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """The version that scores.

    Parameters
    ----------
    bundle : Bundle
    pack : callable
        Returns the same bundle to be sent to the workers of a cluster.
    """

    bundle: Bundle
    pack: Callable[[], PackedBundle]


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A run that readers see.

    Parameters
    ----------
    run_id : str
        Its name in the store.
    model_version : str
        The version that scored it.
    rows : ScoreRows
        One row a customer.
    faults : mapping of str to str
        What is wrong with definitions that the run could not use, by what they define.
    """

    run_id: str
    model_version: str
    as_of: datetime
    currency: str | None
    rows: ScoreRows
    faults: Mapping[str, str] = field(default_factory=dict)


class Progress(Protocol):
    """Who is told how far a run is."""

    def __call__(self, text: str) -> None:
        """Say what is done next."""

    def note(self, text: str) -> None:
        """Say something besides."""


def score_and_publish(
    store: Store,
    log: Log | SparkLog,
    model: ScoringModel,
    *,
    settings: RunSettings,
    as_of: datetime,
    step: Progress,
) -> PublishedRun:
    """Score every customer of an open log, and publish the run.

    Parameters
    ----------
    step : Progress
    """
    bundle = model.bundle
    step(f"Scoring with version {bundle.version}")
    tiers = read_tier_plan(store, settings.tiers, as_of=as_of)
    note_slow_families(bundle.model, log, step=step)
    scored = _score(log, model, as_of=as_of, tiers=tiers, actions=settings.actions)
    step(f"Publishing {scored.rows.num_rows:,} customers")
    sync_lists(store, settings.lists)
    lists = build_for_publish(store, scored.facts, scored.context)
    with ThreadPoolExecutor(1) as beside:
        # Rows are written by one core, reports made by another.
        before = earlier_run(store, as_of=as_of)
        reports = beside.submit(
            write_reports, scored, log, before, levels=settings.levels
        )
        publication = Publication(
            scored.rows,
            context=scored.context,
            model={**bundle.card, "version": bundle.version},
            beside=scored.beside,
            lists=lists,
            reports=reports,
        )
        run_id = publish(store, publication)
    settle(store)
    return PublishedRun(
        run_id=run_id,
        model_version=bundle.version,
        as_of=as_of,
        currency=scored.context.currency,
        rows=scored.rows,
        faults=find_faults(scored.context, tiers, lists, actions=settings.actions),
    )


def note_slow_families(
    model: ServedModel, log: Log | SparkLog, *, step: Progress
) -> None:
    """Say which features are worked out slowly on this machine, a line each."""
    if not isinstance(log, SparkLog):
        for family in model.slow_families:
            step.note(str(family))


def find_faults(
    context: RunContext,
    tiers: TierPlan,
    lists: Mapping[str, Building],
    *,
    actions: Catalogue,
) -> dict[str, str]:
    """Return what is wrong with definitions, which then said nothing in the run."""
    faults = {f"tier scheme {name}": fault for name, fault in tiers.faults.items()}
    for name, scheme in context.schemes.items():
        if "fault" in scheme:
            faults[f"tier scheme {name}"] = scheme["fault"]
    for name, building in lists.items():
        if building.built.fault and building.definition != presets().get(name):
            faults[f"list {name}"] = building.built.fault
    left_out = context.actions.get("left_out", {})
    for name in actions.own & left_out.keys():
        faults[f"action {name}"] = left_out[name]
    return dict(sorted(faults.items()))


def read_tier_plan(
    store: Store, settings: TierSettings, *, as_of: datetime
) -> TierPlan:
    """Return the schemes of the config and of the API, and what they go on from.

    Where both write a scheme, the API's holds.
    """
    with store.read() as con:
        manual = tuple(read_overrides(con, at=as_of))
    plan = plan_with_stored(
        settings.schemes,
        read_written(store),
        primary=settings.primary,
        earlier=published_schemes(store),
        active=settings.active,
    )
    return replace(plan, before=last_standings(store, as_of=as_of), manual=manual)


def _score(
    log: Log | SparkLog,
    model: ScoringModel,
    *,
    as_of: datetime,
    tiers: TierPlan,
    actions: Catalogue,
) -> ScoredRun:
    """Score every customer where the log is: on this machine or on Spark."""
    if isinstance(log, SparkLog):
        from serving.runs.spark import score_log_on_spark  # with PySpark, an extra

        return score_log_on_spark(
            model.pack(), log, as_of=as_of, tiers=tiers, actions=actions
        )
    return score_log(model.bundle, log, as_of=as_of, tiers=tiers, actions=actions)
