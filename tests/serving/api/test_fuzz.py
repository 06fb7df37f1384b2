"""Tests by requests that are made up from the API's own document."""

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving.api.app import create_app
from serving.predict.bundle_scorers import BundleScorers
from serving.store import Publication, Store, create_key, publish
from tests.serving.trained import Folder, Trained

OPERATIONS = (
    "listCustomers",
    "getCustomer",
    "predict",
    "getModel",
    "getModelCard",
    "getReadiness",
    "createList",
    "putList",
    "listMembers",
    "diffList",
    "getListProfit",
    "exportList",
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def app(sqlite_store: Store, trained: Trained) -> FastAPI:
    """Return an app with a real model."""
    run = trained.run
    publish(
        sqlite_store,
        Publication(run.table, context=run.context, model={"version": "1"}),
    )
    return create_app(store=sqlite_store, scorers=BundleScorers(Folder(trained.folder)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_the_document_says(
    app: FastAPI, sqlite_store: Store, name: str
) -> None:
    document = schemathesis.openapi.from_asgi("/openapi.json", app)
    operation = document.find_operation_by_id(name)
    key = create_key(sqlite_store, name="fuzz", scopes=["admin"])
    sent = {"Authorization": f"Bearer {key.secret}"}

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy())
    def ask(case: Any) -> None:
        case.validate_response(case.call(headers=sent), checks=CHECKS)

    ask()
