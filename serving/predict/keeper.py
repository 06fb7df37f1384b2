"""The verified model in service, following the published run."""

from __future__ import annotations

import atexit
import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from features.errors import BundleError
from serving.predict.micro_batch import MicroBatcher
from serving.predict.scorer import Scorer, ScorerSource
from serving.runs.published import Run, earlier_runs, published_run
from serving.store.engine import Store

RETRY = timedelta(seconds=30)
"""A refused bundle is not looked at again for so long."""

Refused = Callable[[str, BundleError], None]


@dataclass(frozen=True, slots=True)
class InService:
    """A run and the model that scored it."""

    run: Run
    scorer: Scorer


class ModelKeeper:
    """Keep one verified model, whatever happens to newer ones.

    Parameters
    ----------
    store : Store
        Tells which run is published.
    source : ScorerSource
        Gives the scorer of a version.
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
        source: ScorerSource,
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
        self._current: InService | None = None
        self._refused: dict[str, float] = {}
        self.batcher: MicroBatcher[Any, Any] = MicroBatcher()

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
        current = self._current
        if current is not None and current.run.number == run.number:
            return current
        with self._lock:
            before = self._current and self._current.scorer
            current = self._current = self._follow(run)
            is_new, before = current.scorer is not before, None  # and may be freed now
            if is_new:
                self._on_taken()
            return current

    def ranks(self, run: Run, values: Sequence[tuple[str, float]]) -> list[int]:
        """Return places among a run's customers: by value at risk, equals by id.

        Parameters
        ----------
        values : sequence of (str, float)
            Customer and value at risk.
        """
        with self.store.read() as con:
            order = self.store.columns.order(
                con, run=run.number, revision=run.revision, by="value_at_risk"
            )
        return [
            1 + order.n_above(value) + order.n_equal_before(value, name)
            for name, value in values
        ]

    def _follow(self, run: Run) -> InService:
        """Return what to serve now that a run is published."""
        current = self._current
        if current is not None and current.run.number > run.number:
            return current  # another request has seen a newer run meanwhile
        if current is not None and current.run.model_version == run.model_version:
            return InService(run, current.scorer)
        scorer = self._load(run.model_version)
        if scorer is not None:
            return InService(run, scorer)
        return current or self._fall_back(run)

    def _fall_back(self, run: Run) -> InService:
        with self.store.read() as con:
            earlier = list(earlier_runs(con, run))
        for candidate in earlier:
            scorer = self._load(candidate.model_version)
            if scorer is not None:
                return InService(candidate, scorer)
        raise BundleError(
            "No bundle of any kept run is sound.",
            needed="One that passes its checks.",
            todo="Train and score again; the log names the faults.",
        )

    def _load(self, version: str) -> Scorer | None:
        """Return a scorer, None if it is refused now or was a moment ago."""
        if self._clock() < self._refused.get(version, 0.0):
            return None
        try:
            return self._source.get(version)
        except BundleError as exc:
            self._refused[version] = self._clock() + RETRY.total_seconds()
            self._on_refused(version, exc)
            return None


def freeze_memory() -> None:
    """Exempt all that is in memory by now from later garbage collections.

    A collection that visits a model and its libraries holds up whoever asks then, for
    longer than many answers take. What an earlier call exempted is collected once more.
    """
    if not gc.get_freeze_count():
        atexit.register(gc.unfreeze)  # the collection at the end visits everything
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def readiness(keeper: ModelKeeper) -> InService:
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
