"""Tests of serving over a real socket."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from features.errors import ConfigError
from serving.api.run import serve
from serving.store import Store, create_key

ROOT = Path(__file__).resolve().parents[3]

SERVER = """
import sys, threading
from serving.api.app import create_app
from serving.api.run import serve
from serving.store import open_store
from tests.serving.samples import Shelf

store = open_store(sys.argv[1])
app = create_app(store=store, scorers=Shelf())
begun, done = threading.Event(), threading.Event()

@app.get("/slow")
def slow():
    begun.set()
    done.wait(timeout=20)
    return {"status": "done"}

@app.get("/begun")
def has_begun():
    begun.wait(timeout=20)

@app.get("/modules")
def modules():
    return sorted(sys.modules)

def release():
    sys.stdin.readline()
    done.set()

threading.Thread(target=release, daemon=True).start()
serve(app, port=0, on_ready=lambda address: print(address, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def running(store: Store) -> Iterator[tuple[subprocess.Popen[str], httpx2.Client]]:
    """Run a server in a process of its own; yield it and a client."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(store.engine.url)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        address = process.stdout.readline().strip()
        key = create_key(store, name="crm", scopes=["read"]).secret
        sent = {"X-API-Key": key}
        with httpx2.Client(base_url=address, headers=sent, timeout=30) as client:
            yield process, client
        process.kill()


def test_a_request_that_runs_when_asked_to_stop_is_answered(
    published_store: Store,
) -> None:
    with running(published_store) as (process, client):
        answers: list[Any] = []
        asking = threading.Thread(target=lambda: answers.append(client.get("/slow")))
        asking.start()
        client.get("/begun")
        process.terminate()
        out, _ = process.communicate("go\n", timeout=30)
        asking.join()
    assert answers[0].json() == {"status": "done"}
    assert out == "stopped\n"
    assert process.returncode == 0


def test_look_ups_load_no_model_and_no_migrations(published_store: Store) -> None:
    with running(published_store) as (_, client):
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/customers/c00001").status_code == 200
        assert client.get("/v1/customers").status_code == 200
        loaded = set(client.get("/modules").json())
    heavy = {"alembic", "duckdb", "lightgbm", "mlflow", "pandas", "scipy", "sklearn"}
    assert loaded & heavy == set()


def test_customers_and_keys_are_in_no_log(published_store: Store) -> None:
    with running(published_store) as (process, client):
        client.get("/v1/customers/canary?tier=canary")
        key = client.headers["X-API-Key"]
        client.get(f"/v1/customers?api_key={key}")
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert '"route": "/v1/customers/{customer_id}"' in err
    assert "canary" not in err
    assert key not in err


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port} is taken"):
            serve(FastAPI(), port=port)


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(ConfigError, match=r"192.0.2.1:0 cannot be listened on"):
        serve(FastAPI(), "192.0.2.1", 0)
