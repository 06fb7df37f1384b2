"""`regulars serve` answers from the published run, and stops when told."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from regulars.cli import main
from tests.regulars.conftest import ROOT, Demo

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def server(demo: Demo) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve on a free port; yield the process and its address."""
    args = ["-m", "regulars", "serve", "-c", str(demo.config), "--port", "0"]
    with subprocess.Popen(
        [sys.executable, *args], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        announced = re.search(r"http://\S+:\d+", process.stderr.readline())
        assert announced is not None
        yield process, announced[0]
        process.kill()


def test_the_line_of_the_demo_is_answered(
    demo: Demo, server: tuple[subprocess.Popen[str], str]
) -> None:
    key, path = re.findall(
        r"Bearer (rgl_\w+)' http://[\d.:]+(/v1/\S+)", demo.outcome.stdout
    )[0]
    answer = httpx2.get(
        server[1] + path, headers={"Authorization": f"Bearer {key}"}, timeout=30
    )
    assert answer.status_code == 200
    assert answer.json()["customer_id"] == path.rpartition("/")[2]


def test_without_a_key_nothing_is_told(
    server: tuple[subprocess.Popen[str], str],
) -> None:
    assert httpx2.get(f"{server[1]}/v1/customers", timeout=30).status_code == 401
    assert httpx2.get(f"{server[1]}/docs", timeout=30).status_code == 200


def test_ctrl_c_ends_it_well(server: tuple[subprocess.Popen[str], str]) -> None:
    process, address = server
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
    with pytest.raises(httpx2.ConnectError, match="refused"):
        httpx2.get(address, timeout=5)


def test_a_taken_port_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "regulars.toml"
    config.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "-c", str(config), "--port", port], {}) == 2
    assert "--port" in capsys.readouterr().err


def test_serving_starts_without_training_tracker_or_model() -> None:
    code = (
        "import sys, regulars.commands.serve\n"
        "heavy = ('mlflow', 'shap', 'matplotlib', 'optuna', 'numba', 'duckdb',\n"
        " 'pandas', 'lightgbm', 'sklearn', 'scipy', 'sqlglot')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
