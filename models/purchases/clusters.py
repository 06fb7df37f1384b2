"""Behavioural clusters: K-means on the normal scores of what customers do.

The number of clusters is the one whose clusters are both well apart (silhouette) and
found again in other samples of the customers (adjusted Rand index).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import check_is_fitted

from features.errors import DataError
from features.purchases.frame import take_columns
from models.parts.cluster_count import KTrial, choose_k, fit_centroids, nearest
from models.parts.normal_scores import NormalScores
from models.purchases.cluster_names import Traits, name_clusters

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

FEATURES = (
    "days_since_last_order",
    "days_since_first_order",
    "n_orders",
    "n_orders_365d",
    "net_spend",
    "net_spend_365d",
    "mean_order_value",
    "gap_median",
)
"""What customers are compared by; every log has them."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, as people see it.

    Parameters
    ----------
    id : int
        The same from one version of the model to the next.
    name : mapping of str to str
        In English (``en``) and in Chinese (``zh``).
    centroid : tuple of float
        Mean normal scores, in the order of ``FEATURES``.
    n_customers : int
        Of those it was fitted on.
    usual : mapping of str to float
        Median of each feature over its customers who have one.
    mean_net_spend : float
    """

    id: int
    name: Mapping[str, str]
    centroid: tuple[float, ...]
    n_customers: int
    usual: Mapping[str, float]
    mean_net_spend: float


class BehaviourClusters(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Group customers by what they do.

    Parameters
    ----------
    k_min, k_max : int
        Bounds of the number of clusters. Fewer distinct customers than ``k_min`` make a
        cluster each.
    random_state : int

    Attributes
    ----------
    k_ : int
        Number of clusters.
    clusters_ : tuple of Cluster
        From the first fit on, 0 has the greatest mean net spend.
    trials_ : tuple of KTrial
        What was measured for each number of clusters tried.
    labels_ : ndarray of shape (n_customers,)
        Id of the cluster of each customer it was fitted on.
    next_id_ : int
        First id that no cluster of any version has had.
    scores_ : NormalScores
    n_features_in_ : int
    """

    def __init__(
        self, *, k_min: int = 3, k_max: int = 8, random_state: int = 0
    ) -> None:
        self.k_min = k_min
        self.k_max = k_max
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Choose the number of clusters and find them.

        Parameters
        ----------
        X : DataFrame of shape (n_customers, >=8)
            Holds ``FEATURES``; NaN where not defined.
        y : object
            Ignored.

        Returns
        -------
        BehaviourClusters

        Raises
        ------
        DataError
            If there is no customer, or a column is missing.
        """
        table = _read(X)
        if not len(table):
            raise DataError(
                "No customer to cluster.", needed="At least one row is needed."
            )
        self.scores_ = NormalScores().fit(table)
        scores = self.scores_.transform(table)
        seed = self.random_state
        self.k_, self.trials_ = choose_k(
            scores, k_min=self.k_min, k_max=self.k_max, seed=seed
        )
        centroids = fit_centroids(scores, self.k_, seed=seed)
        self.clusters_ = _describe(table, centroids, nearest(scores, centroids))
        self.k_ = self.next_id_ = len(self.clusters_)
        self.n_features_in_ = len(FEATURES)
        self.labels_ = self.predict(X)
        return self

    def predict(self, X: pd.DataFrame) -> Labels:
        """Return the id of each customer's cluster, shape (n_customers,)."""
        check_is_fitted(self)
        rows = nearest(self.scores_.transform(_read(X)), self._centroids())
        return np.array([cluster.id for cluster in self.clusters_])[rows]

    def align_to(self, previous: BehaviourClusters) -> Self:
        """Take over the ids of an earlier fit, where clusters correspond.

        Clusters are paired so that the distances between their centroids, as the
        earlier fit sees them, are least in total. One that has no partner gets an id
        that was never used.
        """
        check_is_fitted(self)
        values = self.scores_.inverse_transform(self._centroids())
        here = previous.scores_.transform(values)
        there = previous._centroids()
        distance = ((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=-1)
        rows, partners = linear_sum_assignment(distance)
        partner = dict(zip(rows.tolist(), partners.tolist(), strict=True))
        renamed, self.next_id_ = [], previous.next_id_
        for row, cluster in enumerate(self.clusters_):
            if row in partner:
                new_id = previous.clusters_[partner[row]].id
            else:
                new_id, self.next_id_ = self.next_id_, self.next_id_ + 1
            renamed.append(replace(cluster, id=new_id))
        if hasattr(self, "labels_"):
            place = {cluster.id: row for row, cluster in enumerate(self.clusters_)}
            rows_of = [place[label] for label in self.labels_.tolist()]
            self.labels_ = np.array([cluster.id for cluster in renamed])[rows_of]
        self.clusters_ = tuple(renamed)
        return self

    @property
    def names_(self) -> dict[int, dict[str, str]]:
        """The name of each cluster by its id, in English and in Chinese."""
        return {cluster.id: dict(cluster.name) for cluster in self.clusters_}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values. ``labels_`` are left out."""
        check_is_fitted(self)
        return {
            **self.get_params(),
            "features": list(FEATURES),
            "scores": self.scores_.to_dict(),
            "clusters": [asdict(cluster) for cluster in self.clusters_],
            "trials": [asdict(trial) for trial in self.trials_],
            "next_id": self.next_id_,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BehaviourClusters:
        """Restore what ``to_dict`` gave."""
        model = cls(
            k_min=values["k_min"],
            k_max=values["k_max"],
            random_state=values["random_state"],
        )
        model.scores_ = NormalScores.from_dict(values["scores"])
        model.clusters_ = tuple(
            Cluster(**{**item, "centroid": tuple(item["centroid"])})
            for item in values["clusters"]
        )
        model.trials_ = tuple(KTrial(**item) for item in values["trials"])
        model.k_, model.next_id_ = len(model.clusters_), values["next_id"]
        model.n_features_in_ = len(FEATURES)
        return model

    def _centroids(self) -> Floats:
        return np.array([cluster.centroid for cluster in self.clusters_])


def _describe(table: Floats, centroids: Floats, rows: Labels) -> tuple[Cluster, ...]:
    """Order by value and name the clusters that anybody is in."""
    spend = np.nan_to_num(table[:, FEATURES.index("net_spend")])
    members = {row: np.flatnonzero(rows == row) for row in np.unique(rows).tolist()}
    mean_spend = {row: float(spend[inside].mean()) for row, inside in members.items()}
    order = sorted(members, key=lambda row: -mean_spend[row])
    usual = [_medians(table[members[row]]) for row in order]
    traits = [
        Traits(
            scores=dict(zip(FEATURES, centroids[row].tolist(), strict=True)),
            n_orders=medians.get("n_orders", 1.0),
        )
        for row, medians in zip(order, usual, strict=True)
    ]
    names = name_clusters(traits)
    return tuple(
        Cluster(
            id=place,
            name=names[place],
            centroid=tuple(centroids[row].tolist()),
            n_customers=len(members[row]),
            usual=usual[place],
            mean_net_spend=mean_spend[row],
        )
        for place, row in enumerate(order)
    )


def _medians(rows: Floats) -> dict[str, float]:
    """Return the median of each feature that any row has."""
    present = ~np.isnan(rows)
    return {
        name: float(np.median(rows[present[:, i], i]))
        for i, name in enumerate(FEATURES)
        if present[:, i].any()
    }


def _read(X: pd.DataFrame) -> Floats:
    missing = [name for name in FEATURES if name not in X]
    if missing:
        raise DataError(
            f"Clusters were given no {', '.join(missing)}.",
            needed=f"They need {', '.join(FEATURES)}.",
        )
    return take_columns(X, FEATURES)


def usual_of_clusters(X: pd.DataFrame, cluster: npt.ArrayLike) -> pd.DataFrame:
    """Return the median of each column in each cluster, indexed by cluster."""
    return X.groupby(np.asarray(cluster)).median()
