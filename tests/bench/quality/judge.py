"""What is served at one cell against what came, and against each simple method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.bench.looks import Served
from tests.bench.quality.cells import Cell
from tests.bench.quality.measures import (
    Ranking,
    covered,
    draws,
    ece,
    find_shift,
    shifted,
    tenths,
)
from tests.bench.quality.methods import Scores

Floats = npt.NDArray[np.float64]
Record = dict[str, Any]

LIKELY = 0.1
"""Chance to buy from which a band is worth judging: any that holds 0 holds less."""

LIKELIER = f"p from {LIKELY:g}"
LEAST_IN_GROUP = 30
"""Customers of a group whose share in their bands says something."""


def judge_served(
    cell: Cell, served: Served, truth: pd.DataFrame, *, scores: Mapping[str, Scores]
) -> Record:
    """Return all figures of a cell, in JSON values.

    Parameters
    ----------
    cell : Cell
    served : Served
    truth : DataFrame
        ``churned`` and ``value``, in the order of ``served.customers``.
    scores : mapping
        Of each simple method, in that order too.
    """
    bought = 1.0 - truth["churned"].to_numpy(dtype=np.float64)
    value = truth["value"].to_numpy(dtype=np.float64)
    spend = np.maximum(value, 0.0)
    record: Record = {
        "log": cell.log,
        "as_of": f"{cell.as_of:%Y-%m-%d}",
        "horizon_days": cell.horizon_days,
        "n": len(bought),
        "share_buys": float(bought.mean()),
        "basis": served.basis,
        "seconds": served.seconds,
    }
    record |= rank(served, bought, spend, scores=scores)
    record |= calibrate(served, bought, value)
    record["bands"] = hold_bands(served, value)
    record["width"] = float((served.high - served.low).mean() / max(spend.mean(), 1e-9))
    record["tenths"] = tenths(value, served.expected)
    return record


def rank(
    served: Served, bought: Floats, spend: Floats, *, scores: Mapping[str, Scores]
) -> Record:
    """Return AUC and Gini, and by how much they are ahead of each method.

    Standard errors are those of a bootstrap by customer, paired: the same customers
    are drawn for both sides of a difference.
    """
    buys = {name: best_of(one.buys, bought=bought) for name, one in scores.items()}
    worth = {name: best_of(one.spends, spend=spend) for name, one in scores.items()}
    buys["served"], worth["served"] = Ranking(served.p_buy), Ranking(served.expected)
    best = Ranking(spend)
    names = list(buys)

    def look(weight: Floats) -> tuple[list[float], list[float]]:
        top = best.lorenz(spend, weight) or 1.0
        aucs = [buys[name].auc(bought, weight) for name in names]
        return aucs, [worth[name].lorenz(spend, weight) / top for name in names]

    whole = np.array(look(np.ones(len(bought))))
    drawn = np.array([look(weight) for weight in draws(len(bought), seed=0)])
    ours = names.index("served")
    record: Record = {"methods": {}}
    for row, figure in enumerate(("auc", "gini")):
        record[figure] = float(whole[row, ours])
        record[f"{figure}_se"] = float(drawn[:, row, ours].std(ddof=1))
        for column, name in enumerate(names):
            ahead = drawn[:, row, ours] - drawn[:, row, column]
            if name != "served":
                record["methods"].setdefault(name, {})[figure] = {
                    "reached": float(whole[row, column]),
                    "ahead": float(whole[row, ours] - whole[row, column]),
                    "se": float(ahead.std(ddof=1)),
                }
    return record


def best_of(
    ways: Sequence[Floats],
    *,
    bought: Floats | None = None,
    spend: Floats | None = None,
) -> Ranking:
    """Return the score that does best, in AUC or in Gini."""
    rankings = [Ranking(way) for way in ways]
    weight = np.ones(len(ways[0]))
    if bought is not None:
        return max(rankings, key=lambda ranking: ranking.auc(bought, weight))
    assert spend is not None
    return max(rankings, key=lambda ranking: ranking.lorenz(spend, weight))


def calibrate(served: Served, bought: Floats, value: Floats) -> Record:
    """Return how true probabilities and total are, and if what is stated holds them."""
    shift = find_shift(bought, served.p_buy)
    total = float(value.sum())
    low, high = served.total_band
    level = served.level_band
    share = float(bought.mean())
    return {
        "ece": ece(bought, served.p_buy),
        "ece_at_level": ece(bought, shifted(served.p_buy, shift)),
        "level_miss": shift,
        "level_held": None if level is None else level[0] <= share <= level[1],
        "total_miss": float(served.expected.sum()) / max(total, 1e-9) - 1.0,
        "total_held": low <= total <= high,
        "total_width": (high - low) / max(float(served.expected.sum()), 1e-9),
    }


def hold_bands(served: Served, value: Floats) -> Record:
    """Return how many customers of each group have their value in their band.

    Of tiers and stages, it is those who are likely to buy that count.
    """
    inside = covered(value, served.low, served.high)
    n_top = max(1, len(value) // 10)
    top = np.zeros(len(value), dtype=np.bool_)
    top[np.argsort(-served.expected, kind="stable")[:n_top]] = True
    likely = served.p_buy >= LIKELY
    groups = {"all": np.ones(len(value), dtype=np.bool_), LIKELIER: likely}
    groups["top tenth"] = top
    for kind, names in (("tier", served.tier), ("stage", served.stage)):
        for name in np.unique(names):
            groups[f"{kind} {name}"] = likely & (names == name)
    return {
        name: {"n": int(rows.sum()), "held": float(inside[rows].mean())}
        for name, rows in groups.items()
        if rows.sum() >= LEAST_IN_GROUP
    }
