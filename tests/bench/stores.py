"""A shop as its users have one: the sample log, a champion, and a store that grew."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from regulars.demo import SAMPLE
from serving.store import create_key, open_store
from tests.bench.load import ROOT
from tests.bench.servers import Server, free_port, serving

BUNDLE = "REGULARS_BENCH_BUNDLE"
"""Says where the bundle is that MLflow serves."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder with a config, a registry, a published run, and a key for its API."""

    folder: Path
    key: str

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.folder / "regulars.db"

    @property
    def headers(self) -> dict[str, str]:
        """What a caller sends."""
        return {"Authorization": f"Bearer {self.key}"}

    @contextmanager
    def open(self) -> Iterator[Server]:
        """Serve it as its users do, in one worker."""
        port = free_port()
        config = str(self.folder / "regulars.toml")
        with serving(
            ["regulars", "serve", "-c", config, "--port", str(port)], port=port
        ) as server:
            yield server

    def customer_ids(self, n: int) -> list[str]:
        """Return the ids of some customers, spread over the whole run."""
        rows = self.ask("SELECT customer_id FROM scores ORDER BY rowid")
        return [str(name) for (name,) in rows[:: max(1, len(rows) // n)]][:n]

    def body_of(self, customer_id: str) -> bytes:
        """Return what is stored of one customer."""
        query = "SELECT body FROM scores WHERE customer_id = ?"
        ((body,),) = self.ask(query, customer_id)
        return str(body).encode()

    def ask(self, query: str, *given: object) -> list[tuple[object, ...]]:
        """Ask the store."""
        with closing(sqlite3.connect(self.store)) as con:
            return con.execute(query, given).fetchall()


@lru_cache(maxsize=1)
def sample_shop() -> Shop:
    """Train on the sample log, score it and publish, once a process."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(SAMPLE.parent, folder, dirs_exist_ok=True)
    config = folder / "regulars.toml"
    written = config.read_text().replace("../../mlflow/regulars.db", "mlflow.db")
    config.write_text(written.replace("../../regulars.db", "regulars.db"))
    for command in ("train", "score"):
        subprocess.run(
            [sys.executable, "-m", "regulars", command, "-c", str(config)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
        )
    with closing(open_store(f"sqlite:///{folder / 'regulars.db'}")) as store:
        reads = create_key(store, name="reads", scopes=["read"])
    return Shop(folder, reads.secret)


def with_predict(shop: Shop) -> Shop:
    """Return the shop with a key that may predict: a worker then loads the model."""
    with closing(open_store(f"sqlite:///{shop.store}")) as store:
        key = create_key(store, name="predicts", scopes=["read", "predict"])
    return Shop(shop.folder, key.secret)
