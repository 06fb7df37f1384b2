"""Curves of straight pieces: as ``np.interp``, for few rows and for many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.parts.curves import FEW_ROWS, Curve, Curves, sum_columns

Floats = npt.NDArray[np.float64]

NAN = float("nan")
VALUES = st.one_of(st.floats(-1e6, 1e6), st.integers(-3, 3).map(float))
POINTS = st.lists(VALUES, min_size=1, max_size=12, unique=True).flatmap(
    lambda values: st.tuples(
        st.just(np.array(sorted(values))),
        st.lists(VALUES, min_size=len(values), max_size=len(values)).map(np.array),
    )
)


@given(curves=st.lists(POINTS, min_size=1, max_size=4), data=st.data())
def test_each_column_follows_its_curve_to_the_bit(
    curves: list[Curve], data: st.DataObject
) -> None:
    width, points = len(curves), np.concatenate([x for x, _ in curves]).tolist()
    asked = st.lists(
        st.lists(
            st.one_of(VALUES, st.just(NAN), st.sampled_from(points)),
            min_size=width,
            max_size=width,
        ),
        min_size=FEW_ROWS + 1,
        max_size=3 * FEW_ROWS,
    )
    table = np.array(data.draw(asked))
    absent = np.arange(width, dtype=np.float64)
    found = Curves(curves, absent)(table)
    for place, (values, mapped) in enumerate(curves):
        own = table[:, place]
        along = np.interp(own, values, mapped)
        expected = np.where(np.isnan(own), absent[place], along)
        assert found[:, place].tolist() == expected.tolist()


@pytest.fixture
def curves() -> Curves:
    """Return curves of 1 to 30 points."""
    rng = np.random.default_rng(0)
    points = [
        (np.sort(rng.normal(size=n)), rng.normal(size=n)) for n in (1, 2, 7, 30, 30)
    ]
    return Curves(points, rng.normal(size=5))


@pytest.fixture
def table() -> Floats:
    """Return rows with holes, some of them beyond all points."""
    rng = np.random.default_rng(1)
    found = rng.normal(scale=2, size=(100, 5))
    found[rng.random(found.shape) < 0.1] = np.nan
    return found


def test_few_rows_are_worth_the_same_bits_as_among_many(
    curves: Curves, table: Floats
) -> None:
    few = [table[at : at + 3] for at in range(0, len(table), 3)]
    assert np.vstack([curves(each) for each in few]).tolist() == curves(table).tolist()
    sums = np.concatenate([curves.sum(each) for each in few])
    assert sums.tolist() == curves.sum(table).tolist()
    assert sums.tolist() == sum_columns(curves(table)).tolist()


def test_scaled_curves_are_as_much_higher_and_know_of_absence(
    curves: Curves, table: Floats
) -> None:
    rng = np.random.default_rng(2)
    factor, plus, absent = rng.normal(size=(3, 5))
    found = curves.scaled(factor, plus, absent)(table)
    expected = curves(table) * factor + plus + np.isnan(table) * absent
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
