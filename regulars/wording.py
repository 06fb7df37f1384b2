"""Words that several messages share."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return "Did you mean ...?" for the nearest known word, or nothing.

    >>> did_you_mean("horizon_day", ["seed", "horizon_days"])
    'Did you mean horizon_days?'
    >>> did_you_mean("colour", ["seed", "horizon_days"])
    ''
    """
    names = {name.casefold(): name for name in known}
    near = get_close_matches(given.casefold(), names, n=1)
    return f"Did you mean {names[near[0]]}?" if near else ""
