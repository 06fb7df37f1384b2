"""Risk bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.score.risk import BANDS, LABELS, risk_band


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.0, "low"),
        (0.3299, "low"),
        (0.33, "medium"),
        (0.6599, "medium"),
        (0.66, "high"),
        (1.0, "high"),
        (float("nan"), None),
    ],
)
def test_a_cut_belongs_to_the_band_above(probability: float, band: str | None) -> None:
    assert risk_band([probability]).tolist() == [band]


@given(st.lists(st.floats(0, 1)))
def test_the_band_rises_with_the_probability(probabilities: list[float]) -> None:
    bands = risk_band(np.sort(probabilities)).tolist()
    assert bands == sorted(bands, key=BANDS.index)


def test_every_band_has_a_label_in_both_languages() -> None:
    assert tuple(LABELS) == BANDS
    assert all(set(label) == {"en", "zh"} for label in LABELS.values())
