"""What is made of the figures of many cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.bench.looks import Served
from tests.bench.quality.cells import Cell
from tests.bench.quality.judge import Record, judge_served
from tests.bench.quality.methods import Scores
from tests.bench.quality.report import report
from tests.bench.quality.results import Results
from tests.bench.quality.verdict import Line, better_methods, mean_ahead, verdict

N = 600
RNG = np.random.default_rng(11)
P = RNG.beta(1.0, 1.5, N)
TRUTH = pd.DataFrame({"churned": (RNG.random(N) >= P).astype(float)})
TRUTH["value"] = (1.0 - TRUTH["churned"]) * RNG.lognormal(0.0, 0.3, N)
CELL = Cell("essec", datetime(2015, 1, 1, tzinfo=UTC), 365)
SERVED = Served(
    customers=pd.Index([f"c{row}" for row in range(N)]),
    p_buy=P,
    expected=P * 1.05,
    low=np.zeros(N),
    high=np.full(N, 1.7),
    tier=np.where(P > 0.5, "A", "C"),
    stage=np.full(N, "repeat"),
    total_band=(150.0, 350.0),
    level_band=(0.3, 0.5),
    basis="model",
    seconds=3.0,
)


def judged(
    served: Served, score: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> Record:
    """Judge what is served against one simple method."""
    scores = {"recency": Scores([score], [score])}
    return judge_served(CELL, served, TRUTH, scores=scores)


def line(lines: list[Line], words: str) -> Line:
    """Return the line that says something."""
    return next(line for line in lines if words in line.asked)


NOISE = RNG.random(N)
GOOD, BEATEN = judged(SERVED, NOISE), judged(replace(SERVED, p_buy=NOISE), P)


def test_a_difference_is_paired() -> None:
    same = judged(SERVED, P)["methods"]["recency"]["auc"]

    assert (same["ahead"], same["se"]) == (0.0, 0.0)
    assert GOOD["methods"]["recency"]["auc"]["ahead"] > 0.2
    assert 0.005 < GOOD["methods"]["recency"]["auc"]["se"] < 0.05


def test_true_probabilities_are_calibrated() -> None:
    assert GOOD["ece_at_level"] < 0.05
    assert abs(GOOD["level_miss"]) < 0.25
    assert GOOD["level_held"] is True
    assert GOOD["total_held"] is True


def test_a_better_simple_method_is_named() -> None:
    assert better_methods(GOOD) == []
    assert better_methods(BEATEN) == ["recency (auc)"]
    lines = verdict([GOOD, BEATEN])
    assert line(lines, "of the cells").reached == "1 of 2"
    assert line(lines, "of the cells").is_met is False
    assert line(verdict([GOOD]), "on no log").is_met is True
    assert "recency" in line(verdict([BEATEN]), "on no log").reached


def test_two_fits_of_one_method_are_alike() -> None:
    look = {"reached": 0.8, "ahead": -1e-5, "se": 1e-6}
    record = {**GOOD, "methods": {"recency": {"auc": look, "gini": look}}}

    assert better_methods(record) == []


def test_errors_of_one_log_do_not_cancel() -> None:
    single = mean_ahead([GOOD], "recency", "auc")

    assert mean_ahead([GOOD] * 8, "recency", "auc") == pytest.approx(single)


def test_where_no_spread_is_stated_nothing_is_held() -> None:
    silent = judged(replace(SERVED, level_band=None), NOISE)

    assert line(verdict([silent]), "spread of the level").is_met is None


def test_bands_too_narrow_are_not_met() -> None:
    narrow = judged(replace(SERVED, high=np.full(N, 1.0)), NOISE)

    assert line(verdict([narrow]), "top tenth").is_met is False


def test_bars_count_only_where_their_cell_was_judged() -> None:
    other = {**GOOD, "as_of": "2013-01-01"}

    assert line(verdict([GOOD]), "at least").is_met is False
    assert line(verdict([other]), "at least").is_met is None


def test_the_report_names_each_cell() -> None:
    text = report([GOOD, {**GOOD, "as_of": "2013-01-01"}])

    assert text.count("essec_2013-01-01_365") == 3
    assert "**" not in text
    assert "**" in report([BEATEN])


def test_results_are_those_of_their_code(tmp_path: Path) -> None:
    Results(tmp_path, "one").write(CELL, GOOD)

    assert Results(tmp_path, "one").read(CELL) == GOOD
    assert Results(tmp_path, "two").read(CELL) is None
