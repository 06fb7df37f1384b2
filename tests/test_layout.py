"""The folder names are safe to import."""

from importlib import import_module
from pathlib import Path

import mlflow
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "name", ["features", "models", "training", "serving", "regulars"]
)
def test_each_package_is_ours(name: str) -> None:
    """No installed distribution shadows a generic name."""
    file = import_module(name).__file__
    assert file is not None
    assert Path(file).parent == ROOT / name


def test_mlflow_is_the_installed_one() -> None:
    """The mlflow folder holds no Python."""
    assert mlflow.__file__ is not None
    assert not Path(mlflow.__file__).is_relative_to(ROOT / "mlflow")
    assert list((ROOT / "mlflow").rglob("*.py")) == []
