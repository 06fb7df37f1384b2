"""Ctrl-C ends a command at once, with 130 and without a traceback."""

import os
import signal
import subprocess
import sys
import time

import pytest

from regulars.quiet import DEFAULTS, hush_third_parties
from tests.regulars.conftest import DATA, ROOT


def test_ctrl_c_while_training_leaves_no_traceback() -> None:
    """The log has been read once the first line is told; what follows takes longer."""
    args = ["-m", "regulars", "train", "-c", str(DATA / "regulars.toml")]
    with subprocess.Popen(
        [sys.executable, *args], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        assert "Reading the log" in process.stderr.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "stopped" in told
    assert "Traceback" not in told


def test_nothing_is_sent_out_unless_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    hush_third_parties()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "false"
