"""What is missing to a tier, in orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Orders:
    """What turns an amount into orders.

    Parameters
    ----------
    mean_value : array of shape (n_customers,)
        Of each customer's orders; NaN where unknown.
    as_of : datetime
        Of the run.
    """

    mean_value: npt.ArrayLike
    as_of: datetime


MOST_ORDERS = 100
"""Nobody is told to order more often than that."""


def write_orders(gap: Floats, orders: Orders | None) -> tuple[pa.Array, pa.Array]:
    """Write how many mean orders make a gap, where that is known."""
    mean = (
        np.full(len(gap), np.nan)
        if orders is None
        else np.asarray(orders.mean_value, dtype=float)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        n = np.ceil(gap / mean)
    is_said = pa.array(np.isfinite(n) & (mean > 0) & (n < MOST_ORDERS))
    n = np.where(np.isfinite(n), n, 0).clip(0, MOST_ORDERS)
    written = pa.array(n.astype(np.int64)).cast(pa.string())
    noun = pa.array(np.where(n == 1, " more order or ", " more orders or "))
    en = pc.binary_join_element_wise(written, noun.cast(pa.string()), "")
    zh = pc.binary_join_element_wise("再下", written, "单或", "")
    return pc.if_else(is_said, en, ""), pc.if_else(is_said, zh, "")
