"""Normal scores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.parts.normal_scores import NormalScores

NAN = float("nan")
COLUMNS = st.lists(
    st.one_of(st.just(NAN), st.floats(-1e9, 1e9), st.integers(0, 3).map(float)),
    min_size=1,
    max_size=60,
)


@parametrize_with_checks([NormalScores()])  # type: ignore[untyped-decorator]
def test_it_is_a_transformer(estimator: Any, check: Any) -> None:
    check(estimator)


@given(values=COLUMNS)
def test_scores_are_finite_bounded_and_in_order(values: list[float]) -> None:
    column = np.array(values)[:, None]
    scores = NormalScores().fit(column).transform(column)[:, 0]
    assert np.isfinite(scores).all()
    assert (np.abs(scores) <= -ndtri(0.01)).all()
    known = ~np.isnan(column[:, 0])
    order = np.argsort(column[known, 0], kind="stable")
    assert (np.diff(scores[known][order]) >= -1e-12).all()


@given(
    values=st.lists(st.decimals(-999, 999, places=2).map(float), min_size=1),
    asked=st.lists(st.decimals(-1_500, 1_500, places=3).map(float), min_size=1),
)
def test_a_value_stands_between_the_shares_of_those_below_and_of_those_not_above(
    values: list[float], asked: list[float]
) -> None:
    scores = NormalScores(n_knots=41).fit(np.array(values)[:, None])
    ((points, _),) = scores.curves_.points
    levels, knots = np.linspace(0, 1, 41), np.quantile(values, np.linspace(0, 1, 41))
    between = points[np.abs(points[:, None] - knots).min(axis=1) > 1e-9]
    rows = np.array([*asked, *values, *between])
    below = np.interp(rows, knots, levels)
    above = np.interp(-rows, -knots[::-1], levels)
    ranks = np.clip((below + 1 - above) / 2, 0.01, 0.99)

    assert scores.knots_[:, 0].tolist() == knots.tolist()
    assert scores.medians_[0] == np.median(values)
    found = scores.transform(rows[:, None])[:, 0]
    # Between two points a score is on a straight line, which is near that of its rank.
    is_point = np.isin(rows, [*knots, *between])
    atol = np.where(is_point, 1e-9, 0.01)
    assert (np.abs(found - ndtri(ranks)) <= atol).all()
    of_points = scores.transform(points[:, None])[:, 0]
    np.testing.assert_allclose(
        found, np.interp(rows, points, of_points), rtol=0, atol=1e-9
    )


def test_numbers_that_are_neighbours_are_two_steps() -> None:
    after = np.nextafter(1.0, 2.0)
    column = np.array([1.0] * 50 + [after] * 30 + [np.nextafter(after, 2.0)] * 20)
    scores = NormalScores().fit(column[:, None])
    found = scores.transform(np.unique(column)[:, None])[:, 0]
    assert found == pytest.approx(ndtri([0.25, 0.65, 0.9]), abs=0.03)


def test_what_is_missing_stands_at_the_median() -> None:
    scores = NormalScores().fit([[1.0], [5.0], [9.0], [NAN]])
    assert scores.transform([[NAN], [5.0]]).ravel().tolist() == [0.0, 0.0]


def test_a_column_without_a_value_or_with_one_says_nothing() -> None:
    X = np.array([[NAN, 7.0], [NAN, 7.0]])
    assert (NormalScores().fit(X).transform(X) == 0).all()


def test_equal_values_stand_in_the_middle_of_their_ranks() -> None:
    X = np.array([1.0] * 60 + [2.0] * 40)[:, None]
    scores = NormalScores().fit(X).transform([[1.0], [2.0]])
    assert scores.ravel() == pytest.approx(ndtri([0.3, 0.8]), abs=0.02)


def test_the_inverse_brings_values_back() -> None:
    X = np.random.default_rng(0).lognormal(size=(500, 2))
    scores = NormalScores().fit(X)
    inside = np.quantile(X, [0.1, 0.5, 0.9], axis=0)
    again = scores.inverse_transform(scores.transform(inside))
    assert again == pytest.approx(inside, rel=1e-6)


def test_json_restores_the_scores_exactly() -> None:
    X = np.random.default_rng(1).lognormal(size=(50, 3))
    scores = NormalScores().fit(X)
    again = NormalScores.from_dict(json.loads(json.dumps(scores.to_dict())))
    assert (again.transform(X) == scores.transform(X)).all()


def test_a_few_rows_are_worth_the_same_bits_as_among_many() -> None:
    rng = np.random.default_rng(3)
    X = rng.gamma(0.5, 100, (300, 8))
    X[:, 1] = np.round(X[:, 1] / 80)
    X[:, 2], X[:, 3] = 7.0, np.nan
    X[rng.random(X.shape) < 0.1] = np.nan
    scores = NormalScores(n_knots=41, tail=0.001).fit(X)
    beyond = [scores.knots_, scores.knots_[:1] - 1, scores.knots_[-1:] + 1]
    rows = np.vstack([X, *beyond, np.full((1, 8), -1e300), np.full((1, 8), 1e300)])
    few = [scores.transform(rows[at : at + 5]) for at in range(0, len(rows), 5)]
    assert np.vstack(few).tobytes() == scores.transform(rows).tobytes()
