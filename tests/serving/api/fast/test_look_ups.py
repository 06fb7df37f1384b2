"""Tests of the fast path of look-ups: it answers as the app does."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from serving.api.app import create_app
from serving.api.fast.look_ups import FastLookUps
from serving.queries import KeyRing
from serving.store import Publication, Store, create_key, publish, revoke_key
from tests.serving.samples import Shelf, context, described, scored

URL = "/v1/customers/c00003"


def is_fast(client: TestClient, url: str = URL) -> bool:
    """Tell whether a GET with the client's key would be answered by the fast path."""
    app: Any = client.app
    headers = [(n.lower().encode(), v.encode()) for n, v in client.headers.items()]
    scope = {
        "method": "GET",
        "path": url,
        "raw_path": url.encode(),
        "query_string": b"",
        "headers": headers,
    }
    return FastLookUps(app.state.services).answer(scope) is not None


def test_only_a_first_look_up_is_answered_by_the_app(reader: TestClient) -> None:
    assert not is_fast(reader)
    first = reader.get(URL)
    assert is_fast(reader)
    for _ in range(3):
        other = reader.get(URL)
        assert other.content == first.content
        assert other.status_code == first.status_code == 200
        assert same_headers(other) == same_headers(first)


def same_headers(answer: Any) -> list[tuple[str, str]]:
    """Return the headers but the request's own name."""
    return sorted(pair for pair in answer.headers.items() if pair[0] != "x-request-id")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("/v1/customers/nobody", {}),
        ("/v1/customers/%00", {}),
        ("/v1/customers/a%2Fb", {}),
        (f"{URL}?canary=1", {}),
        (f"{URL}?api_key=1", {}),
        ("/v1/customers/token=1", {}),
        ("/v1/customers/", {}),
        (f"{URL}/actions", {}),
        (URL, {"If-None-Match": "*"}),
        (URL, {"Authorization": "Basic canary"}),
    ],
)
def test_what_is_not_plain_is_answered_as_before(
    reader: TestClient, url: str, headers: dict[str, str]
) -> None:
    before = reader.get(url, headers=headers)
    assert reader.get(URL).status_code == 200  # the key is known now
    after = reader.get(url, headers=headers)
    assert after.status_code == before.status_code
    assert same_headers(after) == same_headers(before)
    if before.status_code != 200:
        assert (
            after.text.partition("request_id")[0]
            == before.text.partition("request_id")[0]
        )


def test_a_new_run_is_seen_at_once(reader: TestClient, published_store: Store) -> None:
    before = [reader.get(URL) for _ in range(2)][1]
    run_id = publish(
        published_store,
        Publication(
            scored(5, model_version="2"), context=context(), model=described("2")
        ),
    )
    after = reader.get(URL)
    assert after.headers["etag"] == f'"{run_id}"' != before.headers["etag"]
    assert after.json()["model_version"] == "2"
    assert reader.get("/v1/customers/c00009").status_code == 404


def test_a_key_that_may_not_read_or_is_revoked_gets_nothing(
    published_store: Store,
) -> None:
    app = create_app(store=published_store, scorers=Shelf())
    app.state.services.keys._trust = 0.0
    client = TestClient(app)
    keys = [
        create_key(published_store, name="k", scopes=[s]) for s in ("predict", "read")
    ]
    for _ in range(2):
        answer = client.get(URL, headers={"X-API-Key": keys[0].secret})
        assert answer.status_code == 403
    assert client.get(URL, headers={"X-API-Key": keys[1].secret}).status_code == 200
    revoke_key(published_store, keys[1].key_id)
    assert client.get(URL, headers={"X-API-Key": keys[1].secret}).status_code == 401


def test_fast_look_ups_are_logged_and_counted_alike(reader: TestClient) -> None:
    with capture_logs() as logs:
        reader.get(URL)
        reader.get(URL)
    told = [
        {k: v for k, v in one.items() if k not in ("ms", "request_id")} for one in logs
    ]
    assert told[0] == told[1]
    assert {len(one["request_id"]) for one in logs} == {32}
    counted = reader.get("/metrics").text
    route = 'method="GET",route="/v1/customers/{customer_id}",status="200"'
    assert f"regulars_requests_total{{{route}}} 2.0" in counted


def test_a_postgresql_store_is_asked_by_the_app(postgres_store: Store) -> None:
    publish(
        postgres_store, Publication(scored(5), context=context(), model=described())
    )
    assert postgres_store.open_reader() is None
    key = create_key(postgres_store, name="crm", scopes=["read"])
    client = TestClient(create_app(store=postgres_store, scorers=Shelf()))
    client.headers["X-API-Key"] = key.secret
    for _ in range(2):
        assert client.get(URL).json()["customer_id"] == "c00003"
    assert not is_fast(client)


def test_a_worker_that_nobody_may_ask_to_predict_loads_no_model(
    published_store: Store, shelf: Shelf
) -> None:
    create_key(published_store, name="crm", scopes=["read"])
    assert not KeyRing(published_store).hold("predict")
    app = create_app(store=published_store, scorers=shelf)
    with TestClient(app):
        pass
    assert app.state.services.keeper._current is None
    create_key(published_store, name="shop", scopes=["predict"])
    with TestClient(app):
        pass
    assert app.state.services.keeper._current is not None
