"""Tests of health, readiness and metrics."""

from starlette.testclient import TestClient

from features.purchases.numpy.families.places import SlowFamily
from serving.api.app import create_app
from serving.store import Publication, Store, publish
from tests.serving.samples import Shelf, context, described, scored


def test_health_does_not_ask_the_store(sqlite_store: Store) -> None:
    client = TestClient(create_app(store=sqlite_store, scorers=Shelf()))
    with sqlite_store.write() as con:
        con.exec_driver_sql("DROP TABLE published")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_a_published_run_and_a_sound_bundle(
    sqlite_store: Store, shelf: Shelf
) -> None:
    client = TestClient(create_app(store=sqlite_store, scorers=shelf))
    assert client.get("/readyz").json()["type"] == "urn:regulars:problem:not-ready"
    shelf.spoilt = {"1"}
    publish(sqlite_store, Publication(scored(3), context=context(), model=described()))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:regulars:problem:no-model"
    run_id = publish(
        sqlite_store,
        Publication(
            scored(3, model_version="2"), context=context(), model=described("2")
        ),
    )
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "run_id": run_id,
        "model_version": "2",
        "slow_families": [],
    }


def test_ready_tells_which_features_are_slow_and_why(
    client: TestClient, shelf: Shelf
) -> None:
    reason = "mod() is not known in numpy"
    slow = SlowFamily("rfm", reason, "features/purchases/sql/rfm.sql", 7, "n % 2")
    shelf.slow_families = (slow,)
    assert client.get("/readyz").json()["slow_families"] == [
        {
            "family": "rfm",
            "reason": reason,
            "file": "features/purchases/sql/rfm.sql",
            "line": 7,
            "expression": "n % 2",
        }
    ]


def test_a_refused_bundle_leaves_the_one_in_service_and_is_counted(
    client: TestClient, published_store: Store, shelf: Shelf
) -> None:
    assert client.get("/readyz").json()["model_version"] == "1"
    shelf.spoilt = {"2"}
    run_id = publish(
        published_store,
        Publication(
            scored(3, model_version="2"), context=context(), model=described("2")
        ),
    )
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "run_id": run_id,
        "model_version": "1",
        "slow_families": [],
    }
    assert "regulars_bundles_refused_total 1.0" in client.get("/metrics").text


def test_metrics_tell_of_requests_the_store_and_the_run(client: TestClient) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'regulars_requests_total{method="GET",route="/healthz",status="200"} 1.0',
        "regulars_store_up 1.0",
        "regulars_published_as_of_seconds 1.3234752e+09",
    ):
        assert line in answer.text


def test_metrics_work_without_the_store(
    client: TestClient, published_store: Store
) -> None:
    with published_store.write() as con:
        con.exec_driver_sql("ALTER TABLE runs RENAME TO elsewhere")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "regulars_store_up 0.0" in answer.text


def test_two_apps_count_apart(published_store: Store) -> None:
    one, other = (
        TestClient(create_app(store=published_store, scorers=Shelf())) for _ in range(2)
    )
    one.get("/healthz")
    assert 'route="/healthz"' not in other.get("/metrics").text
