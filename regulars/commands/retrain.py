"""``regulars retrain``: from the log to the published run, for a scheduler."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import BundleError, StoreError
from regulars.bundles import bundle_source
from regulars.commands.check import as_values as check_values
from regulars.commands.check import look, show_readiness, show_rows
from regulars.commands.score import (
    check_out,
    in_words,
    run_nightly,
    summary,
    write_rows,
)
from regulars.commands.train import (
    Trained,
    fit_and_register,
    show_grade,
    show_snapshots,
    show_tuning,
    verdict,
)
from regulars.commands.train import as_values as train_values
from regulars.console import Steps, print_json, say
from regulars.log import OpenedLog, open_log, parse_as_of
from regulars.settings.addresses import SQLITE
from serving.runs.nightly import PublishedRun

if TYPE_CHECKING:
    from regulars.settings.settings import Settings

PUBLISHED, REFUSED = 0, 1


@dataclass(frozen=True, slots=True)
class Retrained:
    """What came of it.

    Parameters
    ----------
    checked : dict
        What `regulars check` tells, in JSON values.
    trained : Trained
    run : PublishedRun or None
        None where the gate refused the version: the run before stays.
    """

    checked: dict[str, Any]
    trained: Trained
    run: PublishedRun | None


def retrain(
    settings: Settings, *, as_of: str | None, out: Path | None, as_json: bool
) -> int:
    """Check, train, judge, promote, score and publish; 1 if the gate refuses.

    Raises
    ------
    ConfigError
        If ``out`` or ``as_of`` will not do.
    StoreError
        If another one is at work.
    RegularsError
        If a step says no. The run that is published stays.
    """
    check_out(out)
    instant = parse_as_of(as_of)
    with Steps() as step, alone(lock_path(settings)):
        step("Reading the log")
        with open_log(settings) as log:
            at = instant or log.ends_at
            done = go_the_way(log, settings, as_of=at, step=step, shows=not as_json)
        if done.run is not None and out is not None:
            step(f"Writing {out}")
            write_rows(done.run.rows, out)
    if as_json:
        print_json(as_values(done, out))
    elif done.run is not None:
        say(in_words(done.run))
    else:
        say("Nothing is published: the run before stays.")
    return REFUSED if done.run is None else PUBLISHED


def go_the_way(
    log: OpenedLog, settings: Settings, *, as_of: datetime, step: Steps, shows: bool
) -> Retrained:
    """Do the work on an open log, showing each step's answer where wished."""
    readiness = look(log, settings)
    step.end()
    if shows:
        show_rows(log.reports.values())
        show_readiness(readiness)
    trained = fit_and_register(
        log, settings, as_of=as_of, step=step, tuned=tuned_before(settings)
    )
    step.end()
    if shows:
        show_tuning(trained.card)
        show_snapshots(trained.card)
        show_grade(trained.card)
        say(verdict(trained.registered))
    run = None
    if trained.registered.promoted:
        bundle = bundle_source(settings).get(trained.registered.version)
        run = run_nightly(log, bundle, settings, as_of=as_of, step=step)
    return Retrained(check_values(log, readiness), trained, run)


def tuned_before(settings: Settings) -> dict[str, Any] | None:
    """Return what the champion's parameters were found by, None for the usual ones.

    The new version is judged by them anew, on a holdout of its own.
    """
    source = bundle_source(settings)
    try:
        champion = source.champion()
        tuning = source.get(champion).card.get("tuning")
    except BundleError:  # there is none yet, or none that is sound: `score` says so
        return None
    if tuning is None or not tuning["is_used"]:
        return None
    return {"reused_from": champion, **tuning}


def as_values(done: Retrained, out: Path | None) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    run = done.run
    return {
        "published": run is not None,
        "reason": done.trained.registered.reason,
        "check": done.checked,
        "train": train_values(done.trained),
        "score": None if run is None else summary(run, out),
    }


def lock_path(settings: Settings) -> Path:
    """Return the lock's file: beside a SQLite store, else beside the config."""
    url = settings.store.url
    if url.startswith(SQLITE):
        store = Path(url.removeprefix(SQLITE).partition("?")[0])
        return store.with_name(f"{store.name}.retrain.lock")
    return settings.path.parent / ".regulars" / "retrain.lock"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends.

    Raises
    ------
    StoreError
        If another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            file.seek(0)
            since = file.read().strip() or "just now"
            raise StoreError(
                f"Another `regulars retrain` is at work, since {since}.",
                needed="One at a time.",
                todo="Wait for it. Its lock ends with its process.",
            ) from exc
        file.truncate(0)
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        file.flush()
        yield
