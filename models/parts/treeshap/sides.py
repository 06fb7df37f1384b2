"""Which side of each split a row goes, for all splits of a model at once."""

from __future__ import annotations

import numpy as np

from features.types import Bools, Floats, Ints
from models.parts.treeshap.trees import CATEGORICAL, DEFAULT_LEFT, Tree

MISSING_ZERO, MISSING_NAN = 1, 2
"""What LightGBM takes as missing at a split, from ``decision_type``."""

ZERO = float(np.float32(1e-35))
"""Numbers up to this size are zeros where zero is missing."""

FEW_ROWS = 64
"""Up to so many, fewer calls are worth more than less memory."""


class Sides:
    """The splits of all trees, each an index from 0 in the order of the trees.

    Parameters
    ----------
    trees : list of Tree

    Attributes
    ----------
    starts : ndarray of shape (n_trees + 1,)
        Index of the first split of each tree.
    row : ndarray of shape (n_splits,)
        Where ``go_left`` tells of each split.
    """

    def __init__(self, trees: list[Tree]) -> None:
        self.starts = np.cumsum([0, *(len(tree.feature) for tree in trees)])
        feature = _concat([tree.feature for tree in trees])
        decision = _concat([tree.decision for tree in trees])
        threshold = np.concatenate([np.zeros(0), *(tree.threshold for tree in trees)])
        is_number = (decision & CATEGORICAL) == 0
        readings = _readings(feature, decision)
        numbers = np.flatnonzero(is_number)
        numbers = numbers[np.lexsort(readings[::-1, numbers])]
        self._members = _members(trees, feature, is_number=is_number)
        groups = [numbers, *(splits for splits, _ in self._members.values())]
        self.row = np.argsort(np.concatenate(groups))
        self._threshold = threshold[numbers][:, None]
        self._inputs = _Inputs(readings[:, numbers])

    def go_left(self, columns: Floats) -> Bools:
        """Tell which rows each split passes to the left.

        Parameters
        ----------
        columns : ndarray of shape (n_features, n)

        Returns
        -------
        ndarray of shape (n_splits, n)
            In the order of ``row``.
        """
        is_left = np.empty((len(self.row), columns.shape[1]), dtype=bool)
        end = len(self._threshold)
        self._inputs.compare(columns, self._threshold, is_left[:end])
        for feature, (splits, members) in self._members.items():
            codes = _codes(columns[feature], members.shape[1] - 1)
            is_left[end : end + len(splits)] = members[:, codes]
            end += len(splits)
        return is_left


class _Inputs:
    """The features as splits read them: what is missing there, and where that goes.

    Parameters
    ----------
    readings : ndarray of shape (3, n_numeric_splits)
        As ``_readings`` gives them, sorted.
    """

    def __init__(self, readings: Ints) -> None:
        different, self._of_split, sizes = np.unique(
            readings, axis=1, return_inverse=True, return_counts=True
        )
        self._bounds = np.cumsum([0, *sizes])
        missing, self._feature, goes = different
        self._kinds = np.searchsorted(missing, (MISSING_ZERO, MISSING_NAN))
        self._instead = np.where(goes == 1, -np.inf, np.nan)[:, None]

    def compare(self, columns: Floats, threshold: Floats, out: Bools) -> None:
        """Tell where each split's feature is at or below its threshold."""
        values = self._read(columns[self._feature])
        if columns.shape[1] <= FEW_ROWS:
            np.less_equal(values[self._of_split], threshold, out=out)
            return
        for row, start, end in zip(
            values, self._bounds, self._bounds[1:], strict=False
        ):
            np.less_equal(row, threshold[start:end], out=out[start:end])

    def _read(self, values: Floats) -> Floats:
        """Put what goes the right way in place of what is missing."""
        filled, zero, either = np.split(values, self._kinds)
        for part in (filled, zero):
            absent = np.isnan(part)
            if absent.any():
                part[absent] = 0.0
        _, of_zero, of_either = np.split(self._instead, self._kinds)
        np.copyto(zero, of_zero, where=np.abs(zero) <= ZERO)
        # Of a number and -inf or NaN it is the number, and without one the other.
        np.fmax(either, of_either, out=either)
        return values


def _readings(feature: Ints, decision: Ints) -> Ints:
    """Return what is missing at each split, its feature, whether that goes left."""
    missing = decision >> 2
    goes_left = (missing > 0) & ((decision & DEFAULT_LEFT) > 0)
    return np.stack([missing, feature, goes_left.astype(np.int64)])


def _members(
    trees: list[Tree], feature: Ints, *, is_number: Bools
) -> dict[int, tuple[Ints, Bools]]:
    """Return for each feature its categorical splits, and the categories gone left.

    The last column is for what no split knows, which goes right.
    """
    sets = [
        tree.categories[int(tree.threshold[split])]
        for tree in trees
        for split in np.flatnonzero(tree.decision & CATEGORICAL)
    ]
    splits = np.flatnonzero(~is_number)
    members_of = {}
    for one in np.unique(feature[splits]).tolist():
        own = np.flatnonzero(feature[splits] == one)
        width = max((int(sets[i].max(initial=-1)) for i in own), default=-1) + 1
        members = np.zeros((len(own), width + 1), dtype=bool)
        for row, i in enumerate(own):
            members[row, sets[i]] = True
        members_of[one] = (splits[own], members)
    return members_of


def _codes(column: Floats, width: int) -> Ints:
    """Return each row's category, cut to a whole number; ``width`` where unknown."""
    is_category = (column > -1.0) & (column < width)  # not where NaN
    return np.where(is_category, column, width).astype(np.int64)


def _concat(arrays: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *arrays])
