"""Where the classes of a quantity begin, and who is in which.

Every kind that cuts a quantity ends as the least quantity of each class, so equal
quantities have equal classes and a class never falls as its quantity rises. All who are
tied at a cut are above it. Who has no quantity is in the last class.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.tiers.abc import fit_tiers
from models.tiers.definition.scheme import Scheme

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int16]
Cuts = tuple[float | None, ...]
"""The least quantity of each class but the last, from the top down; None: nobody."""


def find_cuts(scheme: Scheme, quantity: Floats) -> Cuts:
    """Return where the classes begin among these customers.

    Parameters
    ----------
    scheme : Scheme
        Of a kind that cuts a quantity.
    quantity : array of shape (n_customers,)
        NaN where unknown.
    """
    known = quantity[~np.isnan(quantity)]
    if scheme.kind == "abc":
        found = fit_tiers(quantity)
        return (found.vip, found.a, found.b)
    if scheme.kind == "thresholds":
        return scheme.limits
    if scheme.kind == "average":
        mean = float(known.mean()) if len(known) else float("nan")
        cuts = [mean + abs(mean) * limit / 100 for limit in scheme.limits]
        return tuple(cut if np.isfinite(cut) else None for cut in cuts)
    if scheme.kind == "quantiles":
        return tuple(_quantile(known, limit) for limit in scheme.limits)
    if scheme.kind == "share":
        return tuple(_share(known, limit) for limit in scheme.limits)
    counts = [
        ceil(len(quantity) * limit / 100)
        if scheme.kind == "top_percent"
        else int(limit)
        for limit in scheme.limits
    ]
    return tuple(_top(known, count) for count in counts)


def assign(quantity: Floats, cuts: Cuts) -> Codes:
    """Return each customer's class: its place from the top."""
    codes = np.full(len(quantity), len(cuts), dtype=np.int16)
    for place in reversed(range(len(cuts))):
        cut = cuts[place]
        if cut is not None:
            codes[quantity >= cut] = place
    return codes


def code_names(names: pa.Array | pa.ChunkedArray, classes: Sequence[str]) -> Codes:
    """Return the place of each class from the top; -1 for what is none."""
    found = pc.index_in(names, value_set=pa.array(classes, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int16)


def _quantile(known: Floats, below: float) -> float | None:
    """Return the quantity that a share of the customers is below."""
    if not len(known):
        return None
    return float(np.quantile(known, below, method="higher"))


def _share(known: Floats, share: float) -> float | None:
    """Return the least quantity of those who make a share of the whole."""
    positive = known[known > 0]
    if not len(positive):
        return None
    quantities, counts = np.unique(positive, return_counts=True)
    made = np.cumsum((quantities * counts)[::-1])
    above = np.concatenate([[0.0], made[:-1]]) / made[-1]
    return float(quantities[::-1][above < share][-1])


def _top(known: Floats, count: int) -> float | None:
    """Return the quantity of the last of the first; who has none above 0 is not."""
    positive = np.sort(known[known > 0])[::-1]
    if count < 1 or not len(positive):
        return None
    return float(positive[min(count, len(positive)) - 1])
