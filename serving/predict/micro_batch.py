"""Requests that come while others are scored are scored together.

To score many customers costs little more than to score one. Who comes alone is scored
at once, who comes meanwhile shares the next turn. After a shared turn the next waits
for those who were answered, who are likely to ask again, as long as some keep coming.
One thread takes the turns, so that who waits for an answer needs none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

MOST = 256
"""Customers of one turn, unless one request brings more."""

PATIENCE = 0.02
"""Seconds without a newcomer after which a turn waits no longer for company."""


class Named(Protocol):
    """Anything that is about one customer."""

    @property
    def customer_id(self) -> str:
        """Return the customer's id."""


One = TypeVar("One", bound=Named)
Answer = TypeVar("Answer")
Work = Callable[[Sequence[One]], dict[str, Answer]]


@dataclass(frozen=True, slots=True, eq=False)
class _Request(Generic[One, Answer]):
    """What one caller waits for."""

    work: Work[One, Answer]
    asked: Sequence[One]
    answer: Future[dict[str, Answer]] = field(default_factory=Future)

    def is_awaited(self) -> bool:
        """Tell whether somebody waits still; from then on nobody can leave."""
        return self.answer.running() or self.answer.set_running_or_notify_cancel()

    @property
    def ids(self) -> set[str]:
        return {one.customer_id for one in self.asked}


class Gatherer(Generic[One, Answer]):
    """Do the work of many callers a turn at a time.

    Parameters
    ----------
    patience : float
        Seconds without a newcomer that a turn waits, after a shared one.
    """

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turns")
        self._is_busy = False
        self._n_expected = 1
        self._waiting: list[_Request[One, Answer]] = []

    def ask(
        self, work: Work[One, Answer], asked: Sequence[One]
    ) -> Future[dict[str, Answer]]:
        """Return the answers by customer, worked out with those of other callers.

        Parameters
        ----------
        work : callable
            From customers to answers; whose it is does not matter.
        asked : sequence
            Each customer once.
        """
        request = _Request(work, asked)
        with self._changed:
            self._waiting.append(request)
            self._changed.notify()
            if not self._is_busy:
                self._is_busy = True
                self._thread.submit(self._take_turns)
        return request.answer

    def _take_turns(self) -> None:
        """Work until nobody waits."""
        while chosen := self._choose():
            answers = _work_out(chosen)
            with self._changed:
                self._n_expected = len(chosen) + len(self._waiting)
            for each, answer in zip(chosen, answers, strict=True):
                if isinstance(answer, Exception):
                    each.answer.set_exception(answer)
                else:
                    each.answer.set_result(answer)

    def _choose(self) -> list[_Request[One, Answer]]:
        """Return whose turn it is, after waiting for those who are expected."""
        with self._changed:
            n_seen = 0
            while n_seen < len(self._waiting) < self._n_expected:
                n_seen = len(self._waiting)
                self._changed.wait(self._patience)
            self._waiting = [each for each in self._waiting if each.is_awaited()]
            chosen = self._take()
            self._is_busy = bool(chosen)
            return chosen

    def _take(self) -> list[_Request[One, Answer]]:
        """Take the first request and those that can share its turn: nobody twice."""
        chosen: list[_Request[One, Answer]] = []
        left: list[_Request[One, Answer]] = []
        ids: set[str] = set()
        for each in self._waiting:
            fits = ids.isdisjoint(each.ids) and len(ids) + len(each.ids) <= MOST
            if fits or not chosen:
                chosen.append(each)
                ids |= each.ids
            else:
                left.append(each)
        self._waiting = left
        return chosen


def _work_out(
    requests: Sequence[_Request[One, Answer]],
) -> list[dict[str, Answer] | Exception]:
    """Answer requests together; where that fails, each bears its own fault."""
    try:
        found = requests[0].work([one for each in requests for one in each.asked])
        return [{name: found[name] for name in each.ids} for each in requests]
    except Exception as exc:  # raised again where it was asked
        if len(requests) == 1:
            return [exc]
        return [answer for each in requests for answer in _work_out([each])]
