"""Micro-batching: requests that come while others are scored are scored together.

To score many customers costs little more than to score one. A single request is scored
at once; those that come meanwhile share the next batch. After a shared batch the next
one waits for the callers who were answered, who are likely to ask again, as long as
some keep coming. One thread takes all batches, so a caller who waits needs none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

MAX_CUSTOMERS = 256
"""Customers of one batch, unless one request brings more."""

WAIT_SECONDS = 0.02
"""Without a newcomer for so long, a batch waits for no more of them."""


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
    customers: Sequence[One]
    answer: Future[dict[str, Answer]] = field(default_factory=Future)

    def is_awaited(self) -> bool:
        """Tell whether somebody still waits; from then on nobody can leave."""
        return self.answer.running() or self.answer.set_running_or_notify_cancel()

    @property
    def ids(self) -> set[str]:
        return {customer.customer_id for customer in self.customers}


class MicroBatcher(Generic[One, Answer]):
    """Do the work of many callers, a batch at a time.

    Parameters
    ----------
    wait_seconds : float
        How long a batch waits for one more request, after a shared batch.
    """

    def __init__(self, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._changed = threading.Condition()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="micro-batch")
        self._is_busy = False
        self._n_expected = 1
        self._waiting: list[_Request[One, Answer]] = []

    def submit(
        self, work: Work[One, Answer], customers: Sequence[One]
    ) -> Future[dict[str, Answer]]:
        """Return the answers by customer, worked out with those of other callers.

        Parameters
        ----------
        work : callable
            From customers to answers; that of any caller does for the whole batch.
        customers : sequence
            Each customer once.
        """
        request = _Request(work, customers)
        with self._changed:
            self._waiting.append(request)
            self._changed.notify()
            if not self._is_busy:
                self._is_busy = True
                self._thread.submit(self._run)
        return request.answer

    def _run(self) -> None:
        """Work until nobody waits."""
        while batch := self._next_batch():
            results = _work_out(batch)
            with self._changed:
                self._n_expected = len(batch) + len(self._waiting)
            for request, result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    request.answer.set_exception(result)
                else:
                    request.answer.set_result(result)

    def _next_batch(self) -> list[_Request[One, Answer]]:
        """Return the requests of a batch, after waiting for those expected."""
        with self._changed:
            n_seen = 0
            while n_seen < len(self._waiting) < self._n_expected:
                n_seen = len(self._waiting)
                self._changed.wait(self._wait_seconds)
            self._waiting = [one for one in self._waiting if one.is_awaited()]
            batch = self._take()
            self._is_busy = bool(batch)
            return batch

    def _take(self) -> list[_Request[One, Answer]]:
        """Take the first request and those that can share its batch: nobody twice."""
        batch: list[_Request[One, Answer]] = []
        later: list[_Request[One, Answer]] = []
        ids: set[str] = set()
        for request in self._waiting:
            n_customers = len(ids) + len(request.ids)
            fits = ids.isdisjoint(request.ids) and n_customers <= MAX_CUSTOMERS
            if fits or not batch:
                batch.append(request)
                ids |= request.ids
            else:
                later.append(request)
        self._waiting = later
        return batch


def _work_out(
    requests: Sequence[_Request[One, Answer]],
) -> list[dict[str, Answer] | Exception]:
    """Answer requests together; where that fails, one by one, each with its fault."""
    try:
        customers = [one for request in requests for one in request.customers]
        answers = requests[0].work(customers)
        return [{name: answers[name] for name in one.ids} for one in requests]
    except Exception as exc:  # raised again where it was asked
        if len(requests) == 1:
            return [exc]
        return [result for request in requests for result in _work_out([request])]
