"""The command line: what it offers, what it prints where, how it leaves."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from regulars.cli import main

COMMANDS = [
    "init",
    "check",
    "train",
    "promote",
    "retrain",
    "score",
    "serve",
    "demo",
    "keys",
]
ROOT = Path(__file__).resolve().parents[2]
KEYS = ["create", "list", "revoke"]
HEAVY = ["mlflow", "lightgbm", "sklearn", "pandas", "numpy", "duckdb", "fastapi"]


def run_python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"], {}) == 0
    shown = capsys.readouterr().out
    assert f"regulars {command}" in shown
    assert command == "keys" or "--config" in shown


@pytest.mark.parametrize("command", KEYS)
def test_each_keys_command_has_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", command, "--help"], {}) == 0
    assert "--config" in capsys.readouterr().out


def test_help_lists_exactly_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], {}) == 0
    shown = capsys.readouterr().out
    words = [line.strip("│ ").split(" ")[0] for line in shown.splitlines()]
    assert [word for word in words if word in COMMANDS] == COMMANDS


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, regulars.cli\n"
        "code = regulars.cli.main(['--help'], {})\n"
        f"print([name for name in {HEAVY} if name in sys.modules], code)"
    )
    assert run_python("-c", code).stdout.splitlines()[-1] == "[] 0"


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert main(["--version"], {}) == 0
    assert capsys.readouterr().out == f"regulars {project['version']}\n"


def test_python_m_regulars_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_python("-m", "regulars", "check", "-c", "nowhere.toml")
    assert main(["check", "-c", "nowhere.toml"], {}) == outcome.returncode == 2
    assert capsys.readouterr().err == outcome.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["chek"],
        ["check", "--jsn"],
        ["score", "--out"],
        ["serve", "--port", "http"],
        ["keys", "create", "--name", "crm"],
    ],
)
def test_bad_usage_leaves_with_two(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args, {}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error" in err


@pytest.mark.parametrize("command", ["check", "train", "promote", "retrain", "score"])
def test_a_bad_config_leaves_with_two_and_no_traceback(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "regulars.toml"
    path.write_text("[model]\nhorizon = 30\n")
    assert main([command, "-c", str(path)], {}) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert 'Did you mean "horizon_days"?' in err


@pytest.mark.parametrize("command", ["check", "train", "promote", "retrain", "score"])
def test_an_error_is_one_json_object_too(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "regulars.toml"
    assert main([command, "-c", str(path), "--json"], {}) == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert error["kind"] == "ConfigError"
    assert error["given"] in err
