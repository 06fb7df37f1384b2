"""SQLite's log is moved into its database beside, while more is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from serving.store.engine import Store

AT_ONCE = 10
"""Commits whose log may lie beside the database."""


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
        if len(self._begun) == AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Wait for all that were begun."""
        for each in self._begun:
            each.result()
        self._begun.clear()


@contextmanager
def checkpoints(store: Store) -> Iterator[Checkpoints]:
    """Give checkpoints of a store; there are none left when this is done."""
    with ThreadPoolExecutor(1) as beside:
        found = Checkpoints(store, beside)
        yield found
        found.finish()
