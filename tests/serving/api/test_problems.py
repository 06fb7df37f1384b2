"""Tests of errors as problems."""

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from features.errors import GateError, RegularsError, StoreError
from serving.api.app import create_app
from serving.api.problems import faults_of
from serving.errors import PROBLEMS, STATUSES, problem_of
from serving.store import Store, create_key
from tests.serving.samples import Shelf


def test_an_unknown_address_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/canary")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:regulars:problem:not-found"
    assert "canary" not in answer.text


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    client: TestClient,
) -> None:
    answer = client.delete("/v1/model")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["type"] == "urn:regulars:problem:method-not-allowed"


def test_before_the_first_run_look_ups_are_not_ready(sqlite_store: Store) -> None:
    key = create_key(sqlite_store, name="crm", scopes=["admin"])
    app = create_app(store=sqlite_store, scorers=Shelf())
    client = TestClient(app, headers={"X-API-Key": key.secret})
    for url in ("/v1/customers/a", "/v1/customers", "/v1/model", "/readyz"):
        answer = client.get(url)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "30"
        assert answer.json()["type"] == "urn:regulars:problem:not-ready"


def test_a_store_that_fails_is_a_503_to_be_tried_again(
    reader: TestClient, published_store: Store
) -> None:
    assert reader.get("/v1/model").status_code == 200
    with published_store.write() as con:
        con.exec_driver_sql("ALTER TABLE runs RENAME TO canary")
    with capture_logs() as logs:
        answer = reader.get("/v1/model")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["type"] == "urn:regulars:problem:store-unavailable"
    assert "no such table" not in answer.text
    assert "no such table: runs" in repr(logs)
    assert reader.get("/healthz").status_code == 200
    assert reader.get("/readyz").status_code == 503
    with published_store.write() as con:
        con.exec_driver_sql("ALTER TABLE canary RENAME TO runs")
    assert reader.get("/v1/model").status_code == 200


def test_every_kind_of_problem_has_one_status_and_one_title() -> None:
    kinds = {*PROBLEMS.values(), *STATUSES.values()}
    assert len({problem.type for problem in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreError("x"), 503), (GateError("x"), 500), (RegularsError("x"), 500)],
)
def test_an_error_without_a_problem_has_that_of_its_parent(
    error: RegularsError, status: int
) -> None:
    assert problem_of(error).status == status


def test_pointers_are_escaped_and_faults_are_few() -> None:
    fault = {"type": "missing", "loc": ("body", "a/b", "c~d", 3), "msg": "Needed"}
    (found,) = faults_of([fault])
    assert found == {"pointer": "#/a~1b/c~0d/3", "detail": "Needed"}
    assert len(faults_of([fault] * 1000)) == 20
