"""What goes into a cell of a spreadsheet, so that it is read as what it is."""

from __future__ import annotations

from typing import Any

BOM = "\ufeff"
"""Excel takes a CSV without it for one in the local code page."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula, also in full width."""


def neutralise(value: Any) -> Any:
    """Put a quote before text that a spreadsheet may take for a formula.

    >>> neutralise("=1+1"), neutralise("Tom"), neutralise(-5.0)
    ("'=1+1", 'Tom', -5.0)
    """
    is_dangerous = isinstance(value, str) and value.startswith(DANGEROUS)
    return f"'{value}" if is_dangerous else value
