"""``regulars score``: score every customer with the champion and publish the run."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from features.errors import ConfigError
from features.spark.log import SparkLog
from models.actions import read_catalogue
from models.lists import presets
from models.score.schema import SCORE_SCHEMA, RunContext
from models.tiers import TierPlan, plan_with_stored
from regulars.bundles import bundle_source
from regulars.console import Steps, print_json, say
from regulars.log import OpenedLog, kept_log, open_log, parse_as_of
from serving.queries.decide import settle
from serving.queries.lists.build import build_for_publish
from serving.queries.tiers import last_standings, published_schemes
from serving.runs.reports import write_reports
from serving.runs.score import ScoredRun, score_log
from serving.store import Publication, earlier_run, open_store, publish
from serving.store.decisions import read_overrides, read_written
from serving.store.lists import Building, sync_lists

if TYPE_CHECKING:
    import pyarrow as pa

    from models.bundle.bundle import Bundle
    from regulars.settings.settings import Settings
    from serving.store import Store
    from serving.store.json.score_rows import ScoreRows


@dataclass(frozen=True, slots=True)
class Published:
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


def score(
    settings: Settings,
    *,
    as_of: str | None,
    out: Path | None,
    as_json: bool,
    full: bool = False,
) -> int:
    """Score, publish and, where asked, write the same rows to a file."""
    check_out(out)
    instant = parse_as_of(as_of)
    with Steps() as step:
        bundle = fetch_champion(settings, step=step)
        step("Reading the log")
        kept = kept_log(settings, full=full)
        with open_log(settings, kept=kept) as log:
            step(f"Read {kept.n_read:,} files, {kept.n_known:,} were known")
            at = instant or log.ends_at
            run = score_and_publish(log, bundle, settings, as_of=at, step=step)
        if out is not None:
            step(f"Writing {out}")
            write_rows(run.rows, out)
    if as_json:
        print_json(summary(run, out))
    else:
        say(in_words(run))
    return 0


def fetch_champion(settings: Settings, *, step: Steps) -> Bundle:
    """Return the verified bundle of the version that is to be served."""
    step("Fetching the champion")
    bundles = bundle_source(settings)
    return bundles.get(bundles.champion())


def score_and_publish(
    log: OpenedLog, bundle: Bundle, settings: Settings, *, as_of: datetime, step: Steps
) -> Published:
    """Score every customer of an open log, and publish the run."""
    with closing(open_store(settings.store.url)) as store:
        step(f"Scoring with version {bundle.version}")
        tiers = read_tier_plan(store, settings, as_of=as_of)
        scored = score_whole(log, bundle, settings, as_of=as_of, tiers=tiers)
        step(f"Publishing {scored.rows.num_rows:,} customers")
        sync_lists(store, settings.lists)
        lists = build_for_publish(store, scored.facts, scored.context)
        with ThreadPoolExecutor(1) as beside:
            # Rows are written by one core, reports made by another.
            reports = beside.submit(
                write_reports,
                scored,
                log,
                earlier_run(store, as_of=as_of),
                levels=settings.relationship.model_dump(),
            )
            run_id = publish(
                store,
                Publication(
                    scored.rows,
                    context=scored.context,
                    model={**bundle.card, "version": bundle.version},
                    beside=scored.beside,
                    lists=lists,
                    reports=reports,
                ),
            )
        settle(store)
    return Published(
        run_id=run_id,
        model_version=bundle.version,
        as_of=as_of,
        currency=scored.context.currency,
        rows=scored.rows,
        faults=find_faults(scored.context, tiers, lists, settings=settings),
    )


def find_faults(
    context: RunContext,
    tiers: TierPlan,
    lists: Mapping[str, Building],
    *,
    settings: Settings,
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
    for name in read_catalogue(settings.actions).own & left_out.keys():
        faults[f"action {name}"] = left_out[name]
    return dict(sorted(faults.items()))


def read_tier_plan(store: Store, settings: Settings, *, as_of: datetime) -> TierPlan:
    """Return the schemes of the file and of the API, and what they go on from.

    Where both write a scheme, the API's holds.
    """
    with store.read() as con:
        manual = tuple(read_overrides(con, at=as_of))
    plan = plan_with_stored(
        settings.tiers.schemes,
        read_written(store),
        primary=settings.tiers.primary,
        earlier=published_schemes(store),
        active=settings.tiers.active,
    )
    return replace(plan, before=last_standings(store, as_of=as_of), manual=manual)


def score_whole(
    log: OpenedLog,
    bundle: Bundle,
    settings: Settings,
    *,
    as_of: datetime,
    tiers: TierPlan | None = None,
) -> ScoredRun:
    """Score every customer where the log is: on this machine or on Spark."""
    actions = read_catalogue(settings.actions)
    if isinstance(log, SparkLog):
        from serving.runs.spark import score_log_on_spark

        packed = bundle_source(settings).pack(bundle.version)
        return score_log_on_spark(
            packed, log, as_of=as_of, tiers=tiers, actions=actions
        )
    return score_log(bundle, log, as_of=as_of, tiers=tiers, actions=actions)


def check_out(out: Path | None) -> None:
    """Refuse a file that cannot be written before an hour is spent on its rows.

    Raises
    ------
    ConfigError
        If its folder is not there.
    """
    if out is not None and not out.resolve().parent.is_dir():
        raise ConfigError(
            f"--out is {out}, and there is no such folder.",
            needed="A file in a folder that exists.",
            todo=f"Create it: mkdir -p {out.parent}",
        )


def write_rows(rows: ScoreRows, out: Path) -> None:
    """Write the rows so that ``out`` is whole whenever it is there."""
    aside = out.with_name(f".{out.name}.part")
    with pq.ParquetWriter(aside, SCORE_SCHEMA, compression="zstd") as file:
        for chunk in rows.chunks():
            file.write_table(chunk)
    aside.replace(out)


def summary(run: Published, out: Path | None) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "run_id": run.run_id,
        "model_version": run.model_version,
        "as_of": run.as_of,
        "currency": run.currency,
        "customers": run.rows.num_rows,
        "tiers": counts(run.rows.figures, "tier"),
        "risk_bands": counts(run.rows.figures, "risk_band"),
        "score_basis": counts(run.rows.figures, "score_basis"),
        "faults": dict(run.faults),
        "out": None if out is None else str(out),
    }


def counts(table: pa.Table, column: str) -> dict[str, int]:
    """Return how many customers have each value of a column."""
    pairs = table[column].value_counts().to_pylist()
    return {str(pair["values"]): pair["counts"] for pair in pairs}


def in_words(run: Published) -> str:
    """Return what is printed without ``--json``."""
    tiers = ", ".join(
        f"{n:,} {tier}" for tier, n in counts(run.rows.figures, "tier").items()
    )
    first = (
        f"Run {run.run_id}: {run.rows.num_rows:,} customers as of "
        f"{run.as_of:%Y-%m-%d}, version {run.model_version}. Tiers: {tiers}."
    )
    faults = (f"Fault in {what}: {fault}" for what, fault in run.faults.items())
    return "\n".join((first, *faults))
