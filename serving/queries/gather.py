"""Requests that come while others are scored are scored together.

To score many customers costs little more than to score one. Who comes alone is scored
at once, who comes meanwhile shares the next turn. After a shared turn the next waits a
moment for as many as before: whoever was answered is likely to ask again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

MOST = 256
"""Customers of one turn, unless one request brings more."""

PATIENCE = 0.02
"""Seconds that a turn waits for company at most."""


class Named(Protocol):
    """Anything that is about one customer."""

    @property
    def customer_id(self) -> str:
        """Return the customer's id."""


One = TypeVar("One", bound=Named)
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Request(Generic[One, Answer]):
    """What one caller waits for."""

    key: Hashable
    asked: Sequence[One]
    found: dict[str, Answer] | None = None
    error: Exception | None = None
    ids: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = frozenset(one.customer_id for one in self.asked)

    @property
    def is_done(self) -> bool:
        return self.found is not None or self.error is not None


class Gatherer(Generic[One, Answer]):
    """Do the work of many threads a turn at a time.

    Parameters
    ----------
    patience : float
        Seconds that a turn waits, after a shared one, for as many requests again.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._is_busy = False
        self._is_collecting = False
        self._n_last = 1
        self._waiting: list[_Request[One, Answer]] = []

    def ask(
        self,
        work: Callable[[Sequence[One]], dict[str, Answer]],
        asked: Sequence[One],
        *,
        key: Hashable,
    ) -> dict[str, Answer]:
        """Return the answers by customer, worked out with those of other threads.

        Parameters
        ----------
        work : callable
            From customers to answers; whose it is does not matter where ``key`` is
            the same.
        asked : sequence
            Each customer once.
        key : hashable
            Only requests with an equal one are worked out together.
        """
        request = _Request[One, Answer](key, asked)
        with self._changed:
            self._waiting.append(request)
            if self._is_collecting:
                self._changed.notify_all()
            while self._is_busy and not request.is_done:
                self._changed.wait()
            mine = [] if request.is_done else self._begin(request)
        if mine:
            try:
                _work_out(work, mine)
            finally:
                with self._changed:
                    self._is_busy = False
                    self._changed.notify_all()
        if request.error is not None:
            raise request.error
        return request.found or {}

    def _begin(self, first: _Request[One, Answer]) -> list[_Request[One, Answer]]:
        """Hold the turn, wait for company if there was some; return whose it is."""
        self._is_busy = True
        if self._n_last > 1:
            self._is_collecting = True
            self._changed.wait_for(
                lambda: len(self._waiting) >= self._n_last, timeout=self._patience
            )
            self._is_collecting = False
        mine = self._take(first)
        self._n_last = len(mine)
        return mine

    def _take(self, first: _Request[One, Answer]) -> list[_Request[One, Answer]]:
        """Return a request and those that can share its turn: no customer twice."""
        chosen, ids = [first], set(first.ids)
        for other in self._waiting:
            fits = other.key == first.key and ids.isdisjoint(other.ids)
            if other is not first and fits and len(ids | other.ids) <= MOST:
                chosen.append(other)
                ids |= other.ids
        self._waiting = [one for one in self._waiting if one not in chosen]
        return chosen


def _work_out(
    work: Callable[[Sequence[One]], dict[str, Answer]],
    requests: list[_Request[One, Answer]],
) -> None:
    """Answer requests together; where that fails, each bears its own fault."""
    try:
        found = work([one for request in requests for one in request.asked])
        for request in requests:
            request.found = {name: found[name] for name in request.ids}
    except Exception as exc:  # raised again where it was asked
        if len(requests) == 1:
            requests[0].error = exc
            return
        for request in requests:
            _work_out(work, [request])
