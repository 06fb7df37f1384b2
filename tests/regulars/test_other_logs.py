"""A config of five lines trains and scores logs that nobody tuned it for."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.regulars.conftest import ROOT, Run

SHARED = ROOT.parent / "shared" / "data"
LOGS = {
    "cdnow": (SHARED / "cdnow/cdnow_sample_1in10.parquet", 1),
    "complete_journey": (SHARED / "complete_journey/transactions.parquet", 5),
}
CONFIG = """[data]
transactions = "sales.parquet"
[data.columns.transactions]
occurred_at = "timestamp"
"""


@pytest.mark.parametrize("name", LOGS)
def test_five_lines_are_enough(name: str, tmp_path: Path, regulars: Run) -> None:
    source, share = LOGS[name]
    if not source.exists():
        pytest.skip(f"{source} is not on this machine")
    with duckdb.connect() as con:
        con.execute(
            f"COPY (FROM '{source}' WHERE hash(customer_id) % {share} = 0) "
            f"TO '{tmp_path}/sales.parquet'"
        )
        [(customers,)] = con.execute(
            f"SELECT count(DISTINCT customer_id) FROM '{tmp_path}/sales.parquet' "
            "WHERE amount > 0"
        ).fetchall()
    config, out = tmp_path / "regulars.toml", tmp_path / "scores.parquet"
    config.write_text(CONFIG)
    trained = regulars("train", "-c", config, "--json")
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["holdout"]["n_customers"] > 0
    scored = regulars("score", "-c", config, "--out", out)
    assert scored.returncode == 0, scored.stderr
    assert pq.read_metadata(out).num_rows == customers
