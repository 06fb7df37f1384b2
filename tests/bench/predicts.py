"""Customers scored from their events, against ``mlflow models serve``."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from features.purchases.build import build_features
from models.bundle.bundle import Bundle, load_bundle
from models.purchases.model import CustomerModel
from regulars.log import open_sample
from regulars.settings.settings import load_settings
from tests.bench.load import post
from tests.bench.rounds import Side, in_turn, warm
from tests.bench.rows import Row
from tests.bench.servers import Server, free_port, serving
from tests.bench.stores import BUNDLE, Shop, sample_shop, with_predict

CONNECTIONS = 32
SECONDS, ROUNDS = 4.0, 3
N_CUSTOMERS = 200
LEAST, AIM = 5, 15
EVENTS = (20, 60)
"""Lines of the customers that are asked for."""


def predict_rows() -> list[Row]:
    """Ask one worker of each for the same customers."""
    shop = with_predict(sample_shop())
    bundle = _bundle(shop)
    ours, theirs = _requests(shop, bundle)
    with shop.open() as our, _mlflow(shop) as their:
        return [_compare(Side(our, ours), Side(their, theirs), bundle)]


def _compare(ours: Side, theirs: Side, bundle: Bundle) -> Row:
    warm(ours, seconds=8.0)
    warm(theirs, seconds=3.0)
    our, their = in_turn(
        ours, theirs, connections=CONNECTIONS, seconds=SECONDS, rounds=ROUNDS
    )
    times = our.per_second / their.per_second
    assert isinstance(bundle.model, CustomerModel)
    return Row(
        what="`POST /v1/predict` from a customer's events with reasons, one worker",
        against="`mlflow models serve`, the features given, no reasons",
        ours_seconds=1 / our.per_second,
        theirs_seconds=1 / their.per_second,
        ratio=f"{times:.1f}x its requests/s",
        at_least=f"{LEAST}x",
        aim=f"{AIM}x, p99 under 30 ms",
        met=times >= LEAST,
        note=f"{our.per_second:,.0f} to {their.per_second:,.0f} requests/s over "
        f"{CONNECTIONS} connections, p50 {our.p50_ms:.0f} to {their.p50_ms:.0f} ms, "
        f"p99 {our.p99_ms:.0f} to {their.p99_ms:.0f} ms; {EVENTS[0]} to {EVENTS[1]} "
        f"lines each, {len(bundle.model.plan.names)} features",
    )


def _bundle(shop: Shop) -> Bundle:
    return load_bundle(bundle_folder(shop), version="1")


def bundle_folder(shop: Shop) -> Path:
    """Return where the shop keeps the bundle that it serves."""
    kept = (shop.folder / ".regulars" / "bundles").glob("*/1/bundle")
    return max(kept, key=lambda folder: folder.stat().st_mtime)


def _requests(shop: Shop, bundle: Bundle) -> tuple[list[str], list[str]]:
    """Return what is sent to us, and what to MLflow, of the same customers."""
    settings = load_settings(shop.folder / "regulars.toml", environ={})
    assert isinstance(bundle.model, CustomerModel)
    with open_sample(settings) as log:
        features = build_features(log, bundle.model.plan, as_of=[log.ends_at])
        known = log.con.execute(
            "SELECT customer_id FROM transactions WHERE amount > 0 "
            f"GROUP BY customer_id HAVING count(*) BETWEEN {EVENTS[0]} AND {EVENTS[1]} "
            "ORDER BY hash(customer_id) LIMIT ?",
            [N_CUSTOMERS],
        ).fetchall()
        ids = [str(name) for (name,) in known]
        bodies = [_body(log.con, name) for name in ids]
    frame = features.to_pandas().set_index("customer_id").drop(columns="as_of")
    ours = [post("/v1/predict", body, headers=shop.headers) for body in bodies]
    theirs = [
        post("/invocations", _split(frame.loc[[name]].to_json(orient="split")))
        for name in ids
    ]
    return ours, theirs


def _split(frame: str) -> str:
    """Return what MLflow takes."""
    return f'{{"dataframe_split": {frame}}}'


def _body(con: Any, customer_id: str) -> str:
    """Return the request for one customer with its own events."""
    customer: dict[str, Any] = {"customer_id": customer_id}
    for table in ("transactions", "interactions"):
        query = f"SELECT * EXCLUDE (customer_id) FROM {table} WHERE customer_id = ?"
        found = con.execute(query, [customer_id])
        names = [column[0] for column in found.description]
        rows = [
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in zip(names, row, strict=True)
                if value is not None
            }
            for row in found.fetchall()
        ]
        if rows:
            customer[table] = rows
    return json.dumps({"customers": [customer]})


@contextmanager
def _mlflow(shop: Shop) -> Iterator[Server]:
    """Log the model as a pyfunc and serve it in this environment, one worker."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name:
        path = Path(name) / "model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow

            os.environ[BUNDLE] = str(bundle_folder(shop))
            mlflow.pyfunc.save_model(
                str(path), python_model=str(Path(__file__).with_name("pyfunc.py"))
            )
        port = free_port()
        options = ["-p", str(port), "--env-manager", "local", "--workers", "1"]
        with serving(
            ["mlflow", "models", "serve", "-m", str(path), *options],
            port=port,
            environ={"MLFLOW_DISABLE_TELEMETRY": "true"},
        ) as server:
            yield server
