"""Groups by quantiles: nobody is lost, nobody tied is parted, no group is empty."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.parts.quantile_groups import keep_cuts, quantile_groups, share_in_top

Floats = npt.NDArray[np.float64]

TIED = arrays(
    np.float64, st.integers(1, 80), elements=st.sampled_from([-1.5, 0.0, 0.1, 0.3, 7.0])
)
"""Figures of which nearly all are tied, one customer among them."""

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=12).map(np.array)


@given(TIED, st.integers(1, 12), st.integers(1, 30))
def test_groups_keep_equals_together_in_order_and_lose_nobody(
    figures: Floats, n_groups: int, least: int
) -> None:
    groups = quantile_groups(figures, n_groups=n_groups, least=least)
    assert sorted(np.concatenate(groups).tolist()) == list(range(len(figures)))
    assert 1 <= len(groups) <= n_groups
    for lower, higher in zip(groups, groups[1:], strict=False):
        assert figures[lower].max() < figures[higher].min()
    assert min(map(len, groups)) >= min(least, len(figures))


@given(st.integers(1, 300), st.integers(1, 20), st.integers(0, 1_000))
def test_without_ties_groups_are_those_of_equal_size(
    n: int, n_groups: int, seed: int
) -> None:
    figures = np.random.default_rng(seed).permutation(n).astype(np.float64)
    plain = np.array_split(np.argsort(figures), n_groups)
    groups = quantile_groups(figures, n_groups=n_groups)
    assert [g.tolist() for g in groups] == [g.tolist() for g in plain if len(g)]


@pytest.mark.parametrize(
    ("figures", "sizes"),
    [
        (np.zeros(100), [100]),
        (np.zeros(1), [1]),
        (np.arange(100.0).clip(35), [36, 4, 10, 10, 10, 10, 10, 10]),
        (np.arange(100.0).clip(None, 65), [10, 10, 10, 10, 10, 10, 5, 35]),
        (np.repeat([1.0, 2.0], [99, 1]), [99, 1]),
    ],
    ids=["all equal", "one customer", "spike below", "spike above", "one apart"],
)
def test_a_spike_is_one_group(figures: Floats, sizes: list[int]) -> None:
    groups = quantile_groups(figures, n_groups=10)
    assert [len(group) for group in groups] == sizes


def test_nobody_is_in_no_group() -> None:
    assert quantile_groups(np.array([]), n_groups=10) == []


@given(SIZES, st.integers(1, 60))
def test_cuts_that_stay_leave_no_group_too_small(
    sizes: npt.NDArray[np.intp], least: int
) -> None:
    stays = keep_cuts(sizes, least=least)
    assert len(stays) == len(sizes) - 1
    merged = [part.sum() for part in np.split(sizes, np.flatnonzero(stays) + 1)]
    assert sum(merged) == sizes.sum()
    assert min(merged) >= min(least, sizes.sum())
    if sizes.min() >= least:
        assert stays.all()


@given(TIED, st.integers(0, 90))
def test_the_top_is_shared_alike_by_equals_in_any_order(
    scores: Floats, n_top: int
) -> None:
    share = share_in_top(scores, n_top)
    assert share.sum() == pytest.approx(min(n_top, len(scores)))
    assert ((share >= 0) & (share <= 1)).all()
    for score in set(scores.tolist()):
        assert len(set(share[scores == score].tolist())) == 1
    assert (share_in_top(scores[::-1], n_top)[::-1] == share).all()


@given(st.integers(1, 100), st.integers(0, 110))
def test_without_ties_the_top_is_the_highest(n: int, n_top: int) -> None:
    scores = np.random.default_rng(n).permutation(n).astype(np.float64)
    assert (share_in_top(scores, n_top) == (scores >= n - n_top)).all()
