"""Tests of GET /v1/model."""

from starlette.testclient import TestClient

from serving.api.schemas.scores import ModelInfo


def test_the_model_is_described_with_its_run(reader: TestClient) -> None:
    answer = reader.get("/v1/model")
    body = answer.json()
    assert body["model"] == {"version": "1", "grade": "B", "horizon_days": 90}
    assert (body["n_customers"], body["currency"]) == (12, "GBP")
    assert answer.headers["etag"] == f'"{body["run_id"]}"'
    assert list(body) == list(ModelInfo.model_fields)
    ModelInfo.model_validate_json(answer.text, strict=True)
