"""Which conditions of which blocks hold for a row, as one number a block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from features.types import Bools
from models.parts.treeshap.blocks import Block

Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.intp]


class Conditions:
    """The conditions of some blocks.

    Parameters
    ----------
    blocks : list of Block
    split_rows : list of ndarray
        For each block, where ``Sides.go_left`` tells of its tree's splits.

    Attributes
    ----------
    rows : list of int
        Where ``codes`` has each block.
    """

    def __init__(self, blocks: list[Block], split_rows: list[Rows]) -> None:
        sizes = np.array([len(block.conditions) for block in blocks], dtype=np.intp)
        order = np.argsort(-sizes, kind="stable")
        self.rows: list[int] = np.argsort(order).tolist()
        self._having = [int((sizes > bit).sum()) for bit in range(sizes.max(initial=0))]
        self._starts = np.cumsum([0, *self._having])
        steps: list[list[tuple[int, int, bool]]] = []
        for number, block in enumerate(blocks):
            for bit, condition in enumerate(block.conditions):
                place = int(self._starts[bit]) + self.rows[number]
                for turn, step in enumerate(condition):
                    if turn == len(steps):
                        steps.append([])
                    split = int(split_rows[number][step.split])
                    steps[turn].append((place, split, step.is_left))
        self._turns = [_Turn(sorted(turn)) for turn in steps]

    def codes(self, is_left: Bools) -> Codes:
        """Return the pattern of each block's conditions, of shape (n_blocks, n)."""
        holds = self._hold(is_left).view(np.uint8)
        codes = np.zeros((len(self.rows), is_left.shape[1]), dtype=np.uint8)
        for bit, (n, start) in enumerate(zip(self._having, self._starts, strict=False)):
            codes[:n] |= holds[start : start + n] << np.uint8(bit)
        return codes

    def of_blocks(self, is_left: Bools) -> Iterator[Bools]:
        """Yield which of its conditions hold, block by block."""
        holds = self._hold(is_left)
        for row in self.rows:
            yield np.stack(
                [
                    holds[start + row]
                    for n, start in zip(self._having, self._starts, strict=False)
                    if row < n
                ]
            )

    def _hold(self, is_left: Bools) -> Bools:
        """Tell which conditions hold, of shape (n_conditions, n).

        The first of all blocks come first, the blocks with most conditions before
        others.
        """
        if not self._turns:
            return np.empty((0, is_left.shape[1]), dtype=bool)
        holds = self._turns[0].taken(is_left)
        for turn in self._turns[1:]:
            holds[turn.place] &= turn.taken(is_left)
        return holds


class _Turn:
    """The same step of many conditions: the first of all, the second of some."""

    def __init__(self, steps: list[tuple[int, int, bool]]) -> None:
        self.place: Rows = np.array([place for place, _, _ in steps])
        self._split = np.array([split for _, split, _ in steps])
        self._is_left = np.array([is_left for _, _, is_left in steps])[:, None]
        self._is_plain = bool(self._is_left.all())

    def taken(self, is_left: Bools) -> Bools:
        sides: Bools = is_left[self._split]
        return sides if self._is_plain else np.asarray(sides == self._is_left)
