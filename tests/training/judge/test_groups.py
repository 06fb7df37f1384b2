"""The measures of each group: nobody is lost, and ties are shared alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.judge.groups import SELECTED, report_groups


@given(st.integers(2, 300), st.integers(0, 1_000))
def test_without_ties_the_riskiest_fifth_is_above_the_quantile(
    n: int, seed: int
) -> None:
    p = np.random.default_rng(seed).permutation(n) / 1_024.0
    half = pd.DataFrame({"half": np.arange(n) % 2})
    of_half = report_groups(half, ("half",), churned=p * 0, p=p)["half"]
    is_selected = p >= np.sort(p)[int(np.ceil((n - 1) * 4 / 5))]
    for which in (0, 1):
        rate = is_selected[which::2].mean()
        assert of_half[str(which)]["selection_rate"] == pytest.approx(rate)


@pytest.mark.parametrize("share", [0.5, 0.95, 1.0])
@pytest.mark.parametrize("n", [1, 7, 400])
def test_a_spike_at_the_bottom_does_not_select_everybody(n: int, share: float) -> None:
    p = np.arange(n).clip(share * n) / n
    table = pd.DataFrame({"all": np.ones(n)})
    ((_, of_all),) = report_groups(table, ("all",), churned=p * 0, p=p)["all"].items()
    assert of_all["selection_rate"] == pytest.approx(SELECTED, abs=1 / n)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=200),
    st.floats(0.0, 1.0),
    st.booleans(),
)
def test_quarters_of_numbers_keep_everybody_and_are_never_empty(
    numbers: list[int], share: float, is_below: bool
) -> None:
    edge = np.quantile(numbers, share)
    spiked = np.maximum(numbers, edge) if is_below else np.minimum(numbers, edge)
    zeros = np.zeros(len(numbers))
    table = pd.DataFrame({"age": spiked})
    groups = report_groups(table, ("age",), churned=zeros, p=zeros)["age"]
    counts = [measures["n_customers"] for measures in groups.values()]
    assert sum(counts) == len(numbers)
    assert min(counts) > 0
