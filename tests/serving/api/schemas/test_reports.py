"""Tests of reports over the API."""

from __future__ import annotations

import csv
import io
import json

import pytest
from starlette.testclient import TestClient

from models.reports import TITLES, Report
from serving.errors import UnknownReportError
from serving.queries import report
from serving.store import Publication, Store, create_key, publish
from tests.models.reports.test_chart import REPORT
from tests.serving.samples import context, described, scored


@pytest.fixture
def run_id(published_store: Store) -> str:
    """Publish a run with one report on top of the one without."""
    return publish(
        published_store,
        Publication(
            scored(3),
            context=context(),
            model=described(),
            reports={"abc": json.dumps(REPORT.to_dict())},
        ),
    )


def test_the_reports_are_listed(reader: TestClient) -> None:
    items = reader.get("/v1/reports").json()["items"]
    assert [item["name"] for item in items] == list(TITLES)
    assert all(item["en"] and item["zh"] for item in items)


def test_a_report_is_that_of_the_published_run(reader: TestClient, run_id: str) -> None:
    answer = reader.get("/v1/reports/abc")
    assert answer.status_code == 200
    body = answer.json()
    assert body["run_id"] == run_id
    assert body["tables"][0]["rows"][1] == {"name": "b", "n": None}
    assert body["charts"][0]["spec"]["mark"]["type"] == "bar"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert reader.get("/v1/reports/abc", headers=known).status_code == 304


def test_a_page_draws_the_charts_and_fetches_nothing(
    reader: TestClient, run_id: str
) -> None:
    answer = reader.get("/v1/reports/abc", params={"format": "html"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.text.count("<svg") == 3
    assert "<script" not in answer.text
    assert 'Some <span lang="zh">一些</span>' in answer.text


def test_csv_has_the_rows(reader: TestClient, run_id: str) -> None:
    answer = reader.get("/v1/reports/abc", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert ["'=A1", "-2.5"] in rows


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/v1/reports/nothing", "unknown-report"),
        ("/v1/reports/cohorts", "unknown-report"),
        ("/v1/reports/abc?run=nothing", "unknown-run"),
        ("/v1/reports/abc?format=pdf", "invalid-request"),
    ],
)
def test_what_there_is_not_is_a_problem(
    reader: TestClient, run_id: str, path: str, slug: str
) -> None:
    assert reader.get(path).json()["type"].endswith(slug)


def test_an_earlier_run_keeps_its_own(published_store: Store, run_id: str) -> None:
    publish(
        published_store, Publication(scored(2), context=context(), model=described())
    )
    with pytest.raises(UnknownReportError, match="without reports"):
        report(published_store, "abc")
    found = report(published_store, "abc", run_id=run_id)
    assert found.report == Report.from_dict(json.loads(json.dumps(REPORT.to_dict())))


def test_reports_need_the_scope_read(
    client: TestClient, published_store: Store
) -> None:
    assert client.get("/v1/reports").status_code == 401
    key = create_key(published_store, name="crm", scopes=["predict"])
    client.headers["Authorization"] = f"Bearer {key.secret}"
    assert client.get("/v1/reports/abc").status_code == 403
