"""Tests of who is let in."""

import asyncio
import logging

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from serving.api.deps import Door
from serving.errors import UnauthenticatedError
from serving.queries import KeyRing
from serving.store import Key, Store, create_key, list_keys, revoke_key
from serving.store.keys import SCOPES

PROTECTED = {
    ("GET", "/v1/customers"): "read",
    ("GET", "/v1/customers/c00001"): "read",
    ("GET", "/v1/model"): "read",
    ("POST", "/v1/predict"): "predict",
}
OPEN = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")


@pytest.mark.parametrize("call", PROTECTED)
def test_without_a_key_nothing_is_told(
    client: TestClient, call: tuple[str, str]
) -> None:
    answer = client.request(*call)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:regulars:problem:unauthenticated"


@pytest.mark.parametrize("url", OPEN)
def test_operators_and_readers_of_the_docs_need_no_key(
    client: TestClient, url: str
) -> None:
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("call", PROTECTED)
def test_a_key_opens_what_its_scope_says(
    client: TestClient, published_store: Store, call: tuple[str, str], scope: str
) -> None:
    key = create_key(published_store, name="crm", scopes=[scope])
    asked = {"customers": [{"customer_id": "c00001"}]} if call[0] == "POST" else None
    sent = {"Authorization": f"Bearer {key.secret}"}
    answer = client.request(*call, headers=sent, json=asked)
    if scope in {PROTECTED[call], "admin"}:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:regulars:problem:forbidden"


def test_the_key_may_come_in_a_header_of_its_own(
    client: TestClient, published_store: Store
) -> None:
    key = create_key(published_store, name="crm", scopes=["read"])
    assert client.get("/v1/model", headers={"X-API-Key": key.secret}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "rgl_1_2",
        "Bearer rgl_é",
        "Bearer \xff",
    ],
)
def test_other_credentials_are_refused(client: TestClient, header: str) -> None:
    sent = {b"Authorization": header.encode("latin-1")}
    assert client.get("/v1/model", headers=sent).status_code == 401


def test_a_revoked_key_is_refused(client: TestClient, published_store: Store) -> None:
    key = create_key(published_store, name="crm", scopes=["read"])
    revoke_key(published_store, key.key_id)
    sent = {"X-API-Key": key.secret}
    assert client.get("/v1/model", headers=sent).status_code == 401


def test_a_key_in_the_address_is_refused_and_not_repeated(
    client: TestClient, published_store: Store
) -> None:
    secret = create_key(published_store, name="crm", scopes=["read"]).secret
    for url in (
        f"/v1/customers?api_key={secret}",
        f"/v1/customers?tier={secret}",
        f"/v1/customers/{secret}",
        "/v1/customers?sort=priority&access_token=canary",
    ):
        answer = client.get(url, headers={"X-API-Key": secret})
        assert answer.status_code == 400
        assert answer.json()["type"] == "urn:regulars:problem:key-in-url"
        assert secret not in answer.text


def test_a_caller_is_told_of_the_key_before_the_request_is_judged(
    client: TestClient,
) -> None:
    assert client.get("/v1/customers?limit=0").status_code == 401
    assert client.post("/v1/predict", content=b"{").status_code == 401


def test_the_use_of_a_key_is_recorded(
    client: TestClient, published_store: Store
) -> None:
    key = create_key(published_store, name="crm", scopes=["read"])
    for _ in range(3):
        client.get("/v1/model", headers={"X-API-Key": key.secret})
    assert list_keys(published_store)[0].last_used_at is not None


def test_keys_are_nowhere_in_the_logs_and_metrics(
    client: TestClient,
    published_store: Store,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = create_key(published_store, name="crm", scopes=["read"])
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        for url in (
            "/v1/model",
            "/v1/customers?limit=x",
            f"/v1/customers/{key.secret}",
        ):
            client.get(url, headers={"X-API-Key": key.secret})
        client.post("/v1/predict", headers={"X-API-Key": key.secret}, json={})
        client.get("/v1/model", headers={"X-Request-ID": key.secret})
        client.get("/v1/model", headers={"Authorization": f"Bearer {key.secret}x"})
    printed = capsys.readouterr()
    ours = [one.getMessage() for one in caplog.records if one.name != "httpx2"]
    said = [repr(logs), repr(ours), printed.out, printed.err]
    said.append(client.get("/metrics").text)
    assert not any(key.secret.split("_")[2] in text for text in said)
    assert key.key_id in repr(logs)


class CountingRing(KeyRing):
    """Counts how often the store is asked."""

    n_asked = 0

    def authenticate(self, presented: str) -> Key:
        """Ask the store."""
        self.n_asked += 1
        return super().authenticate(presented)


def test_the_store_is_asked_once_for_all_who_come_at_once(
    published_store: Store,
) -> None:
    ring = CountingRing(published_store)
    secret = create_key(published_store, name="crm", scopes=["read"]).secret

    async def ask(presented: str) -> list[Key | BaseException]:
        door = Door(ring)
        asking = [door.ask(presented) for _ in range(5)]
        return await asyncio.gather(*asking, return_exceptions=True)

    assert {key.key_id for key in asyncio.run(ask(secret)) if isinstance(key, Key)} == {
        secret.split("_")[1]
    }
    assert ring.n_asked == 1
    refused = asyncio.run(ask(secret[:-1]))
    assert all(isinstance(each, UnauthenticatedError) for each in refused)
    assert ring.n_asked == 2
