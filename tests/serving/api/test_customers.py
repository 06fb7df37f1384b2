"""Tests of GET /v1/customers."""

import json

import pytest
from starlette.testclient import TestClient

from models.score.schema import SCORE_SCHEMA
from serving.api.schemas.scores import CustomerList, CustomerScore
from serving.store import Publication, Store, publish
from tests.serving.samples import context, described, score, scored, table_of


def test_a_customer_has_exactly_the_names_of_a_score(reader: TestClient) -> None:
    answer = reader.get("/v1/customers/c00003")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == SCORE_SCHEMA.names
    assert list(CustomerScore.model_fields) == SCORE_SCHEMA.names
    CustomerScore.model_validate_json(answer.text, strict=True)


def test_instants_are_written_in_utc(reader: TestClient) -> None:
    assert reader.get("/v1/customers/c00003").json()["as_of"] == "2011-12-10T00:00:00Z"


def test_an_unknown_customer_is_a_problem_that_does_not_repeat_the_id(
    reader: TestClient,
) -> None:
    answer = reader.get("/v1/customers/canary")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:regulars:problem:unknown-customer"
    assert "canary" not in answer.text


@pytest.mark.parametrize("customer_id", ["a/b", "客户", "a b", "50%", "a?b#c", ".."])
def test_any_id_can_be_asked_for(
    reader: TestClient, published_store: Store, customer_id: str
) -> None:
    rows = table_of([score(0, customer_id=customer_id)])
    publish(published_store, Publication(rows, context=context(), model=described()))
    quoted = "".join(f"%{byte:02X}" for byte in customer_id.encode())
    answer = reader.get(f"/v1/customers/{quoted}")
    assert answer.json()["customer_id"] == customer_id


def test_nul_in_an_id_is_just_unknown(reader: TestClient) -> None:
    assert reader.get("/v1/customers/a%00b").status_code == 404


def test_a_caller_who_has_the_run_gets_no_body(reader: TestClient) -> None:
    for url in ("/v1/customers/c00003", "/v1/customers?limit=2", "/v1/model"):
        etag = reader.get(url).headers["etag"]
        for known in (etag, f'"old", W/{etag}', "*"):
            answer = reader.get(url, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
        assert reader.get(url, headers={"If-None-Match": '"old"'}).status_code == 200


def test_a_publish_is_seen_at_once_and_changes_the_etag(
    reader: TestClient, published_store: Store
) -> None:
    before = reader.get("/v1/customers/c00003")
    new = scored(12, tier="D")
    publish(published_store, Publication(new, context=context(), model=described()))
    known = {"If-None-Match": before.headers["etag"]}
    after = reader.get("/v1/customers/c00003", headers=known)
    assert (before.json()["tier"], after.json()["tier"]) == ("C", "D")
    assert after.headers["etag"] != before.headers["etag"]


def test_personal_data_is_never_cached(reader: TestClient) -> None:
    for url in ("/v1/customers/c00003", "/v1/customers", "/v1/customers/none"):
        assert reader.get(url).headers["cache-control"] == "private, no-store"


def test_a_list_says_which_run_it_is_of(reader: TestClient) -> None:
    answer = reader.get("/v1/customers", params={"limit": 5})
    page = answer.json()
    assert list(page) == ["run_id", "as_of", "model_version", "items", "next_cursor"]
    assert [row["priority"] for row in page["items"]] == [1, 2, 3, 4, 5]
    assert answer.headers["etag"] == f'"{page["run_id"]}"'
    CustomerList.model_validate_json(answer.text, strict=True)


def test_a_row_is_the_same_in_a_list_and_alone(reader: TestClient) -> None:
    rows = reader.get("/v1/customers").json()["items"]
    for row in rows:
        assert reader.get(f"/v1/customers/{row['customer_id']}").json() == row


def test_cursors_lead_through_all_customers_once(reader: TestClient) -> None:
    seen, params = [], {"limit": "5", "sort": "-churn_probability"}
    while True:
        page = reader.get("/v1/customers", params=params).json()
        seen += [row["churn_probability"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 12


def test_a_walk_goes_on_in_its_run_after_a_publish(
    reader: TestClient, published_store: Store
) -> None:
    page = reader.get("/v1/customers", params={"limit": 5}).json()
    publish(
        published_store, Publication(scored(3), context=context(), model=described())
    )
    rest = reader.get("/v1/customers", params={"cursor": page["next_cursor"]})
    assert rest.json()["run_id"] == page["run_id"]
    assert len(rest.json()["items"]) == 7
    assert rest.headers["etag"] == f'"{page["run_id"]}"'


def test_a_walk_in_a_run_that_is_gone_is_410(
    reader: TestClient, published_store: Store
) -> None:
    page = reader.get("/v1/customers", params={"limit": 5}).json()
    publish(
        published_store,
        Publication(scored(3), context=context(), model=described()),
        keep=1,
    )
    answer = reader.get("/v1/customers", params={"cursor": page["next_cursor"]})
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:regulars:problem:cursor-expired"


def test_a_cursor_of_another_question_is_refused(reader: TestClient) -> None:
    cursor = reader.get("/v1/customers", params={"limit": 5}).json()["next_cursor"]
    for params in ({"sort": "customer_id"}, {"tier": "A"}, {"risk_band": "high"}):
        answer = reader.get("/v1/customers", params={**params, "cursor": cursor})
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:regulars:problem:invalid-cursor"


def test_filters_may_be_repeated_or_separated_by_commas(reader: TestClient) -> None:
    commas = reader.get("/v1/customers?tier=VIP,A&risk_band=high").json()
    repeated = reader.get("/v1/customers?tier=VIP&tier=A&risk_band=high").json()
    assert commas == repeated
    found = {(row["tier"], row["risk_band"]) for row in commas["items"]}
    assert found == {("VIP", "high"), ("A", "high")}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "#/query/limit"),
        ("limit=1001", "#/query/limit"),
        ("limit=canary", "#/query/limit"),
        ("sort=canary", "#/query/sort"),
        ("sort=churn_probability%20--canary", "#/query/sort"),
        ("canary=1", "#/query"),
        ("tier=a%00canary", "#/query/tier/0"),
        ("tier=VIP,,canary", "#/query/tier/1"),
        ("tier=" + "canary," * 60, "#/query/tier"),
        ("cursor=" + "canary" * 2000, "#/query/cursor"),
    ],
)
def test_a_wrong_parameter_is_pointed_at_and_not_repeated(
    reader: TestClient, query: str, pointer: str
) -> None:
    answer = reader.get(f"/v1/customers?{query}")
    assert answer.status_code == 422
    assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
    assert "canary" not in answer.text


def test_a_forged_cursor_is_refused(reader: TestClient) -> None:
    answer = reader.get("/v1/customers", params={"cursor": "canary"})
    assert answer.json()["type"] == "urn:regulars:problem:invalid-cursor"
    assert "canary" not in answer.text


def test_sql_in_a_filter_is_only_text(reader: TestClient) -> None:
    for text in ("' OR 1=1--", "VIP'; DROP TABLE scores;--", "%", "VI_"):
        answer = reader.get("/v1/customers", params={"tier": text})
        assert answer.json()["items"] == []
    assert len(reader.get("/v1/customers").json()["items"]) == 12


def test_a_long_list_is_valid_json(reader: TestClient, published_store: Store) -> None:
    publish(
        published_store, Publication(scored(1500), context=context(), model=described())
    )
    answer = reader.get("/v1/customers", params={"limit": 1000})
    assert len(json.loads(answer.text)["items"]) == 1000
