"""Look-ups by id, against a FastAPI that knows the answer; what a worker weighs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.load import get
from tests.bench.rounds import Side, in_turn, warm
from tests.bench.rows import Row
from tests.bench.servers import Server, bare, free_port, serving
from tests.bench.stores import sample_shop

CONNECTIONS = 8
SECONDS, ROUNDS = 2.0, 5
N_CUSTOMERS = 500
LEAST, AIM = 0.6, 0.8
MOST_MB = 300


def lookup_rows() -> list[Row]:
    """Ask one worker of each for customers of the sample's run."""
    shop = sample_shop()
    ids = shop.customer_ids(N_CUSTOMERS)
    asked = [get(f"/v1/customers/{name}", headers=shop.headers) for name in ids]
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder) / "body.json"
        body.write_bytes(shop.body_of(ids[0]))
        port = free_port()
        with shop.open() as ours, serving(bare(body, port), port=port) as theirs:
            return [_speed(Side(ours, asked), Side(theirs, asked)), _weight(ours)]


def _speed(ours: Side, theirs: Side) -> Row:
    warm(ours, seconds=5.0)
    warm(theirs)
    our, their = in_turn(
        ours, theirs, connections=CONNECTIONS, seconds=SECONDS, rounds=ROUNDS
    )
    share = our.per_second / their.per_second
    return Row(
        what="`GET /v1/customers/{id}`, one worker",
        against="FastAPI that answers with the same bytes",
        ours_seconds=1 / our.per_second,
        theirs_seconds=1 / their.per_second,
        ratio=f"{share:.0%} of its requests/s",
        at_least=f"{LEAST:.0%}",
        aim=f"{AIM:.0%}, p99 under 10 ms",
        met=share >= LEAST,
        note=f"{our.per_second:,.0f} to {their.per_second:,.0f} requests/s over "
        f"{CONNECTIONS} connections, p99 {our.p99_ms:.1f} to {their.p99_ms:.1f} ms; "
        "with key, store, log and metrics",
    )


def _weight(server: Server) -> Row:
    resident, own = server.memory()
    return Row(
        what="memory of that worker after it",
        against="a limit",
        ours_seconds=None,
        theirs_seconds=None,
        ratio=f"{resident:.0f} MB",
        at_least=f"{MOST_MB} MB",
        aim=f"{MOST_MB} MB",
        met=resident < MOST_MB,
        note=f"resident, {own:.0f} MB of it its own; nobody may ask it to predict",
    )
