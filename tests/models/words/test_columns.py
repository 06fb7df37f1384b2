"""Figures of many customers are rounded before they are written, and written alike."""

from __future__ import annotations

import numpy as np
import pytest

from models.words.reasons import ReasonTable

HALVES = np.arange(0, 12_000) / 1_000 + 0.0005
FIGURES = np.concatenate(
    [
        HALVES,
        np.nextafter(HALVES, 0),
        80 * HALVES,
        -HALVES,
        np.random.default_rng(1).uniform(-1, 12, 5_000),
        [0.0, 1e-9, 999_999.5, 1e6, 1e300],
    ]
)


@pytest.mark.parametrize("kind", ["number", "days", "order|orders", "share"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_column_of_figures_is_written_as_each_by_itself(
    kind: str, language: str
) -> None:
    said = dict.fromkeys(("en", "zh"), f"{{value:{kind}}}")
    told = {"directions": {}, "reason": [], "fallback": {**said, "missing": said}}
    table = ReasonTable.from_dict(told)

    (together,) = table.sentences(
        "x",
        FIGURES,
        np.zeros_like(FIGURES),
        contribution=np.zeros_like(FIGURES),
        languages=(language,),
    )

    alone = [
        table.write("x", {"value": figure}.get, language, currency=None)
        for figure in FIGURES.tolist()
    ]
    assert together.to_pylist() == alone
