"""An app over a store with a published run, and callers with keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.store import Publication, Store, create_key, open_store, publish
from tests.serving.samples import Shelf, context, described, scored


@pytest.fixture
def shelf() -> Shelf:
    """Return an empty registry."""
    return Shelf()


@pytest.fixture(scope="session")
def published_file(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Publish 12 customers once; each test copies them."""
    path = tmp_path_factory.mktemp("published") / "regulars.db"
    shutil.copy(migrated_file, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        publish(store, Publication(scored(12), context=context(), model=described()))
    return path


@pytest.fixture
def published_store(published_file: Path, tmp_path: Path) -> Iterator[Store]:
    """Return a store with a run of 12 customers."""
    path = tmp_path / "published.db"
    shutil.copy(published_file, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        yield store


@pytest.fixture
def client(published_store: Store, shelf: Shelf) -> Iterator[TestClient]:
    """Return a client without a key."""
    app = create_app(store=published_store, scorers=shelf)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def reader(client: TestClient, published_store: Store) -> TestClient:
    """Return the client with a key that may read and predict."""
    key = create_key(published_store, name="crm", scopes=["read", "predict"])
    client.headers["Authorization"] = f"Bearer {key.secret}"
    return client
