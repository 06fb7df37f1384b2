"""Sums and extremes of runs of rows, against plain Python."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.purchases.numpy.grains.runs import Runs, group_sums, heads, rounded

WHOLE = st.lists(
    st.lists(
        st.integers(-(10**6), 10**6)
        | st.integers(-(2**50), 2**50).map(lambda n: n << 50),
        max_size=5,
    ),
    min_size=1,
    max_size=6,
)


def runs_of(rows: list[list[int]]) -> Runs:
    ends = np.array(list(accumulate(map(len, rows))), np.int64)
    return Runs(ends - np.array([len(row) for row in rows], np.int64), ends)


@given(WHOLE)
def test_sums_of_any_size_are_exact_before_they_are_rounded(
    rows: list[list[int]],
) -> None:
    flat = np.array([float(n) for row in rows for n in row], np.float64)

    found = runs_of(rows).exact_sum(flat)

    assert found.tolist() == pytest.approx([float(sum(row)) for row in rows], rel=1e-15)


@given(WHOLE)
def test_a_run_is_summed_alike_alone_and_among_others(rows: list[list[int]]) -> None:
    flat = np.array([float(n) for row in rows for n in row], np.float64)

    among = runs_of(rows).exact_sum(flat).tolist()

    alone = [
        float(runs_of([row]).exact_sum(np.array(row, np.float64))[0]) for row in rows
    ]
    assert among == alone


def test_extremes_of_a_run_without_rows_are_unknown() -> None:
    runs = runs_of([[1, 2], [], [3]])
    values = np.array([5.0, 4.0, 7.0])

    np.testing.assert_array_equal(runs.most(values), [5, np.nan, 7])
    np.testing.assert_array_equal(runs.first(values), [5, np.nan, 7])
    np.testing.assert_array_equal(runs.last(values), [4, np.nan, 7])


def test_rows_between_the_runs_are_nobodys() -> None:
    runs = Runs(np.array([0, 3, 3]), np.array([2, 3, 5]))
    values = np.array([4, 6, 99, 1, 3, 99], np.int64)

    assert runs.sum(values).tolist() == [10, 0, 4]
    np.testing.assert_array_equal(runs.most(values.astype(np.float64)), [6, np.nan, 3])


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(np.array([0.5, 1.5, -0.5, 2.4])).tolist() == [1, 2, -1, 2]


def test_groups_start_where_a_key_changes() -> None:
    is_head = heads(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6]))

    assert is_head.tolist() == [True, False, True, True]
    sums = group_sums(np.array([1, 2, 3, 4]), np.flatnonzero(is_head))
    assert sums.tolist() == [3, 3, 4]
