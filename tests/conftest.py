"""One log, one version trained on it and one registry, for all tests that need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from regulars.quiet import hush_third_parties
from tests.buyers import STARTS_AT, Rows, make_rows

if TYPE_CHECKING:
    from features.door.log_files import Log
    from models.bundle.bundle import Bundle
    from training.registry import Registered
    from training.train import TrainedModel, TrainOptions

collect_ignore = ["bench/pyfunc.py"]
"""What MLflow loads by its path: it judges the class as soon as it is imported."""

hush_third_parties()  # before any test imports mlflow
settings.register_profile("regulars", deadline=None)  # machines are shared and stall
settings.load_profile("regulars")

AS_OF = STARTS_AT + timedelta(days=480)
HORIZON_DAYS = 60


@dataclass(frozen=True, slots=True)
class Registry:
    """An MLflow store with one version."""

    tracking_uri: str
    registered: Registered


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Let no small matrix wait for threads; the tests may share the machine."""
    with threadpool_limits(1, "blas"):
        yield


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Draw the log: it goes on for ten weeks after ``AS_OF``."""
    return make_rows()


@pytest.fixture(scope="session")
def buyers_log(rows: Rows) -> Iterator[Log]:
    """Open the log."""
    with rows.open() as log:
        yield log


@pytest.fixture(scope="session")
def options() -> TrainOptions:
    """Train with few trees."""
    from training.train import TrainOptions

    return TrainOptions(
        horizon=timedelta(days=HORIZON_DAYS), seed=1, parameters={"num_iterations": 40}
    )


@pytest.fixture(scope="session")
def trained_model(
    buyers_log: Log, options: TrainOptions, tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    """Train as of ``AS_OF``, once."""
    from training.train import train

    folder = tmp_path_factory.mktemp("version") / "bundle"
    return train(buyers_log, as_of=AS_OF, folder=folder, options=options)


@pytest.fixture(scope="session")
def bundle(trained_model: TrainedModel) -> Bundle:
    """Read the bundle of the trained version."""
    from models.bundle.bundle import load_bundle

    return load_bundle(trained_model.folder, version="1", sha256=trained_model.sha256)


@pytest.fixture(scope="session")
def registry(
    trained_model: TrainedModel, tmp_path_factory: pytest.TempPathFactory
) -> Registry:
    """Register the trained version in a store of its own."""
    from training.registry import register

    tracking_uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'regulars.db'}"
    return Registry(tracking_uri, register(trained_model, tracking_uri=tracking_uri))
