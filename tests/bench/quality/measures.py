"""AUC, Gini, calibration, and what of a difference is noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit

from models.parts.quantile_groups import quantile_groups

Floats = npt.NDArray[np.float64]
DRAWS = 200
LEAST = 1e-9
"""Probabilities are taken to lie so far from 0 and 1."""


class Ranking:
    """A score put in order once, to be measured under many weights.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Highest first. Equal scores share their places.

    Examples
    --------
    >>> ranking = Ranking(np.array([3.0, 1.0, 2.0, 1.0]))
    >>> ranking.auc(np.array([1.0, 0.0, 0.0, 1.0]), np.ones(4))
    0.625
    """

    def __init__(self, score: Floats) -> None:
        self.order = np.argsort(-score, kind="stable")
        ordered = score[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def auc(self, positive: Floats, weight: Floats) -> float:
        """Return the share of pairs in order: a positive above a negative.

        Parameters
        ----------
        positive : ndarray of shape (n,)
            1 or 0, or the probability of 1: each row is then both, by its share.
        weight : ndarray of shape (n,)
            How often each row counts.
        """
        ups = self._sum(positive * weight)
        downs = self._sum((1.0 - positive) * weight)
        pairs = ups.sum() * downs.sum()
        if pairs <= 0:
            return 0.5
        above = np.cumsum(ups) - ups / 2.0
        return float((above * downs).sum() / pairs)

    def lorenz(self, value: Floats, weight: Floats) -> float:
        """Return the area between the concentration curve and the diagonal."""
        worth, many = self._sum(value * weight), self._sum(weight)
        total = worth.sum() * many.sum()
        if total <= 0:
            return 0.0
        below = np.cumsum(worth) - worth / 2.0
        return float((below * many).sum() / total - 0.5)

    def _sum(self, rows: Floats) -> Floats:
        """Add up the rows of equal score."""
        return np.asarray(np.add.reduceat(rows[self.order], self.starts))


def auc(positive: Floats, score: Floats) -> float:
    """Return the AUC; of probabilities in place of outcomes, the one to expect."""
    return Ranking(score).auc(positive, np.ones(len(score)))


def gini(value: Floats, score: Floats) -> float:
    """Return the Gini of a value in the order of a score, over the best possible."""
    weight = np.ones(len(score))
    best = Ranking(value).lorenz(value, weight)
    return Ranking(score).lorenz(value, weight) / best if best > 0 else 0.0


def draws(n: int, *, seed: int) -> Iterator[Floats]:
    """Yield how often each of n customers is drawn, ``DRAWS`` times."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)


def ece(truth: Floats, p: Floats) -> float:
    """Return the expected calibration error in ten groups, ties kept together."""
    groups = quantile_groups(p, n_groups=10)
    gaps = [len(rows) * abs(p[rows].mean() - truth[rows].mean()) for rows in groups]
    return float(sum(gaps) / len(p))


def find_shift(truth: Floats, p: Floats) -> float:
    """Return what the log-odds lack for their mean to be right."""
    score = logit(np.clip(p, LEAST, 1.0 - LEAST))
    mean = float(np.clip(truth.mean(), LEAST, 1.0 - LEAST))
    return float(brentq(lambda c: float(expit(score + c).mean()) - mean, -40.0, 40.0))


def shifted(p: Floats, shift: float) -> Floats:
    """Return probabilities with something added to their log-odds."""
    score = logit(np.clip(p, LEAST, 1.0 - LEAST))
    return np.asarray(expit(score + shift), dtype=np.float64)


def covered(value: Floats, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    """Say whose value lies in its band; what came back in all counts as 0."""
    spend = np.maximum(value, 0.0)
    tiny = 1e-9 * np.maximum(np.abs(high), 1.0)
    return np.asarray((spend >= low - tiny) & (spend <= high + tiny))


def tenths(value: Floats, expected: Floats) -> list[dict[str, float]]:
    """Return size, sums and share of the money of each tenth by expected value.

    The highest comes first. Of whom the same is expected is in one group.
    """
    total = max(float(value.sum()), LEAST)
    return [
        {
            "n": len(rows),
            "expected": float(expected[rows].sum()),
            "actual": float(value[rows].sum()),
            "share": float(value[rows].sum()) / total,
        }
        for rows in quantile_groups(-expected, n_groups=10)
    ]
