"""The version that the benchmarks score with, and customers to score."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from models.bundle.bundle import Bundle, load_bundle, save_bundle
from regulars.demo import SAMPLE
from regulars.log import open_sample
from regulars.settings.settings import load_settings
from training.fit.pair import Recipe
from training.fit.purchases import fit_customer_model

VERSION = "1"


@lru_cache(maxsize=1)
def sample_folder() -> Path:
    """Fit the sample log's model, once a process; return its bundle's folder."""
    place = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    folder = place / "bundle"
    settings = load_settings(SAMPLE, environ={})
    with open_sample(settings) as log:
        fitted = fit_customer_model(
            log,
            as_of=log.ends_at,
            horizon_days=settings.model.horizon_days,
            recipe=Recipe(seed=0),
            progress=lambda step: None,
        )
    save_bundle(folder, fitted.model, reference=fitted.features, card={}, facts={})
    return folder


@lru_cache(maxsize=1)
def sample_bundle() -> Bundle:
    """Read the sample log's bundle."""
    return load_bundle(sample_folder(), version=VERSION)


def many_customers(bundle: Bundle, n: int, *, seed: int = 0) -> pd.DataFrame:
    """Draw customers from those of the sample, amounts a little altered.

    Returns
    -------
    DataFrame of shape (n, n_features)
        Indexed by ``customer_id``.
    """
    rng = np.random.default_rng(seed)
    known = bundle.reference
    drawn = known.iloc[rng.integers(0, len(known), n)]
    values = drawn.to_numpy(dtype=np.float64, copy=True)
    broken = (np.nan_to_num(known.to_numpy(dtype=np.float64)) % 1 != 0).any(axis=0)
    broken &= ~known.columns.isin(COUNTED)
    values[:, broken] *= rng.uniform(0.97, 1.03, (n, 1))
    ids = pd.Index([f"c{number:08}" for number in range(n)], name="customer_id")
    return pd.DataFrame(values, index=ids, columns=known.columns)


COUNTED = ("frequency", "recency", "T")
"""What has to stay a history that can be."""
