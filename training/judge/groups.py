"""How a model does in each group of a sensitive attribute, used or left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.quantile_groups import share_in_top
from training.judge.metrics import churn_calibration, churn_ranking

Floats = npt.NDArray[np.float64]

SELECTED = 0.2
"""Share of all customers, riskiest first, that counts as selected."""

FEWEST, MOST_GROUPS = 30, 8
UNKNOWN = "not known"


def report_groups(
    table: pd.DataFrame, names: tuple[str, ...], *, churned: Floats, p: Floats
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the measures of each group of some attributes.

    Parameters
    ----------
    table : DataFrame of shape (n_customers, n_attributes)
        As it came.
    names : tuple of str
        The attributes to report by.
    churned, p : ndarray of shape (n_customers,)

    Returns
    -------
    dict
        Attribute to group to ``n_customers``, ``churn_rate``, ``churn_expected``,
        ``auc``, ``ece`` (None of fewer than 30) and ``selection_rate``: how many of the
        group are among the riskiest fifth of all, those tied at its end in part.
    """
    n_below = int(np.ceil(round((1.0 - SELECTED) * (len(p) - 1), 6)))
    selected = share_in_top(p, len(p) - n_below)
    report: dict[str, dict[str, dict[str, Any]]] = {}
    for name in names:
        groups = _groups(table[name])
        report[name] = {
            group: _measure(*(v[groups == group] for v in (churned, p, selected)))
            for group in dict.fromkeys(sorted(groups.tolist(), key=_place))
        }
    return report


def _measure(churned: Floats, p: Floats, selected: Floats) -> dict[str, Any]:
    enough = len(p) >= FEWEST
    both = enough and churned.min() < churned.max()
    return {
        "n_customers": len(p),
        "churn_rate": float(churned.mean()),
        "churn_expected": float(p.mean()),
        "auc": churn_ranking(churned, p)["auc"] if both else None,
        "ece": churn_calibration(churned, p)["ece"] if enough else None,
        "selection_rate": float(selected.mean()),
    }


def _groups(values: pd.Series) -> npt.NDArray[np.object_]:
    """Return the group of each customer: a value, or a quarter of the numbers."""
    present = values.dropna()
    if (
        not pd.api.types.is_numeric_dtype(values)
        or len(present.unique()) <= MOST_GROUPS
    ):
        common = set(present.value_counts().head(MOST_GROUPS).index)
        named = [_spell(v) if v in common else "other" for v in values]
        out = np.array(named, dtype=object)
        out[values.isna().to_numpy()] = UNKNOWN
        return out
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    cuts = np.unique(np.nanquantile(numbers, [0.25, 0.5, 0.75]))
    place = np.searchsorted(cuts, numbers, side="left")
    names = [f"up to {cut:g}" for cut in cuts] + [f"over {cuts[-1]:g}"]
    out = np.array(names, dtype=object)[np.minimum(place, len(names) - 1)]
    out[np.isnan(numbers)] = UNKNOWN
    return out


def _spell(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]


def _place(group: str) -> tuple[bool, float, str]:
    """Order groups of numbers by the number."""
    digits = group.removeprefix("up to ").removeprefix("over ")
    try:
        return group == UNKNOWN, float(digits) + 0.5 * group.startswith("over"), ""
    except ValueError:
        return group == UNKNOWN, 0.0, group
