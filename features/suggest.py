"""A near miss is answered with the name that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.6
"""How alike two names must be (``difflib``'s ratio) to be offered for one another."""


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
    found = get_close_matches(fold(name), folded, n=1, cutoff=CUTOFF)
    return folded[found[0]] if found else None


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
