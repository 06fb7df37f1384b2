"""Two servers under the same load in turn: a machine that is busy is so for both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.load import Answered, Load, measure
from tests.bench.servers import Server


@dataclass(frozen=True, slots=True)
class Side:
    """A server, and what it is asked."""

    server: Server
    requests: Sequence[str]

    def load(self, connections: int, seconds: float) -> Load:
        """Return the load on it."""
        return Load(self.server.port, list(self.requests), connections, seconds)


def in_turn(
    ours: Side, theirs: Side, *, connections: int, seconds: float, rounds: int
) -> tuple[Answered, Answered]:
    """Return the best round of each side.

    Raises
    ------
    RuntimeError
        If anything but a 200 came back.
    """
    found: list[list[Answered]] = [[], []]
    for _ in range(rounds):
        for kept, side in zip(found, (ours, theirs), strict=True):
            answered = measure(side.load(connections, seconds))
            if set(answered.statuses) != {"200"}:
                raise RuntimeError(f"{answered.statuses}: {answered.body[:300]}")
            kept.append(answered)
    best = [max(kept, key=lambda one: one.per_second) for kept in found]
    return _least(best[0], found[0]), _least(best[1], found[1])


def _least(best: Answered, kept: Sequence[Answered]) -> Answered:
    """Return the best round with the least of the times that 99 of 100 took."""
    return replace(best, p99_ms=min(one.p99_ms for one in kept))


def warm(side: Side, *, seconds: float = 1.0) -> str:
    """Let a server fill what it keeps; return its last answer."""
    answered = measure(side.load(2, seconds))
    if set(answered.statuses) != {"200"}:
        raise RuntimeError(json.dumps(answered.statuses) + answered.body[:300])
    return answered.body
