"""Tests of lists as files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest

from models.lists import ListDefinition
from models.words.cells import neutralise
from serving.queries.lists.files import (
    write_about,
    write_csv,
    write_parquet,
    write_xlsx,
)
from serving.queries.lists.members import save_list
from serving.queries.lists.sheet import ListSheet, sheet_of
from serving.store import Store
from tests.serving.published_runs import publish_run

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1")


@pytest.fixture
def sheet(sqlite_store: Store) -> ListSheet:
    """Return a list with an owner whose name is a formula."""
    reason = {"en": '=HYPERLINK("x")', "zh": "最近", "feature": "f", "value": 1.0}
    reason |= {"usual": 1.0, "contribution": 0.5}
    rows: dict[str, dict[str, Any]] = {
        "-7": {"owner_id": "=cmd|' /C calc'!A0", "churn_reasons": [reason]},
        "陈": {"owner_id": None, "expected_value": -5.5, "has_open_complaint": True},
        "b": {"owner_id": "amy", "expected_value": -5.5, "priority": None},
    }
    publish_run(sqlite_store, rows)
    wanted = ListDefinition(filter="expected_value\n is not null", order="customer_id")
    save_list(sqlite_store, "all", wanted, who="amy", is_new=True)
    return sheet_of(sqlite_store, "all")


def test_a_csv_opens_in_excel_and_starts_no_formula(sheet: ListSheet) -> None:
    raw = write_csv(sheet)
    assert raw.startswith(b"\xef\xbb\xbfplace,customer_id,")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0]["customer_id"] == "'-7"
    assert rows[0]["owner_id"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["churn_reason_1"] == '\'=HYPERLINK("x")'
    assert rows[1]["customer_id"] == "b"


def test_numbers_stay_numbers(sheet: ListSheet) -> None:
    assert b",-5.5," in write_csv(sheet)
    cells = xlsx_page(write_xlsx(sheet), 1)
    assert "<v>-5.5</v>" in cells
    assert "'-5.5" not in cells


def test_text_that_looks_like_a_formula_is_kept_from_being_one() -> None:
    assert [neutralise(text) for text in EVIL] == [f"'{text}" for text in EVIL]
    assert [neutralise(value) for value in ("a=1", "", None, -1, 2.5)] == [
        "a=1",
        "",
        None,
        -1,
        2.5,
    ]


def xlsx_page(raw: bytes, number: int) -> str:
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        return book.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_excel_has_no_formula_and_the_text_as_it_was(sheet: ListSheet) -> None:
    raw = write_xlsx(sheet)
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        names = book.read("xl/workbook.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert re.findall(r'sheet name="(\w+)"', names) == ["members", "about"]
    assert "<f>" not in xlsx_page(raw, 1) + xlsx_page(raw, 2)
    assert "<t>=cmd|' /C calc'!A0</t>" in texts
    assert 'quotePrefix="1"' in styles


def test_the_second_sheet_says_run_filter_and_exclusions(sheet: ListSheet) -> None:
    about = dict(sheet.about)
    assert about["run_id"] == sheet.run_id
    assert about["filter"] == "expected_value is not null"
    assert (about["as_of"], about["currency"]) == ("2011-12-10T00:00:00Z", "GBP")
    assert (about["candidates"], about["members"]) == (3, 2)
    assert about["left out: open_complaint"] == 1
    assert ("not checked", "arrears") in sheet.about
    beside = write_about(sheet).decode("utf-8-sig")
    assert "left out: open_complaint,1" in beside.splitlines()


def test_parquet_keeps_types_and_what_the_second_sheet_says(sheet: ListSheet) -> None:
    found = pq.read_table(io.BytesIO(write_parquet(sheet)))
    assert found.num_rows == 2
    assert isinstance(found["next_order_on"][0].as_py(), date)
    assert found["customer_id"][0].as_py() == "-7"
    about = json.loads(found.schema.metadata[b"regulars"])
    assert ["run_id", sheet.run_id] in about


def test_an_owner_exports_their_own_and_reasons_in_their_language(
    sheet: ListSheet, sqlite_store: Store
) -> None:
    own = sheet_of(sqlite_store, "all", owner="amy")
    assert own.rows["customer_id"].to_pylist() == ["b"]
    assert dict(own.about)["owner"] == "amy"
    zh = sheet_of(sqlite_store, "all", language="zh")
    assert zh.rows["churn_reason_1"][0].as_py() == "最近"
