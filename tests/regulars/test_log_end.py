"""One contact dated a year ahead changes no as_of, score or tier, and is named."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.cli import main
from tests.buyers import Rows, make_rows
from tests.regulars.shop import open_shop


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the configs of a shop, and of the same with a contact a year ahead."""
    rows = make_rows(n_customers=240)
    last = max(row["occurred_at"] for row in rows.transactions)
    stray = {**rows.interactions[0], "occurred_at": last + timedelta(days=365)}
    logs = {
        "plain": rows,
        "stray": Rows(rows.transactions, (*rows.interactions, stray)),
    }
    return {
        name: open_shop(tmp_path_factory.mktemp(name), log).config
        for name, log in logs.items()
    }


def run(
    capsys: pytest.CaptureFixture[str], command: str, config: Path, *args: str
) -> dict[str, Any]:
    """Run a command; return what it prints as JSON."""
    capsys.readouterr()
    assert main([command, "-c", str(config), "--json", *args], {}) == 0
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return values


def scores(capsys: pytest.CaptureFixture[str], config: Path, *, as_of: str) -> pa.Table:
    """Train and score by the command line; return the rows, whatever their version."""
    out = config.with_name("scores.parquet")
    trained = run(capsys, "train", config)
    assert trained["as_of"].startswith(as_of)
    scored = run(capsys, "score", config, "--out", str(out))
    assert scored["as_of"].startswith(as_of)
    return pq.read_table(out).drop_columns(["model_version"])


def test_the_stray_contact_is_named_and_moves_no_end(
    shops: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    plain, stray = (run(capsys, "check", shops[name]) for name in ("plain", "stray"))
    assert stray["ends_at"] == plain["ends_at"]
    (note,) = set(stray["notes"]) - set(plain["notes"])
    assert note.startswith("interactions run to ")
    assert "1 row is later, and not seen" in note


def test_scores_and_tiers_are_those_of_the_log_without_it(
    shops: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    as_of = run(capsys, "check", shops["plain"])["ends_at"][:10]
    plain, stray = (scores(capsys, config, as_of=as_of) for config in shops.values())
    assert set(plain["tier"].to_pylist()) > {"C"}
    assert stray.equals(plain)
