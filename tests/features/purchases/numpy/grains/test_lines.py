"""Lines of one instant, order and channel stand side by side."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.purchases.numpy.grains.lines import find_mixed
from features.purchases.numpy.grains.runs import heads

CODES = st.sampled_from([0, 1, 2**40, 2**40 + 1, 2**63, 2**64 - 1])


@given(st.lists(st.tuples(st.integers(0, 3), CODES, CODES), min_size=1, max_size=12))
def test_lines_of_an_instant_are_put_together_and_nothing_else_moves(
    rows: list[tuple[int, int, int]],
) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    who = np.zeros(len(rows), np.int64)
    at = np.array([row[0] for row in rows], np.int64)
    order = np.array([row[1] for row in rows], np.uint64)
    channel = np.array([row[2] for row in rows], np.uint64)

    here, there = find_mixed(who, at, order, channel)

    places = np.arange(len(rows))
    places[here] = places[there]
    assert sorted(places) == list(range(len(rows)))
    assert at[places].tolist() == at.tolist()
    n_groups = int(heads(at, order[places], channel[places]).sum())
    assert n_groups == len(set(rows))
