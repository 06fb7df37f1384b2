"""An app over a store with a published run, and callers with keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.store import Store, create_key, publish
from tests.serving.samples import Shelf, context, described, scored


@pytest.fixture
def shelf() -> Shelf:
    """Return an empty registry."""
    return Shelf()


@pytest.fixture
def published_store(sqlite_store: Store) -> Store:
    """Return a store with a run of 12 customers."""
    publish(sqlite_store, scored(12), context=context(), model=described())
    return sqlite_store


@pytest.fixture
def client(published_store: Store, shelf: Shelf) -> Iterator[TestClient]:
    """Return a client without a key."""
    app = create_app(store=published_store, bundles=shelf)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def reader(client: TestClient, published_store: Store) -> TestClient:
    """Return the client with a key that may read and predict."""
    key = create_key(published_store, name="crm", scopes=["read", "predict"])
    client.headers["Authorization"] = f"Bearer {key.secret}"
    return client
