"""Tests of the OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from regulars import __version__
from serving.api.routes import ROUTERS, docs
from serving.api.schemas.requests import PredictRequest
from serving.api.schemas.scores import (
    CustomerList,
    CustomerScore,
    ModelInfo,
    PredictResponse,
    ProblemBody,
)

UNDOCUMENTED = {"/docs", "/openapi.json", "/static"}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    """Return the document."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def every_operation(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation with its address."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def test_operations_have_stable_names(document: dict[str, Any]) -> None:
    names = {
        operation["operationId"]: path for path, operation in every_operation(document)
    }
    assert names == {
        "listCustomers": "/v1/customers",
        "getCustomer": "/v1/customers/{customer_id}",
        "getHistory": "/v1/customers/{customer_id}/history",
        "overrideTier": "/v1/customers/{customer_id}/override",
        "listSchemes": "/v1/tiers",
        "putSchemes": "/v1/tiers",
        "getTransitions": "/v1/tiers/{scheme}/transitions",
        "listLists": "/v1/lists",
        "createList": "/v1/lists",
        "getList": "/v1/lists/{name}",
        "putList": "/v1/lists/{name}",
        "deleteList": "/v1/lists/{name}",
        "listMembers": "/v1/lists/{name}/members",
        "diffList": "/v1/lists/{name}/diff",
        "getListProfit": "/v1/lists/{name}/profit",
        "exportList": "/v1/lists/{name}/export",
        "listActions": "/v1/actions",
        "getCustomerActions": "/v1/customers/{customer_id}/actions",
        "listReports": "/v1/reports",
        "getReport": "/v1/reports/{name}",
        "predict": "/v1/predict",
        "getModel": "/v1/model",
        "getModelCard": "/v1/model/card",
        "getHealth": "/healthz",
        "getReadiness": "/readyz",
        "getMetrics": "/metrics",
    }
    assert document["openapi"].startswith("3.1")


def test_every_served_address_is_in_the_document(
    client: TestClient, document: dict[str, Any]
) -> None:
    app: Any = client.app
    served = {getattr(route, "path", None) for route in app.routes} - {None}
    for router in (*ROUTERS, docs.router):
        served |= {getattr(route, "path_format", None) for route in router.routes}
    assert served - UNDOCUMENTED == set(document["paths"])


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for path, operation in every_operation(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], path
    for _, operation in every_operation(document):
        if operation.get("security"):
            assert {"401", "403", "503"} <= set(operation["responses"])


def test_keys_are_needed_for_the_data_only(document: dict[str, Any]) -> None:
    for path, operation in every_operation(document):
        schemes = [list(one) for one in operation.get("security", [])]
        expected = [["bearer"], ["apiKey"]] if path.startswith("/v1/") else []
        assert schemes == expected


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schemas)
    assert {"Problem", "PredictRequest", "CustomerScore"} <= set(schemas)
    assert "HTTPValidationError" not in schemas


@pytest.mark.parametrize(
    "model",
    [
        CustomerScore,
        CustomerList,
        ModelInfo,
        PredictRequest,
        PredictResponse,
        ProblemBody,
    ],
)
def test_examples_are_valid(model: Any) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate_json(json.dumps(example))


def test_the_version_is_that_of_the_project(document: dict[str, Any]) -> None:
    """The ``v1`` of the paths is another matter."""
    assert document["info"]["version"] == __version__
