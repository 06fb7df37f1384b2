"""The simple methods that the product is held against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from models.purchases.bgnbd import BGNBD
from tests.bench.quality import cnbd
from tests.bench.quality.methods import METHODS, read_histories, score_all
from tests.bench.quality.windows import choose_origins, learn, read_windows

STARTS_AT = datetime(2021, 1, 1, tzinfo=UTC)
AS_OF = datetime(2022, 1, 1, tzinfo=UTC)
HORIZON = timedelta(days=90)


def make_days(*, every: float | None = None, n: int = 200) -> pd.DataFrame:
    """Make the purchase days of two years, evenly apart or at random."""
    rng = np.random.default_rng(5)
    rows = []
    for customer in range(n):
        gap = every or rng.gamma(2.0, 30.0) + 3.0
        day = float(rng.integers(0, 200))
        while day < 730:
            when = pd.Timestamp("2021-01-01") + pd.Timedelta(days=int(day))
            rows.append((f"c{customer:03}", when, float(rng.lognormal(3.0, 0.5))))
            if rng.random() < 0.15:
                break
            day += (
                1.0 + rng.gamma(9.0, gap / 9.0) if every else rng.exponential(gap) + 1
            )
    return pd.DataFrame(rows, columns=["customer_id", "day", "spend"])


def test_windows_see_nothing_of_what_comes() -> None:
    days = make_days()
    past = days[days["day"] < pd.Timestamp("2022-01-01")]

    pd.testing.assert_frame_equal(read_windows(days, AS_OF), read_windows(past, AS_OF))
    for ours, theirs in zip(
        learn(days, as_of=AS_OF, horizon=HORIZON),
        learn(past, as_of=AS_OF, horizon=HORIZON),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_windows_count_days_and_spend() -> None:
    rows = [
        ("a", "2021-12-31", 5.0),
        ("a", "2021-11-01", 7.0),
        ("b", "2022-01-01", 1.0),
    ]
    days = pd.DataFrame(rows, columns=["customer_id", "day", "spend"])
    table = read_windows(days.astype({"day": "datetime64[us]"}), AS_OF)

    assert table.index.tolist() == ["a"]
    row = table.loc["a"]
    assert (row["recency"], row["tenure"], row["n_days"]) == (1.0, 61.0, 2.0)
    assert (row["spend_30"], row["spend_90"], row["n_days_30"]) == (5.0, 12.0, 1.0)


def test_labels_are_shorter_where_the_history_is() -> None:
    early = STARTS_AT + timedelta(days=100)

    assert choose_origins(STARTS_AT, AS_OF, HORIZON)[1] == HORIZON
    assert choose_origins(STARTS_AT, early, HORIZON) == (
        [STARTS_AT + timedelta(days=50)],
        timedelta(days=50),
    )


def test_mbg_cnbd_of_shape_one_is_mbg_nbd() -> None:
    days = make_days()
    features = read_windows(days, AS_OF)
    past = read_histories(days, features, AS_OF)
    table = np.column_stack([past.x, past.last, past.age])
    ours = cnbd._fit_shape(past, 1)
    usual = BGNBD(dropout_at_zero=True, penalty=1e-4).fit(table)

    assert ours.log_likelihood == pytest.approx(usual.log_likelihood_, abs=0.01)
    np.testing.assert_allclose(ours.p_alive(past), usual.p_alive(table), atol=1e-3)
    np.testing.assert_allclose(
        ours.p_active(past, 90.0), usual.p_active(table, 90.0), atol=1e-3
    )


def test_those_who_buy_evenly_have_a_higher_shape() -> None:
    shapes = []
    for days in (make_days(), make_days(every=30.0)):
        features = read_windows(days, AS_OF)
        shapes.append(cnbd.fit_cnbd(read_histories(days, features, AS_OF)).k)

    assert shapes[0] == 1
    assert shapes[1] == 4


def test_each_method_scores_each_customer() -> None:
    days = make_days(n=120)
    customers, scores = score_all(days, as_of=AS_OF, horizon=HORIZON)

    assert tuple(scores) == METHODS
    for method in scores.values():
        for way in (*method.buys, *method.spends):
            assert way.shape == customers.shape
            assert np.isfinite(way).all()
