"""Trees as arrays, read from LightGBM's own text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.types import Floats, Ints

CATEGORICAL, DEFAULT_LEFT = 1, 2
"""Bits of ``decision_type``; what counts as missing is told by the two above them."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: splits from 0, of which a negative child ``c`` is leaf ``~c``.

    Parameters
    ----------
    feature, decision, left, right : ndarray of shape (n_splits,)
    threshold : ndarray of shape (n_splits,)
        Of a categorical split: its place in ``categories``.
    split_count, leaf_count : ndarray of shape (n_splits,), (n_leaves,)
        Training rows that came by.
    leaf_value : ndarray of shape (n_leaves,)
    categories : tuple of ndarray
        The categories that a categorical split sends to the left.
    """

    feature: Ints
    decision: Ints
    left: Ints
    right: Ints
    threshold: Floats
    split_count: Ints
    leaf_count: Ints
    leaf_value: Floats
    categories: tuple[Ints, ...]

    def count(self, node: int) -> int:
        """Return the training rows of a split or a leaf."""
        return int(self.leaf_count[~node] if node < 0 else self.split_count[node])

    @property
    def mean(self) -> float:
        """Return what the tree adds to the training rows on average."""
        if len(self.leaf_value) == 1:
            return float(self.leaf_value[0])
        return float((self.leaf_value * (self.leaf_count / self.split_count[0])).sum())


def read_trees(text: str) -> list[Tree]:
    """Read all trees of a model's text, as ``Booster.model_to_string`` gives it.

    Parameters
    ----------
    text : str
        Of a model with one output a row.

    Returns
    -------
    list of Tree
    """
    whole, _, _ = text.partition("\nend of trees")
    return [_read_tree(part) for part in whole.split("\nTree=")[1:]]


def _read_tree(text: str) -> Tree:
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def ints(key: str) -> Ints:
        return np.array(lines.get(key, "").split(), dtype=np.int64)

    def floats(key: str) -> Floats:
        return np.array(lines.get(key, "").split(), dtype=np.float64)

    bounds, words = ints("cat_boundaries"), ints("cat_threshold")
    return Tree(
        feature=ints("split_feature"),
        decision=ints("decision_type"),
        left=ints("left_child"),
        right=ints("right_child"),
        threshold=floats("threshold"),
        split_count=ints("internal_count"),
        leaf_count=ints("leaf_count"),
        leaf_value=floats("leaf_value"),
        categories=tuple(
            _members(words[start:end])
            for start, end in zip(bounds, bounds[1:], strict=False)
        ),
    )


def _members(words: Ints) -> Ints:
    """Return the numbers whose bits are set in words of 32 bits."""
    bits = (words[:, None] >> np.arange(32)) & 1
    return np.flatnonzero(bits)
