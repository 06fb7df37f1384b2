"""Blocks hold every leaf once, and the value of each pattern."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from models.parts.treeshap.blocks import MOST_BITS, cut, shapley, tabulate_sums
from models.parts.treeshap.trees import Tree, read_trees

FORKED = """tree
Tree=0
num_leaves=3
split_feature=1 0
threshold=0.5 2
decision_type=2 2
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 4
leaf_count=5 3 2
internal_count=10 5

end of trees
"""


def chain(n_splits: int) -> Tree:
    """Return a tree whose every split has a leaf on its left."""
    splits = np.arange(n_splits)
    return Tree(
        feature=splits,
        decision=np.full(n_splits, 2),
        left=~splits,
        right=np.append(splits[1:], ~n_splits),
        threshold=np.zeros(n_splits),
        split_count=n_splits + 1 - splits,
        leaf_count=np.ones(n_splits + 1, dtype=np.int64),
        leaf_value=np.arange(n_splits + 1.0),
        categories=(),
    )


def test_a_small_tree_is_one_block() -> None:
    (tree,) = read_trees(FORKED)
    (block,) = cut(tree)
    assert block.features == (1, 0)
    assert tabulate_sums(block).tolist() == [4.0, 1.0, 2.0, 1.0]


@pytest.mark.parametrize("n_splits", [1, MOST_BITS, MOST_BITS + 1, 40])
def test_the_blocks_of_a_tree_hold_each_leaf_once(n_splits: int) -> None:
    blocks = list(cut(chain(n_splits)))
    values = [leaf.value for block in blocks for leaf in block.leaves]
    assert sorted(values) == list(range(n_splits + 1))
    assert all(len(block.leaves) == 1 for block in blocks if block.is_deep)


def test_a_leaf_is_shared_out_as_shapley_says() -> None:
    """The mean over all orders of what knowing one feature more adds."""
    met, shares = np.array([True, False, True, True]), np.array([0.5, 0.2, 0.9, 0.1])
    expected = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        known = shares.copy()
        for feature in order:
            before = known.prod()
            known[feature] = met[feature]
            expected[feature] += (known.prod() - before) / len(orders)
    found = shapley(met[:, None], shares)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-15)
