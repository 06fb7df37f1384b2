"""The served model as MLflow serves any: features in, forecasts out, no reasons."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd

from models.bundle.bundle import load_bundle
from tests.bench.stores import BUNDLE


class Served(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """The model of a bundle."""

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        self.model = load_bundle(Path(os.environ[BUNDLE]), version="1").model

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """Foretell the horizon of each row."""
        forecast = self.model.predict(self.model.design(model_input))
        return pd.DataFrame(
            {
                "churn_probability": forecast.churn_probability,
                "expected_value": forecast.expected_value,
            }
        )


mlflow.models.set_model(Served())
