"""Figures of several looks, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Spread = dict[str, float | int | None]


def spread_of(values: Sequence[float | None]) -> Spread:
    """Return mean, min, max and sd of the looks that have the figure.

    Examples
    --------
    >>> spread_of([0.75, None, 0.25])
    {'mean': 0.5, 'min': 0.25, 'max': 0.75, 'sd': 0.3535533905932738, 'n_origins': 2}
    """
    figures = [value for value in values if value is not None]
    if not figures:
        return {"mean": None, "min": None, "max": None, "sd": None, "n_origins": 0}
    return {
        "mean": float(np.mean(figures)),
        "min": float(min(figures)),
        "max": float(max(figures)),
        "sd": float(np.std(figures, ddof=1)) if len(figures) > 1 else None,
        "n_origins": len(figures),
    }


def spread_tables(looks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the spread of every figure, in tables as deep as those of the looks.

    A table or a figure that only some looks have is spread over those.

    Examples
    --------
    >>> looks = [{"churn": {"auc": 0.5}}, {"churn": {"auc": 1.0}}]
    >>> spread_tables(looks)["churn"]["auc"]["mean"]
    0.75
    """
    names = dict.fromkeys(name for look in looks for name in look)
    spreads: dict[str, Any] = {}
    for name in names:
        figures = [look[name] for look in looks if name in look]
        if isinstance(figures[0], Mapping):
            spreads[name] = spread_tables(figures)
        else:
            spreads[name] = spread_of(figures)
    return spreads


def pool_tenths(tables: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return expected and actual of each tenth over all looks, weighed by customers.

    Parameters
    ----------
    tables : sequence
        A reliability table, or one of deciles, for each look. Where ties leave a look
        with fewer groups, each counts to the tenth that its middle lies in.
    """
    by_tenth: dict[int, list[Mapping[str, Any]]] = {}
    for table in tables:
        for tenth, row in zip(_tenths(table), table, strict=True):
            by_tenth.setdefault(tenth, []).append(row)
    pooled = []
    for _, rows in sorted(by_tenth.items()):
        n = sum(row["n"] for row in rows)
        means = {
            name: sum(row["n"] * row[name] for row in rows) / n
            for name in ("expected", "actual")
        }
        pooled.append({"n": n, **means})
    return pooled


def _tenths(table: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the tenth that the middle of each group lies in, from 0."""
    sizes = np.array([row["n"] for row in table], dtype=np.int64)
    twice_middle = 2 * np.cumsum(sizes) - sizes
    return [int(tenth) for tenth in 5 * twice_middle // max(int(sizes.sum()), 1)]
