"""Tests of the documentation page and its assets."""

import hashlib
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.api.settings import ApiSettings
from serving.store import Store
from tests.serving.samples import Shelf

STATIC = Path(__file__).resolve().parents[3] / "serving" / "static"


def test_the_page_takes_everything_from_this_machine(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert not address.startswith(("http", "//"))
        if not address.startswith("data:"):
            assert client.get(f"/{address}").status_code == 200


def test_the_page_may_load_nothing_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy


def test_no_style_sheet_or_script_of_ours_names_another_host() -> None:
    style = (STATIC / "swagger-ui.css").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!['\"]?(?:data:|#))", style) == []
    assert "http" not in (STATIC / "docs.js").read_text(encoding="utf-8")


def test_the_vendored_files_are_those_that_were_recorded() -> None:
    lines = (STATIC / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    recorded = {name: digest for digest, name in (line.split() for line in lines)}
    found = {path.name for path in STATIC.glob("swagger-ui*")}
    assert set(recorded) == found
    for name, digest in recorded.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("path", ["../errors.py", "..%2ferrors.py", "%2e%2e/errors.py"])
def test_only_the_assets_are_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_the_docs_can_be_switched_off(published_store: Store) -> None:
    settings = ApiSettings(docs=False)
    app = create_app(store=published_store, scorers=Shelf(), settings=settings)
    client = TestClient(app)
    for url in ("/docs", "/openapi.json", "/static/docs.js"):
        assert client.get(url).status_code == 404
    assert client.get("/healthz").status_code == 200
