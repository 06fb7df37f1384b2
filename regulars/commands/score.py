"""``regulars score``: score every customer with the champion and publish the run."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from features.errors import ConfigError
from models.actions import read_catalogue
from models.score.schema import SCORE_SCHEMA
from regulars.bundles import bundle_source
from regulars.console import Steps, print_json, say
from regulars.log import OpenedLog, open_log, open_read_cache, parse_as_of
from serving.runs.nightly import (
    PublishedRun,
    RunSettings,
    ScoringModel,
    TierSettings,
    score_and_publish,
)
from serving.store import open_store

if TYPE_CHECKING:
    import pyarrow as pa

    from models.bundle.bundle import Bundle
    from regulars.settings.settings import Settings
    from serving.store.json.score_rows import ScoreRows


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
        cache = open_read_cache(settings, full=full)
        with open_log(settings, cache=cache) as log:
            step(f"Read {cache.n_read:,} files, {cache.n_cached:,} were known")
            at = instant or log.ends_at
            run = run_nightly(log, bundle, settings, as_of=at, step=step)
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


def run_nightly(
    log: OpenedLog, bundle: Bundle, settings: Settings, *, as_of: datetime, step: Steps
) -> PublishedRun:
    """Score every customer of an open log, and publish the run."""
    with closing(open_store(settings.store.url)) as store:
        return score_and_publish(
            store,
            log,
            ScoringModel(bundle, lambda: bundle_source(settings).pack(bundle.version)),
            settings=RunSettings(
                tiers=TierSettings(
                    schemes=settings.tiers.schemes,
                    primary=settings.tiers.primary,
                    active=settings.tiers.active,
                ),
                lists=settings.lists,
                actions=read_catalogue(settings.actions),
                levels=settings.relationship.model_dump(),
            ),
            as_of=as_of,
            step=step,
        )


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


def summary(run: PublishedRun, out: Path | None) -> dict[str, Any]:
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


def in_words(run: PublishedRun) -> str:
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
