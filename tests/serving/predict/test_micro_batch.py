"""Requests that come at once share a turn, and none hears of another's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

import pytest

from features.errors import DataError
from serving.predict.micro_batch import MicroBatcher


@dataclass(frozen=True)
class Customer:
    customer_id: str


@dataclass
class Worker:
    """Remembers its turns; the first lasts until it is let go."""

    turns: list[list[str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, asked: Sequence[Customer]) -> dict[str, str]:
        names = [one.customer_id for one in asked]
        self.turns.append(names)
        self.begun.set()
        assert self.go.wait(10)
        if "bad" in names:
            raise DataError("bad was asked for")
        return {name: name.upper() for name in names}


def ask_at_once(
    worker: Worker,
    requests: Sequence[Sequence[str]],
    batcher: MicroBatcher[Customer, str] | None = None,
) -> list[Future[dict[str, str]]]:
    """Ask for the first, then for the others while it is worked out."""
    batcher = batcher or MicroBatcher()

    def ask(names: Sequence[str]) -> Future[dict[str, str]]:
        return batcher.submit(worker, [Customer(name) for name in names])

    futures = [ask(requests[0])]
    assert worker.begun.wait(10)
    futures += [ask(names) for names in requests[1:]]
    worker.go.set()
    wait(futures, timeout=10)
    return futures


def test_who_comes_meanwhile_shares_the_next_turn() -> None:
    worker = Worker()
    futures = ask_at_once(worker, [["a"], ["b", "c"], ["d"]])
    assert [future.result() for future in futures] == [
        {"a": "A"},
        {"b": "B", "c": "C"},
        {"d": "D"},
    ]
    assert [sorted(turn) for turn in worker.turns] == [["a"], ["b", "c", "d"]]


def test_a_customer_is_in_a_turn_once() -> None:
    worker = Worker()
    ask_at_once(worker, [["a"], ["b"], ["b"]])
    assert worker.turns == [["a"], ["b"], ["b"]]


def test_a_fault_is_told_to_who_made_it() -> None:
    futures = ask_at_once(Worker(), [["a"], ["bad"], ["c"]])
    assert futures[2].result() == {"c": "C"}
    with pytest.raises(DataError, match="bad was asked for"):
        futures[1].result()


def test_a_turn_waits_for_those_who_were_answered_to_ask_again() -> None:
    worker, batcher = Worker(), MicroBatcher[Customer, str](wait_seconds=60)
    futures = [batcher.submit(worker, [Customer("a")])]
    assert worker.begun.wait(10)
    futures.append(batcher.submit(worker, [Customer("b")]))
    worker.go.set()
    futures[0].result(10)
    futures.append(batcher.submit(worker, [Customer("c")]))
    wait(futures, timeout=10)

    wait([batcher.submit(worker, [Customer(name)]) for name in ("d", "e")], timeout=10)

    assert worker.turns == [["a"], ["b", "c"], ["d", "e"]]


def test_a_turn_does_not_wait_for_company_that_never_comes() -> None:
    worker, batcher = Worker(), MicroBatcher[Customer, str](wait_seconds=0.01)
    ask_at_once(worker, [["a"], ["b"], ["c"]], batcher)

    assert batcher.submit(worker, [Customer("d")]).result(10) == {"d": "D"}
    assert batcher.submit(worker, [Customer("e")]).result(10) == {"e": "E"}


def test_who_no_longer_waits_stops_nobody_else() -> None:
    worker, batcher = Worker(), MicroBatcher[Customer, str]()
    first = batcher.submit(worker, [Customer("a")])
    assert worker.begun.wait(10)
    left, kept = (batcher.submit(worker, [Customer(name)]) for name in ("b", "c"))
    assert not first.cancel()  # it is being worked out
    assert left.cancel()
    worker.go.set()

    assert kept.result(timeout=10) == {"c": "C"}
    assert batcher.submit(worker, [Customer("d")]).result(timeout=10) == {"d": "D"}
    assert worker.turns == [["a"], ["c"], ["d"]]
