"""How many clusters there are: well apart, and found again in other samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from features.types import Floats

Labels = npt.NDArray[np.int64]

FIT_ROWS, TRIAL_ROWS, SILHOUETTE_ROWS = 50_000, 5_000, 1_500
"""Customers drawn for the final fit, for a trial, and for a silhouette."""

RESAMPLES, RESAMPLE_SHARE = 3, 0.6
N_INIT = 4
NEAR = 0.9
"""Share of the best merit that is as good."""

CHUNK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class KTrial:
    """What was measured with ``k`` clusters.

    Parameters
    ----------
    k : int
    silhouette : float
        Mean over a sample of customers, from -1 to 1.
    stability : float
        Mean adjusted Rand index between the clusters of all and those found in
        resamples.
    """

    k: int
    silhouette: float
    stability: float


def choose_k(
    scores: Floats, *, k_min: int, k_max: int, seed: int
) -> tuple[int, tuple[KTrial, ...]]:
    """Return the number with the best silhouette times stability, or nearly so.

    Both fall as clusters get finer, so the largest number that comes within a tenth of
    the best is taken.

    Parameters
    ----------
    scores : ndarray of shape (n_customers, n_features)
        Finite, of comparable scale.
    k_min, k_max : int
        Tried as far as there are distinct customers to make so many clusters.
    seed : int

    Returns
    -------
    tuple of (int, tuple of KTrial)
        No trial where there are too few distinct customers to choose.
    """
    sample = _draw(scores, TRIAL_ROWS, seed=seed)
    n_distinct = len(np.unique(sample, axis=0))
    most = min(k_max, n_distinct - 1)
    if most < k_min:
        return min(k_min, n_distinct), ()
    trials = tuple(_try_k(sample, k, seed=seed) for k in range(k_min, most + 1))
    merits = [max(t.silhouette, 0.0) * max(t.stability, 0.0) for t in trials]
    good = [t.k for t, m in zip(trials, merits, strict=True) if m >= NEAR * max(merits)]
    return (max(good) if max(merits) > 0 else k_min), trials


def fit_centroids(scores: Floats, k: int, *, seed: int) -> Floats:
    """Return up to ``k`` centroids, fewer where fewer customers are distinct."""
    sample = _draw(scores, FIT_ROWS, seed=seed)
    distinct = np.unique(sample, axis=0)
    if len(distinct) <= k:
        return distinct
    model = KMeans(k, n_init=N_INIT, random_state=seed)
    with threadpool_limits(1):
        model.fit(sample)
    return np.asarray(model.cluster_centers_, dtype=np.float64)


def nearest(scores: Floats, centroids: Floats) -> Labels:
    """Return the row of the nearest centroid, the first of those equally near.

    The distance of a customer does not hang on who else is asked about.
    """
    rows = np.empty(len(scores), dtype=np.int64)
    for start in range(0, len(scores), CHUNK_ROWS):
        part = scores[start : start + CHUNK_ROWS]
        distance = [((part - centroid) ** 2).sum(axis=1) for centroid in centroids]
        rows[start : start + CHUNK_ROWS] = np.argmin(distance, axis=0)
    return rows


def _try_k(sample: Floats, k: int, *, seed: int) -> KTrial:
    labels = nearest(sample, fit_centroids(sample, k, seed=seed))
    rng = np.random.default_rng(seed)
    agreements = []
    for turn in range(RESAMPLES):
        chosen = rng.permutation(len(sample))[: int(RESAMPLE_SHARE * len(sample))]
        again = fit_centroids(sample[chosen], k, seed=seed + turn + 1)
        agreements.append(adjusted_rand_score(labels, nearest(sample, again)))
    with threadpool_limits(1):
        silhouette = _silhouette(sample[:SILHOUETTE_ROWS], labels[:SILHOUETTE_ROWS])
    return KTrial(k, silhouette, float(np.mean(agreements)))


def _silhouette(sample: Floats, labels: Labels) -> float:
    """Return the mean silhouette, 0 where all fell into one cluster."""
    if not 2 <= len(np.unique(labels)) < len(labels):
        return 0.0
    return float(silhouette_score(sample, labels))


def _draw(scores: Floats, most: int, *, seed: int) -> Floats:
    """Return at most so many rows, drawn at random."""
    if len(scores) <= most:
        return scores
    rows = np.random.default_rng(seed).permutation(len(scores))[:most]
    return scores[rows]
