"""The demo, once, on a tenth of the sample log's customers."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "notebooks" / "data"
SHARE = """
hash("Customer ID") % 10 = 0
OR "Customer ID" IS NULL AND hash("InvoiceDate") % 10 = 0
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Demo:
    """A config, and what `regulars demo --no-serve` said with it."""

    config: Path
    outcome: subprocess.CompletedProcess[str]


def run_regulars(*args: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "regulars", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.fixture(scope="session")
def regulars() -> Run:
    return run_regulars


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    with duckdb.connect() as con:
        for name in ("sales", "returns"):
            con.execute(
                f"COPY (FROM '{DATA}/{name}.parquet' WHERE {SHARE}) "
                f"TO '{folder}/{name}.parquet'"
            )
    config = folder / "regulars.toml"
    text = (DATA / "regulars.toml").read_text()
    config.write_text(text.replace("sqlite:///../../", "sqlite:///"))
    return Demo(config, run_regulars("demo", "--no-serve", "-c", config))
