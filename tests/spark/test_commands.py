"""The commands with `[data] engine = "spark"`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from regulars.cli import main
from tests.regulars.shop import Shop, open_shop, stock
from tests.spark.cluster import Cluster

if TYPE_CHECKING:
    from tests.buyers import Rows
    from tests.conftest import Registry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop_there(rows: Rows, registry: Registry, tmp_path: Path) -> Shop:
    shop = open_shop(tmp_path, rows)
    stock(shop, registry)
    main(["promote", "1", "-c", str(shop.config)], {})
    return shop


def run(cluster: Cluster, shop: Shop, *words: str) -> dict[str, Any]:
    """Run a command in a process of its own; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "regulars", *words, "--json", "-c", str(shop.config)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **cluster.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("where", ["local", "connect"])
def test_a_log_is_checked_and_scored_on_spark_as_on_one_machine(
    where: str, cluster: Cluster, shop_there: Shop, tmp_path: Path
) -> None:
    here = [
        run(cluster, shop_there, "check"),
        run(cluster, shop_there, "score", "--out", str(tmp_path / "here.parquet")),
    ]
    address = "local[2]" if where == "local" else cluster.start_connect()
    config, engine = shop_there.config, f'engine = "spark"\nspark = "{address}"'
    config.write_text(config.read_text().replace("[data]\n", f"[data]\n{engine}\n"))
    try:
        there = [
            run(cluster, shop_there, "check"),
            run(cluster, shop_there, "score", "--out", str(tmp_path / "there.parquet")),
        ]
    finally:
        if where == "connect":
            cluster.kill("connect")

    shares = [said["facts"].pop("returns_share") for said in (there[0], here[0])]
    assert shares[0] == pytest.approx(shares[1]), "a sum of doubles, in another order"
    assert there[0] == here[0]
    assert there[1]["customers"] == here[1]["customers"]
    assert there[1]["tiers"] == here[1]["tiers"]
    rows = [pq.read_table(tmp_path / f"{name}.parquet") for name in ("here", "there")]
    for name in ("customer_id", "tier", "priority", "risk_band"):
        assert rows[0][name].equals(rows[1][name])
