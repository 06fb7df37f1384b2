"""Scores and contributions of rows, looked up in the tables of a model's blocks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.types import Bools, Floats
from models.parts.treeshap.blocks import (
    Block,
    cut,
    leaf_shares,
    shapley,
    tabulate_parts,
    tabulate_sums,
)
from models.parts.treeshap.conditions import Codes, Conditions
from models.parts.treeshap.sides import FEW_ROWS, Sides
from models.parts.treeshap.trees import read_trees

Rows = npt.NDArray[np.intp]

ROWS_PER_CHUNK = 2048
"""Rows at a time: what is worked on stays near the processor."""


class TreeTables:
    """What one booster adds for a row, and what each feature contributes to that.

    Parameters
    ----------
    text : str
        The model as LightGBM writes it, with one output.
    n_features : int

    Attributes
    ----------
    base : float
        What the trees add to the training rows on average.
    is_whole : bool
        Whether each tree is one block, so that its score is one look-up.
    n_deep : int
        Leaves that are too deep for a table.
    """

    def __init__(self, text: str, n_features: int) -> None:
        trees = read_trees(text)
        self.n_features = n_features
        self.base = float(sum(tree.mean for tree in trees))
        self._sides = Sides(trees)
        rows = np.split(self._sides.row, self._sides.starts[1:-1])
        every = [
            (block, own)
            for tree, own in zip(trees, rows, strict=True)
            for block in cut(tree)
        ]
        self.is_whole = len(every) == len(trees)
        self._shallow = [block for block, _ in every if not block.is_deep]
        self._deep = [block for block, _ in every if block.is_deep]
        self.n_deep = len(self._deep)
        self._shallow_conditions = _conditions(every, is_deep=False)
        self._deep_conditions = _conditions(every, is_deep=True)

    def raw_score(self, X: Floats) -> Floats:
        """Return the sum of the trees, of shape (n,): LightGBM's, to the bit.

        Only where ``is_whole``.
        """
        sums = np.zeros(len(X))
        for rows, is_left in self._chunks(X):
            codes = self._shallow_conditions.codes(is_left)
            self._add_scores(codes, sums[rows])
        return sums

    def assess(self, X: Floats) -> tuple[Floats, Floats]:
        """Return ``raw_score`` and ``contributions``, each pattern found once."""
        sums, parts = np.zeros(len(X)), np.empty((len(X), self.n_features))
        for rows, is_left in self._chunks(X):
            codes = self._shallow_conditions.codes(is_left)
            self._add_scores(codes, sums[rows])
            parts[rows] = self._parts_of(codes, is_left)
        return sums, parts

    def contributions(self, X: Floats) -> Floats:
        """Return exact TreeSHAP values.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
            NaN where missing, a category's number where categorical.

        Returns
        -------
        ndarray of shape (n, n_features)
            Row sum and ``base`` make the sum of the trees.
        """
        parts = np.empty((len(X), self.n_features))
        for rows, is_left in self._chunks(X):
            parts[rows] = self._parts_of(
                self._shallow_conditions.codes(is_left), is_left
            )
        return parts

    def _parts_of(self, codes: Codes, is_left: Bools) -> Floats:
        """Return the contributions of some rows, of shape (n, n_features)."""
        parts = np.zeros((self.n_features, is_left.shape[1]))
        self._add_parts(codes, parts)
        self._add_deep_parts(is_left, parts)
        return parts.T  # copied row after row, so that sums of rows are alike

    def _chunks(self, X: Floats) -> Iterator[tuple[slice, Bools]]:
        """Yield rows, and which of them each split passes to the left."""
        for start in range(0, len(X), ROWS_PER_CHUNK):
            rows = slice(start, min(start + ROWS_PER_CHUNK, len(X)))
            yield rows, self._sides.go_left(np.ascontiguousarray(X[rows].T))

    def _add_scores(self, codes: Codes, sums: Floats) -> None:
        if len(sums) <= FEW_ROWS:
            self._flat_sums.add(codes, sums[None, :])
            return
        for row, values in zip(self._shallow_conditions.rows, self._sums, strict=True):
            sums += values.take(codes[row])

    def _add_parts(self, codes: Codes, parts: Floats) -> None:
        """Add what the tables hold, block by block whichever way it is done."""
        if codes.shape[1] <= FEW_ROWS:
            self._flat_parts.add(codes, parts)
            return
        added = np.empty(codes.shape[1])
        rows = self._shallow_conditions.rows
        for row, entries in zip(rows, self._parts, strict=True):
            places = codes[row].astype(np.intp)
            for feature, values in entries:
                np.take(values, places, out=added, mode="clip")
                parts[feature] += added

    def _add_deep_parts(self, is_left: Bools, parts: Floats) -> None:
        """Add what leaves contribute that are too deep for a table."""
        patterns = self._deep_conditions.of_blocks(is_left)
        for block, met in zip(self._deep, patterns, strict=True):
            shares = shapley(met, leaf_shares(block))
            parts[list(block.features)] += shares * block.leaves[0].value

    @cached_property
    def _sums(self) -> list[Floats]:
        return [tabulate_sums(block) for block in self._shallow]

    @cached_property
    def _parts(self) -> list[list[tuple[int, Floats]]]:
        """For each block its features, and what each contributes by pattern."""
        return [
            list(zip(block.features, tabulate_parts(block), strict=True))
            for block in self._shallow
        ]

    @cached_property
    def _flat_sums(self) -> _Flat:
        tables = [[(0, values)] for values in self._sums]
        return _Flat(tables, self._shallow_conditions.rows)

    @cached_property
    def _flat_parts(self) -> _Flat:
        return _Flat(self._parts, self._shallow_conditions.rows)


class _Flat:
    """The tables in one array, for a few rows: one call for all blocks.

    Parameters
    ----------
    tables : list of list of (int, ndarray)
        For each block, where to add, and what by pattern.
    rows : list of int
        Where the codes of each block are.
    """

    def __init__(self, tables: list[list[tuple[int, Floats]]], rows: list[int]) -> None:
        entries = [
            (row, target, values)
            for row, block in zip(rows, tables, strict=True)
            for target, values in block
        ]
        self._row = np.array([row for row, _, _ in entries], dtype=np.intp)
        self._target = np.array([target for _, target, _ in entries], dtype=np.intp)
        self._values = np.concatenate([np.zeros(0), *(v for _, _, v in entries)])
        sizes = [len(values) for _, _, values in entries]
        self._starts = np.cumsum([0, *sizes])[:-1, None]

    def add(self, codes: Codes, out: Floats) -> None:
        """Add to ``out`` of shape (n_targets, n), in the order of the blocks."""
        n = codes.shape[1]
        values = self._values[self._starts + codes[self._row]]
        cells = self._target[:, None] * n + np.arange(n)
        summed = np.bincount(cells.ravel(), values.ravel(), minlength=out.size)
        out += summed.reshape(out.shape)


def _conditions(every: list[tuple[Block, Rows]], *, is_deep: bool) -> Conditions:
    chosen = [pair for pair in every if pair[0].is_deep == is_deep]
    return Conditions([block for block, _ in chosen], [rows for _, rows in chosen])
