"""Suggest the name that was probably meant for one that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

MIN_SIMILARITY = 0.6
"""``difflib``'s ratio from which a name is suggested for another."""


def closest(name: str, options: Iterable[str]) -> str | None:
    """Return the option that reads most like ``name``, or None.

    Examples
    --------
    >>> closest("horizn_days", ["horizon_days", "seed"])
    'horizon_days'
    >>> closest("CustomerID", ["customer_id"])
    'customer_id'
    """
    folded = {fold(option): option for option in reversed(list(options))}
    matches = get_close_matches(fold(name), folded, n=1, cutoff=MIN_SIMILARITY)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return the question to put to the user, or nothing.

    Examples
    --------
    >>> did_you_mean("amuont", ["amount", "order_id"])
    'Did you mean "amount"?'
    >>> did_you_mean("zebra", ["amount"])
    ''
    """
    option = closest(name, options)
    return f'Did you mean "{option}"?' if option else ""


def fold(name: str) -> str:
    """Return the name without case, blanks and punctuation.

    Examples
    --------
    >>> fold("Invoice Date"), fold("invoice_date")
    ('invoicedate', 'invoicedate')
    """
    return re.sub(r"[\W_]+", "", name).lower()
