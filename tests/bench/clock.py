"""How long something takes, at its best."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(work: Callable[..., Any], *args: Any, times: int = 3) -> tuple[float, Any]:
    """Return the least of some times in seconds, and what came of it."""
    best = float("inf")
    result = None
    for _ in range(times):
        began = time.perf_counter()
        result = work(*args)
        best = min(best, time.perf_counter() - began)
    return best, result


def in_turn(*works: Callable[[], Any], times: int = 3) -> list[tuple[float, Any]]:
    """Return ``timed`` of each, round after round: a busy machine is so for all."""
    best = [float("inf")] * len(works)
    results: list[Any] = [None] * len(works)
    for _ in range(times):
        for place, work in enumerate(works):
            results[place] = None  # two would not fit
            seconds, results[place] = timed(work, times=1)
            best[place] = min(best[place], seconds)
    return list(zip(best, results, strict=True))
