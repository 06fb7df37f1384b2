"""Trees cut into blocks of few conditions, and what each pattern of them is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from features.types import Bools, Floats
from models.parts.treeshap.trees import Tree

MOST_BITS = 8
"""Conditions of a block: its table has so many rows as a power of two."""


@dataclass(frozen=True, slots=True)
class Step:
    """A split on the way to a node, and which side of it the way takes."""

    split: int
    is_left: bool
    feature: int
    share: float


Path = tuple[Step, ...]
Condition = tuple[Step, ...]
"""Holds where a row takes the side of every step."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf: the way to it, and what it adds."""

    path: Path
    value: float

    @property
    def features(self) -> tuple[int, ...]:
        """Return the features on the way, in order."""
        return tuple(dict.fromkeys(step.feature for step in self.path))


@dataclass(frozen=True, slots=True)
class Block:
    """The leaves below a node, which hang on ``conditions`` alone.

    Of a leaf that is too deep for a table, the conditions are those of its features,
    and there are more than ``MOST_BITS``.
    """

    conditions: tuple[Condition, ...]
    leaves: tuple[Leaf, ...]

    @property
    def is_deep(self) -> bool:
        """Tell a leaf that is too deep for a table."""
        return len(self.conditions) > MOST_BITS

    @property
    def features(self) -> tuple[int, ...]:
        """Return the features of all leaves, in order."""
        every = (feature for leaf in self.leaves for feature in leaf.features)
        return tuple(dict.fromkeys(every))


def cut(tree: Tree) -> Iterator[Block]:
    """Yield the blocks of a tree, from the left."""
    waiting: list[tuple[int, Path]] = [(0 if len(tree.feature) else ~0, ())]
    while waiting:
        node, path = waiting.pop()
        conditions = _conditions(path, _splits_below(tree, node))
        if node < 0 or len(conditions) <= MOST_BITS:
            yield Block(conditions, tuple(_leaves(tree, node, path)))
        else:
            waiting.extend(reversed(_children(tree, node, path)))


def tabulate_parts(block: Block) -> Floats:
    """Return what each feature contributes by each pattern of a block's conditions.

    Returns
    -------
    ndarray of shape (n_features, 2 ** n_conditions)
        In the order of ``block.features``. Bit ``k`` of a pattern tells whether
        condition ``k`` holds.
    """
    patterns = _patterns(block)
    place = {feature: row for row, feature in enumerate(block.features)}
    parts = np.zeros((len(place), patterns.shape[1]))
    for leaf in block.leaves:
        rows = [place[feature] for feature in leaf.features]
        parts[rows] += shapley(_met(block, leaf, patterns), _shares(leaf)) * leaf.value
    return parts


def tabulate_sums(block: Block) -> Floats:
    """Return what each pattern adds to a score, of shape (2 ** n_conditions,).

    It is 0 where no leaf of the block is reached.
    """
    patterns = _patterns(block)
    sums = np.zeros(patterns.shape[1])
    for leaf in block.leaves:
        sums[_met(block, leaf, patterns).all(axis=0)] = leaf.value
    return sums


def shapley(met: Bools, shares: Floats) -> Floats:
    """Share out one leaf of value 1 among the features on the way to it.

    Parameters
    ----------
    met : ndarray of shape (n_features, n)
        Whether a row goes the leaf's way at all splits on the feature.
    shares : ndarray of shape (n_features,)
        Of the training rows, those that do.

    Returns
    -------
    ndarray of shape (n_features, n)

    Notes
    -----
    With some features known, the leaf is worth the product of ``met`` over these and of
    ``shares`` over the others. The Shapley value is the integral of its derivative
    along the diagonal (Owen 1972); the integrand is a polynomial, so Gauss's quadrature
    is exact, and no term of it cancels another.
    """
    unmet = shares[:, None]
    total = np.zeros(met.shape)
    for t, weight in _nodes(len(shares)):
        factors = np.where(met, t + (1.0 - t) * unmet, (1.0 - t) * unmet)
        product = np.full(met.shape[1], weight)
        for factor in factors:  # one by one: a row alone is the same as among others
            product *= factor
        total += product / factors
    return np.asarray(total * (met - unmet))


def leaf_shares(block: Block) -> Floats:
    """Return the shares of a block of one leaf, by its conditions."""
    return _shares(block.leaves[0])


def _patterns(block: Block) -> Bools:
    """Return which conditions hold, of shape (n_conditions, 2 ** n_conditions)."""
    n_bits = len(block.conditions)
    patterns = np.arange(1 << n_bits)
    return ((patterns >> np.arange(n_bits)[:, None]) & 1).astype(bool)


def _shares(leaf: Leaf) -> Floats:
    shares = dict.fromkeys(leaf.features, 1.0)
    for step in leaf.path:
        shares[step.feature] *= step.share
    return np.array(list(shares.values()))


def _met(block: Block, leaf: Leaf, patterns: Bools) -> Bools:
    """Return whether each pattern goes the leaf's way, for each of its features."""
    place = {feature: row for row, feature in enumerate(leaf.features)}
    met = np.ones((len(place), patterns.shape[1]), dtype=bool)
    side = {step.split: step.is_left for step in leaf.path}
    for (first, *_), holds in zip(block.conditions, patterns, strict=True):
        if first.split in side:  # else it is of another branch
            same = side[first.split] == first.is_left
            met[place[first.feature]] &= holds if same else ~holds
    return met


def _conditions(path: Path, inside: list[Step]) -> tuple[Condition, ...]:
    """Return one condition a feature of the way in, then one a split inside."""
    ways: dict[int, Condition] = {}
    for step in path:
        ways[step.feature] = (*ways.get(step.feature, ()), step)
    return (*ways.values(), *((step,) for step in inside))


def _children(tree: Tree, split: int, path: Path) -> list[tuple[int, Path]]:
    """Return the children of a split with the ways to them, left first."""
    children = []
    for is_left, child in ((True, tree.left[split]), (False, tree.right[split])):
        share = tree.count(int(child)) / tree.count(split)
        step = Step(split, is_left, int(tree.feature[split]), share)
        children.append((int(child), (*path, step)))
    return children


def _leaves(tree: Tree, node: int, path: Path) -> Iterator[Leaf]:
    waiting = [(node, path)]
    while waiting:
        node, path = waiting.pop()
        if node < 0:
            yield Leaf(path, float(tree.leaf_value[~node]))
        else:
            waiting.extend(reversed(_children(tree, node, path)))


def _splits_below(tree: Tree, node: int) -> list[Step]:
    """Return the left step of splits at or below a node, one too many at most."""
    steps: list[Step] = []
    waiting = [node]
    while waiting and len(steps) <= MOST_BITS:
        node = waiting.pop()
        if node >= 0:
            steps.append(_children(tree, node, ())[0][1][0])
            waiting.extend((int(tree.right[node]), int(tree.left[node])))
    return steps


@lru_cache
def _nodes(n_features: int) -> tuple[tuple[float, float], ...]:
    """Return Gauss's nodes and weights on [0, 1] for one degree less."""
    nodes, weights = np.polynomial.legendre.leggauss(max(1, (n_features + 1) // 2))
    return tuple(zip((nodes + 1) / 2, weights / 2, strict=True))
