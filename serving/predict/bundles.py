"""The verified bundle in service, following the published run."""

from __future__ import annotations

import atexit
import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from features.errors import BundleError, RegularsError
from serving.predict.micro_batch import Gatherer
from serving.runs.current import Run, earlier_runs, published_run
from serving.store.engine import Store

if TYPE_CHECKING:
    from models.bundle.bundle import Bundle

RETRY = timedelta(seconds=30)
"""A refused bundle is not looked at again for so long."""

Refused = Callable[[str, BundleError], None]
Found = dict[str, str | RegularsError]
"""Scores as JSON by customer, or why there is none."""


class BundleSource(Protocol):
    """Where bundles come from."""

    def get(self, version: str) -> Bundle:
        """Return a verified bundle; raise BundleError if it is refused."""


@dataclass(frozen=True, slots=True)
class InService:
    """A run and the bundle that scored it."""

    run: Run
    bundle: Bundle


class BundleKeeper:
    """Keep one verified bundle, whatever happens to newer ones.

    Parameters
    ----------
    store : Store
        Tells which run is published.
    source : BundleSource
        Gives the bundle of a version.
    on_refused : callable
        Told the version and the fault of each bundle that is refused.
    on_taken : callable
        Called whenever another bundle has been taken into service.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        store: Store,
        source: BundleSource,
        *,
        on_refused: Refused = lambda version, fault: None,
        on_taken: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self._source = source
        self._on_refused = on_refused
        self._on_taken = on_taken
        self._clock = clock
        self._lock = threading.Lock()
        self._held: InService | None = None
        self._refused: dict[str, float] = {}
        self.gatherer: Gatherer[Any, tuple[Run, str | RegularsError]] = Gatherer()

    def in_service(self) -> InService:
        """Return the published run with its bundle.

        If that bundle is refused: the one that was in service, with its own run; after
        a restart, the newest kept run whose bundle is sound.

        Raises
        ------
        UnpublishedError
            If no run is published.
        BundleError
            If no bundle is sound.
        """
        with self.store.read() as con:
            run = published_run(con)
        held = self._held
        if held is not None and held.run.number == run.number:
            return held
        with self._lock:
            bundle = self._held and self._held.bundle
            held = self._held = self._follow(run)
            is_new, bundle = held.bundle is not bundle, None  # which is let go by now
            if is_new:
                self._on_taken()
            return held

    def ranks(self, run: Run, asked: Sequence[tuple[str, float]]) -> list[int]:
        """Return places among a run's customers: by value at risk, equals by id.

        Parameters
        ----------
        asked : sequence of (str, float)
            Customer and value at risk.
        """
        with self.store.read() as con:
            order = self.store.columns.order(
                con, run=run.number, revision=run.revision, by="value_at_risk"
            )
        return [
            1 + order.n_above(value) + order.n_equal_before(value, name)
            for name, value in asked
        ]

    def _follow(self, run: Run) -> InService:
        """Return what to serve now that a run is published."""
        held = self._held
        if held is not None and held.run.number > run.number:
            return held  # another request has seen a newer run meanwhile
        if held is not None and held.run.model_version == run.model_version:
            return InService(run, held.bundle)
        bundle = self._load(run.model_version)
        if bundle is not None:
            return InService(run, bundle)
        return held or self._fall_back(run)

    def _fall_back(self, run: Run) -> InService:
        with self.store.read() as con:
            earlier = list(earlier_runs(con, run))
        for candidate in earlier:
            bundle = self._load(candidate.model_version)
            if bundle is not None:
                return InService(candidate, bundle)
        raise BundleError(
            "No bundle of any kept run is sound.",
            needed="One that passes its checks.",
            todo="Train and score again; the log names the faults.",
        )

    def _load(self, version: str) -> Bundle | None:
        """Return a bundle, None if it is refused now or was a moment ago."""
        if self._clock() < self._refused.get(version, 0.0):
            return None
        try:
            return self._source.get(version)
        except BundleError as exc:
            self._refused[version] = self._clock() + RETRY.total_seconds()
            self._on_refused(version, exc)
            return None


def set_apart() -> None:
    """Leave all that is in memory by now out of later searches for garbage.

    One through a model and its libraries holds up whoever asks then, for longer than
    many answers take. What an earlier call set apart is searched once more.
    """
    if not gc.get_freeze_count():
        atexit.register(gc.unfreeze)  # the last search, at the end, is of everything
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def readiness(keeper: BundleKeeper) -> InService:
    """Return what is served; it is ready if this does not raise.

    Raises
    ------
    StoreError
        If the store does not answer.
    UnpublishedError
        If no run is published.
    BundleError
        If no bundle is sound.
    """
    return keeper.in_service()
