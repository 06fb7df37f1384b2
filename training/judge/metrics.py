"""How good predictions were, once the future is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from models.parts.quantile_groups import quantile_groups, share_in_top

Floats = npt.NDArray[np.float64]
TOPS = (0.01, 0.05, 0.10, 0.20)


def churn_ranking(churned: Floats, score: Floats) -> dict[str, float]:
    """Return AUC, average precision, and lift and capture at the top shares.

    Parameters
    ----------
    churned : ndarray of shape (n,)
        1 for churned.
    score : ndarray of shape (n,)
        Higher for likelier churn; need not be a probability.
    """
    if churned.min() == churned.max():
        return {"auc": 0.5, "average_precision": float(churned.mean())}
    metrics = {
        "auc": float(roc_auc_score(churned, score)),
        "average_precision": float(average_precision_score(churned, score)),
    }
    rate = float(churned.mean())
    for top in TOPS:
        k = max(1, round(top * len(churned)))
        hits = float((churned * share_in_top(score, k)).sum())
        metrics[f"lift_at_{top:.0%}"] = hits / k / rate
        metrics[f"capture_at_{top:.0%}"] = hits / float(churned.sum())
    return metrics


def churn_calibration(churned: Floats, p: Floats) -> dict[str, float]:
    """Return Brier score, log loss and expected calibration error."""
    q = np.clip(p, 1e-6, 1 - 1e-6)
    table = reliability(churned, p)
    gaps = [row["n"] * abs(row["expected"] - row["actual"]) for row in table]
    return {
        "brier": float(np.mean((p - churned) ** 2)),
        "log_loss": float(
            -np.mean(churned * np.log(q) + (1 - churned) * np.log(1 - q))
        ),
        "ece": float(sum(gaps) / len(churned)),
    }


def reliability(churned: Floats, p: Floats, *, bins: int = 10) -> list[dict[str, Any]]:
    """Return expected and actual churn in groups of equal size by probability.

    Who is equally likely to churn is in one group: with many ties there are fewer.
    """
    return [
        {
            "n": len(group),
            "expected": float(p[group].mean()),
            "actual": float(churned[group].mean()),
        }
        for group in quantile_groups(p, n_groups=bins)
    ]


def gini(value: Floats, score: Floats) -> float:
    """Return the Gini of spend in the order of the score, over the best possible.

    Notes
    -----
    1 is the order of the spend itself, 0 a random one.
    """
    if value.sum() <= 0 or np.ptp(value) == 0:
        return 0.0
    return _gini(value, score) / _gini(value, value)


def value_ranking(value: Floats, score: Floats) -> dict[str, float]:
    """Return normalised Gini, Spearman and the share of the true top tenth found."""
    k = max(1, len(value) // 10)
    in_both = share_in_top(value, k) * share_in_top(score, k)
    flat = np.ptp(value) == 0 or np.ptp(score) == 0
    return {
        "gini": float(gini(value, score)),
        "spearman": 0.0 if flat else float(spearmanr(value, score).statistic),
        "top_tenth_found": float(in_both.sum()) / k,
    }


def value_calibration(value: Floats, expected: Floats) -> dict[str, float]:
    """Return mean absolute error, and the error of the total as a share of it."""
    return {
        "mae": float(np.mean(np.abs(value - expected))),
        "total_error": float(expected.sum() / max(value.sum(), 1e-9) - 1.0),
    }


def value_deciles(value: Floats, expected: Floats) -> list[dict[str, Any]]:
    """Return mean expected and actual value in tenths by expected value.

    Of whom the same is expected is in one group: with many ties there are fewer.
    """
    return [
        {
            "n": len(group),
            "expected": float(expected[group].mean()),
            "actual": float(value[group].mean()),
        }
        for group in quantile_groups(-expected, n_groups=10)
    ]


def coverage(value: Floats, low: Floats, high: Floats) -> float:
    """Return the share of customers whose value lies in its band."""
    spend = np.maximum(value, 0.0)
    tiny = 1e-9 * np.maximum(np.abs(high), 1.0)
    return float(np.mean((spend >= low - tiny) & (spend <= high + tiny)))


def _gini(value: Floats, score: Floats) -> float:
    ordered = value[np.argsort(-score, kind="stable")]
    n = len(ordered)
    return float((np.cumsum(ordered) / ordered.sum()).sum() / n - (n + 1) / (2 * n))
