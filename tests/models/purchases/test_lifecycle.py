"""Lifecycle stages."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.purchases.lifecycle import LABELS, NEEDED, STAGES, lifecycle_stage

NAN = float("nan")
HORIZON = timedelta(days=90)


def stage(silence: float, tenure: float, *, n_days: int = 1, gap: float = NAN) -> str:
    """Return the stage of one customer."""
    values = (silence, tenure, n_days, gap, gap)
    features = {name: [value] for name, value in zip(NEEDED, values, strict=True)}
    return str(lifecycle_stage(features, horizon=HORIZON)[0])


@pytest.mark.parametrize(
    ("silence", "tenure", "expected"),
    [
        (0.5, 0.5, "new"),
        (90, 90, "new"),
        (91, 91, "one_time"),
        (270, 270, "one_time"),
        (271, 271, "dormant"),
        (361, 361, "lost"),
    ],
)
def test_a_one_time_buyer_is_new_then_quiet_then_lost(
    silence: float, tenure: float, expected: str
) -> None:
    assert stage(silence, tenure) == expected


@pytest.mark.parametrize(
    ("silence", "expected"),
    [(10, "loyal"), (45, "loyal"), (46, "slipping"), (91, "dormant"), (181, "lost")],
)
def test_a_regular_falls_through_the_stages_as_silence_grows(
    silence: float, expected: str
) -> None:
    assert stage(silence, 800, n_days=20, gap=30) == expected


@pytest.mark.parametrize(
    ("silence", "expected"),
    [(500, "repeat"), (548, "slipping"), (1096, "dormant"), (1461, "lost")],
)
def test_a_yearly_buyer_is_given_years(silence: float, expected: str) -> None:
    assert stage(silence, 4000, n_days=7, gap=365) == expected


def test_a_few_quiet_days_do_not_make_a_daily_buyer_slip() -> None:
    assert stage(20, 800, n_days=300, gap=2) == "loyal"
    assert stage(23, 800, n_days=300, gap=2) == "slipping"


def test_loyal_takes_orders_and_time() -> None:
    assert stage(10, 181, n_days=4, gap=30) == "loyal"
    assert stage(10, 181, n_days=3, gap=30) == "repeat"
    assert stage(10, 180, n_days=4, gap=30) == "repeat"


def test_the_larger_of_mean_and_median_gap_is_the_usual_one() -> None:
    features = dict(zip(NEEDED, ([50], [800], [9], [40.0], [3.0]), strict=True))
    assert lifecycle_stage(features, horizon=HORIZON).tolist() == ["loyal"]


@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 4000),
            st.floats(0, 4000),
            st.integers(1, 500),
            st.one_of(st.just(NAN), st.floats(1, 2000)),
        ),
        max_size=30,
    ),
    days=st.integers(1, 400),
)
def test_every_customer_has_exactly_one_stage(
    rows: list[tuple[float, float, int, float]], *, days: int
) -> None:
    columns = np.array(rows, dtype=float).reshape(-1, 4)
    values = (*columns.T, columns[:, 3])
    features = dict(zip(NEEDED, values, strict=True))
    stages = lifecycle_stage(features, horizon=timedelta(days=days))
    assert len(stages) == len(rows)
    assert set(stages) <= set(STAGES)


def test_every_stage_has_a_label_in_both_languages() -> None:
    assert tuple(LABELS) == STAGES
    assert all(set(label) == {"en", "zh"} for label in LABELS.values())
