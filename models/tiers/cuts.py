"""Where the classes of a quantity begin, and who is in which.

Every kind that cuts a quantity ends as the least quantity of each class, so equal
quantities have equal classes and a class never falls as its quantity rises. All who are
tied at a cut are above it. Who has no quantity is in the last class.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.tiers.definition.scheme import Scheme
from models.tiers.standing import Codes, Cuts, Floats

VIP_SHARE, A_SHARE, B_SHARE = 0.01, 0.7, 0.9
"""Of the customers for VIP; of the sum for A and B, with those above them."""


def find_cuts(scheme: Scheme, quantity: Floats) -> Cuts:
    """Return where the classes begin among these customers.

    Parameters
    ----------
    scheme : Scheme
        Of a kind that cuts a quantity.
    quantity : array of shape (n_customers,)
        NaN where unknown.
    """
    quantities = quantity[~np.isnan(quantity)]
    if scheme.kind == "abc":
        return find_abc_cuts(quantity)
    if scheme.kind == "thresholds":
        return scheme.limits
    if scheme.kind == "average":
        mean = float(quantities.mean()) if len(quantities) else float("nan")
        cuts = [mean + abs(mean) * limit / 100 for limit in scheme.limits]
        return tuple(cut if np.isfinite(cut) else None for cut in cuts)
    if scheme.kind == "quantiles":
        return tuple(_quantile(quantities, limit) for limit in scheme.limits)
    if scheme.kind == "share":
        return tuple(_share(quantities, limit) for limit in scheme.limits)
    counts = [
        ceil(len(quantity) * limit / 100)
        if scheme.kind == "top_percent"
        else int(limit)
        for limit in scheme.limits
    ]
    return tuple(_top(quantities, count) for count in counts)


def find_abc_cuts(quantity: Floats) -> Cuts:
    """Return the least quantity of VIP, A and B; NaN counts as 0."""
    vip = _top(quantity, ceil(len(quantity) * VIP_SHARE))
    if vip is None:
        return (None, None, None)
    shares = (_share(quantity, share) for share in (A_SHARE, B_SHARE))
    return (vip, *(min(cut, vip) for cut in shares if cut is not None))


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
    codes = pc.index_in(names, value_set=pa.array(classes, pa.string()))
    return np.asarray(pc.fill_null(codes, -1).to_numpy(), dtype=np.int16)


def _quantile(quantities: Floats, below: float) -> float | None:
    """Return the quantity that a share of the customers is below."""
    if not len(quantities):
        return None
    return float(np.quantile(quantities, below, method="higher"))


def _share(quantities: Floats, share: float) -> float | None:
    """Return the least quantity of those who make a share of the whole."""
    positive = quantities[quantities > 0]
    if not len(positive):
        return None
    different, counts = np.unique(positive, return_counts=True)
    made = np.cumsum((different * counts)[::-1])
    above = np.concatenate([[0.0], made[:-1]]) / made[-1]
    return float(different[::-1][above < share][-1])


def _top(quantities: Floats, count: int) -> float | None:
    """Return the quantity of the last of the first; who has none above 0 is not."""
    positive = np.sort(quantities[quantities > 0])[::-1]
    if count < 1 or not len(positive):
        return None
    return float(positive[min(count, len(positive)) - 1])
