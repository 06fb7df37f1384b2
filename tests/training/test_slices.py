"""Tests of judging each kind of customer apart."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from training.slices import FEWEST, KINDS, TENURES, judge_slices, slice_customers


def test_each_customer_is_in_one_slice_of_each_kind() -> None:
    features = pd.DataFrame(
        {
            "days_since_last_order": [5.0, 40.0, 700.0],
            "days_since_first_order": [5.0, 400.0, 800.0],
            "n_purchase_days": [1.0, 20.0, 2.0],
            "gap_mean": [np.nan, 19.0, 100.0],
            "gap_median": [np.nan, 14.0, 100.0],
        }
    )
    found = slice_customers(features, horizon=timedelta(days=90))
    assert list(found) == list(KINDS)
    assert found["lifecycle_stage"].tolist() == ["new", "slipping", "lost"]
    assert found["tenure"].tolist() == [TENURES[0], TENURES[2], TENURES[3]]
    assert found["purchase_days"].tolist()[0] == "bought on one day"


def test_slices_add_up_to_the_whole_and_come_in_their_order() -> None:
    rng = np.random.default_rng(0)
    n = 400
    names = np.asarray(TENURES)[rng.integers(0, 4, n)]
    p = rng.random(n)
    churned = (rng.random(n) < p).astype(float)
    value, expected = rng.gamma(2.0, size=n), rng.gamma(2.0, size=n)
    (rows,) = judge_slices(
        {"tenure": names}, churned=churned, p=p, value=value, expected=expected
    ).values()
    assert [row["slice"] for row in rows] == list(TENURES)
    assert sum(row["n_customers"] for row in rows) == n
    assert sum(row["value"] for row in rows) == pytest.approx(value.sum())
    assert sum(row["expected_value"] for row in rows) == pytest.approx(expected.sum())
    assert all(row["auc"] > 0.6 for row in rows)


def test_a_slice_of_few_or_of_one_outcome_has_no_ranking() -> None:
    few, many = FEWEST - 1, FEWEST
    names = np.array(["few"] * few + ["many"] * many)
    n = few + many
    (rows,) = judge_slices(
        {"kind": names},
        churned=np.where(np.arange(n) < few, np.arange(n) % 2, 1.0),
        p=np.full(n, 0.5),
        value=np.where(np.arange(n) < few, np.arange(n), 0.0),
        expected=np.ones(n),
    ).values()
    assert [(row["slice"], row["auc"], row["gini"]) for row in rows] == [
        ("few", None, None),
        ("many", None, None),
    ]
