"""Checkpoints of SQLite's log in a thread of their own, while more is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from serving.store.engine import Store

MAX_COMMITS = 10
"""Commits whose log may wait to be moved into the database."""


class Checkpoints:
    """Checkpoints in a thread of their own, one at a time.

    Parameters
    ----------
    store : Store
    beside : ThreadPoolExecutor
    """

    def __init__(self, store: Store, beside: ThreadPoolExecutor) -> None:
        self._store, self._beside = store, beside
        self._begun: list[Future[None]] = []

    def begin(self) -> None:
        """Begin a checkpoint of what was committed; wait when many were begun.

        SQLite starts its log again only where nothing of it is left when a transaction
        begins.

        Raises
        ------
        StoreError
            If one that was begun before has failed.
        """
        self._begun.append(self._beside.submit(self._store.checkpoint))
        if len(self._begun) == MAX_COMMITS:
            self.finish()

    def finish(self) -> None:
        """Wait for all that were begun."""
        for checkpoint in self._begun:
            checkpoint.result()
        self._begun.clear()


@contextmanager
def checkpoints(store: Store) -> Iterator[Checkpoints]:
    """Give checkpoints of a store; there are none left when this is done."""
    with ThreadPoolExecutor(1) as beside:
        running = Checkpoints(store, beside)
        yield running
        running.finish()
