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
