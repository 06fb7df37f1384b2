"""Clusters of customers by attributes: K-means on ranks of numbers and on values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.parts.cluster_count import KTrial, choose_k, fit_centroids, nearest
from models.parts.normal_scores import NormalScores

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

SALIENT, PURE = 0.5, 0.6
"""Mean score of a number, and share of a value, from which they are worth a word."""

MOST_WORDS = 2


@dataclass(frozen=True, slots=True)
class RecurringCluster:
    """One cluster, as people see it."""

    id: int
    name: Mapping[str, str]
    centroid: tuple[float, ...]
    n_customers: int


class RecurringClusters:
    """Group customers by some columns of numbers and codes.

    Parameters
    ----------
    categories : mapping of str to sequence of str
        The columns to compare by, and the values of a category; none for a number.
    random_state : int

    Attributes
    ----------
    clusters_ : tuple of RecurringCluster
        0 is the largest.
    scores_ : NormalScores
        Of the numbers.
    trials_ : tuple of KTrial
        What was measured for each number of clusters tried; none once restored.
    """

    def __init__(
        self, categories: Mapping[str, Sequence[str]], *, random_state: int = 0
    ) -> None:
        self.categories = {name: tuple(levels) for name, levels in categories.items()}
        self.random_state = random_state
        self.trials_: tuple[KTrial, ...] = ()

    def fit(self, X: pd.DataFrame) -> Self:
        """Choose the number of clusters and find them."""
        numbers = self._numbers()
        if numbers:
            self.scores_ = NormalScores().fit(X[numbers].to_numpy(dtype=np.float64))
        terms = self._terms(X)
        seed = self.random_state
        k, self.trials_ = choose_k(terms, k_min=3, k_max=7, seed=seed)
        centroids = fit_centroids(terms, k, seed=seed)
        rows = nearest(terms, centroids)
        sizes = np.bincount(rows, minlength=len(centroids))
        order = [int(at) for at in np.argsort(-sizes, kind="stable") if sizes[at]]
        names = self._name(centroids[order], terms.mean(axis=0))
        self.clusters_ = tuple(
            RecurringCluster(
                place, names[place], tuple(centroids[at].tolist()), int(sizes[at])
            )
            for place, at in enumerate(order)
        )
        return self

    def predict(self, X: pd.DataFrame) -> Labels:
        """Return the id of each customer's cluster, shape (n_customers,)."""
        centroids = np.array([cluster.centroid for cluster in self.clusters_])
        return np.asarray(nearest(self._terms(X), centroids), dtype=np.int64)

    @property
    def names_(self) -> dict[int, dict[str, str]]:
        """The name of each cluster by its id, in English and in Chinese."""
        return {cluster.id: dict(cluster.name) for cluster in self.clusters_}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "columns": list(self.categories),
            "categories": {
                name: list(levels) for name, levels in self.categories.items()
            },
            "random_state": self.random_state,
            "scores": self.scores_.to_dict() if self._numbers() else None,
            "clusters": [asdict(cluster) for cluster in self.clusters_],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RecurringClusters:
        """Restore what ``to_dict`` gave."""
        categories = {name: values["categories"][name] for name in values["columns"]}
        model = cls(categories, random_state=values["random_state"])
        if values["scores"] is not None:
            model.scores_ = NormalScores.from_dict(values["scores"])
        model.clusters_ = tuple(
            RecurringCluster(**{**cluster, "centroid": tuple(cluster["centroid"])})
            for cluster in values["clusters"]
        )
        return model

    def _numbers(self) -> list[str]:
        return [name for name, levels in self.categories.items() if not levels]

    def _terms(self, X: pd.DataFrame) -> Floats:
        """Return scores of numbers, and a one for the value of a category."""
        columns: list[Floats] = []
        numbers = self._numbers()
        if numbers:
            scores = self.scores_.transform(X[numbers].to_numpy(dtype=np.float64))
            columns += list(scores.T)
        for name, levels in self.categories.items():
            codes = X[name].to_numpy(dtype=np.float64) if levels else np.empty(0)
            columns += [
                (codes == code).astype(np.float64) for code in range(len(levels))
            ]
        return np.column_stack(columns)

    def _name(self, centroids: Floats, overall: Floats) -> list[dict[str, str]]:
        """Name clusters by what is salient of each, no two alike."""
        names: list[dict[str, str]] = []
        for centroid in centroids:
            traits = self._traits(centroid, overall)[:MOST_WORDS]
            en = ", ".join(words[0] for words in traits) or "Everybody else"
            zh = "、".join(words[1] for words in traits) or "其他客户"
            again = sum(name["en"].split(" (")[0] == en for name in names)
            mark = (f" ({again + 1})", f"（{again + 1}）") if again else ("", "")
            names.append({"en": en + mark[0], "zh": zh + mark[1]})
        return names

    def _traits(self, centroid: Floats, overall: Floats) -> list[tuple[str, str]]:
        """Return what is said of a centroid, the most telling first."""
        traits: list[tuple[float, str, str]] = []
        numbers = self._numbers()
        for at, name in enumerate(numbers):
            score, shown = float(centroid[at]), name.replace("_", " ")
            if abs(score) >= SALIENT:
                way = ("high", "较高") if score > 0 else ("low", "较低")
                traits.append((abs(score), f"{way[0]} {shown}", f"{shown}{way[1]}"))
        at = len(numbers)
        for name, levels in self.categories.items():
            for level in levels:
                share, usual = float(centroid[at]), float(overall[at])
                at += 1
                if share >= PURE and share - usual >= 0.2:
                    shown = f"{name.replace('_', ' ')} {level}"
                    traits.append((2.0 * (share - usual), shown, shown))
        return [(en, zh) for _, en, zh in sorted(traits, key=lambda trait: -trait[0])]
