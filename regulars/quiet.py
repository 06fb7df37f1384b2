"""Settings of third parties that must stand before they are imported."""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFAULTS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
}


def hush_third_parties() -> None:
    """No telemetry, no pickles, no chatter, unless the user set it otherwise."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
