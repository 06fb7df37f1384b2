"""Contributions and scores of the served trees, against shap and LightGBM."""

from __future__ import annotations

from functools import partial
from itertools import chain

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle.bundle import Bundle
from models.parts.boosting import contributions, raw_score
from models.purchases.model import CustomerModel
from tests.bench.clock import timed
from tests.bench.rows import Row
from tests.bench.served import many_customers, sample_bundle

Floats = npt.NDArray[np.float64]


def explain_rows(n_customers: int = 100_000) -> list[Row]:
    """Time both models of the sample's version over ``n_customers``."""
    bundle = sample_bundle()
    X = bundle.model.design(many_customers(bundle, n_customers))
    return list(
        chain(
            _shap(bundle, X.iloc[: min(n_customers, 20_000)]),
            _scores(bundle, X),
            _forecast(bundle, X),
        )
    )


def _shap(bundle: Bundle, X: pd.DataFrame) -> list[Row]:
    import shap

    ours = theirs = worst = 0.0
    for booster, matrix in _boosters(bundle, X):
        contributions(booster, matrix[:1])  # tables are made when a version is loaded
        explainer = shap.TreeExplainer(booster)
        seconds, (found, _) = timed(contributions, booster, matrix)
        ours += seconds
        seconds, expected = timed(explainer.shap_values, matrix)
        theirs += seconds
        worst = max(worst, float(np.abs(found - expected).max()))
    return [
        Row(
            what=f"SHAP values of churn and value, {len(X):,} customers",
            against="shap.TreeExplainer, all cores",
            ours_seconds=ours,
            theirs_seconds=theirs,
            ratio=f"{theirs / ours:.1f}x faster",
            at_least="5x, equal within 1e-6",
            aim="10x, within 1e-9",
            met=theirs / ours >= 5 and worst <= 1e-6,
            note=f"equal within {worst:.0e}; ours on one core",
        )
    ]


def _scores(bundle: Bundle, X: pd.DataFrame) -> list[Row]:
    ours = theirs = 0.0
    for booster, matrix in _boosters(bundle, X):
        raw_score(booster, matrix[:1])
        seconds, found = timed(raw_score, booster, matrix)
        ours += seconds
        seconds, expected = timed(partial(booster.predict, raw_score=True), matrix)
        theirs += seconds
        if found.tolist() != np.asarray(expected).tolist():
            raise AssertionError("a score is not LightGBM's")
    what = f"predict without reasons, {len(X):,} customers"
    return [_predict_row(what, ours, theirs, "the same bits; ours on one core")]


def _forecast(bundle: Bundle, X: pd.DataFrame) -> list[Row]:
    """Time all that is foretold, of which the trees are a part."""
    pairs = _boosters(bundle, X)
    bundle.model.predict(X.iloc[:1])
    ours, _ = timed(bundle.model.predict, X)
    theirs = sum(timed(booster.predict, matrix)[0] for booster, matrix in pairs)
    what = f"the whole forecast, {len(X):,} customers"
    note = "ranks, BG/NBD, calibration, bands and clusters with it"
    return [_predict_row(what, ours, theirs, note)]


def _predict_row(what: str, ours: float, theirs: float, note: str) -> Row:
    return Row(
        what=what,
        against="Booster.predict of both, all cores",
        ours_seconds=ours,
        theirs_seconds=theirs,
        ratio=f"{ours / theirs:.2f}x its time",
        at_least="1.1x",
        aim="1.0x",
        met=ours <= 1.1 * theirs,
        note=note,
    )


def _boosters(bundle: Bundle, X: pd.DataFrame) -> list[tuple[lgb.Booster, Floats]]:
    """Return each booster with the matrix that it reads."""
    assert isinstance(bundle.model, CustomerModel)
    models = (bundle.model.churn, bundle.model.value)
    return [
        (one.booster_, X[list(one.feature_names_in_)].to_numpy(dtype=np.float64))
        for one in models
    ]
