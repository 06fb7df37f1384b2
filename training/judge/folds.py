"""Folds of customers, with as many in each that churned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MAX_FOLDS = 5


def fold_rows(churned: Floats, *, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield rows to fit on and rows to predict, churners evenly in each."""
    least = int(min(churned.sum(), len(churned) - churned.sum()))
    n_folds = max(2, min(MAX_FOLDS, least))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    yield from folds.split(churned, churned)
