"""Tests of the app over a real server of the database."""

import warnings
from threading import Event, Thread

import sqlalchemy as sa
from starlette.testclient import TestClient

from serving.api.app import create_app
from serving.store import Publication, Store, create_key, publish
from tests.serving.samples import Shelf, context, described, scored


def test_the_app_outlives_its_database(
    postgres: sa.Engine, postgres_store: Store
) -> None:
    publish(
        postgres_store, Publication(scored(5), context=context(), model=described())
    )
    key = create_key(postgres_store, name="crm", scopes=["read"])
    app = create_app(store=postgres_store, scorers=Shelf())
    client = TestClient(app, headers={"X-API-Key": key.secret})
    urls = ("/v1/customers/c00001", "/v1/customers", "/v1/model", "/readyz")
    assert [client.get(url).status_code for url in urls] == [200] * 4
    name = postgres_store.engine.url.database
    with postgres.connect() as con:
        con.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        con.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{name}'"
        )
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert str(name) not in answer.text
    assert client.get("/healthz").status_code == 200
    with postgres.connect() as con:
        con.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert [client.get(url).status_code for url in urls] == [200] * 4


def test_both_databases_give_the_same_answers(
    sqlite_store: Store, postgres_store: Store
) -> None:
    answers = []
    for store in (sqlite_store, postgres_store):
        publish(store, Publication(scored(9), context=context(), model=described()))
        key = create_key(store, name="crm", scopes=["read"])
        app = create_app(store=store, scorers=Shelf())
        client = TestClient(app, headers={"X-API-Key": key.secret})
        page = client.get("/v1/customers?sort=-expected_value&tier=VIP,A").json()
        answers.append((page["items"], client.get("/v1/customers/c00003").text))
    assert answers[0] == answers[1]


def test_no_warning_is_left_to_the_first_request(published_store: Store) -> None:
    """Hidden and shown again by two threads at once, a warning may be shown."""
    done = Event()

    def hide_and_show() -> None:
        while not done.is_set():
            with warnings.catch_warnings():
                done.wait(0.001)

    apps = [create_app(store=published_store, scorers=Shelf()) for _ in range(25)]
    hiding = Thread(target=hide_and_show)
    hiding.start()
    try:
        answers = [
            TestClient(app, raise_server_exceptions=False).get("/v1/customers")
            for app in apps
        ]
    finally:
        done.set()
        hiding.join()
    assert {answer.status_code for answer in answers} == {401}
