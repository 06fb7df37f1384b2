"""Attributes of customers come in under their own names."""

from pathlib import Path
from typing import Any

from features.door.log_files import LogSource, TableSource, read_log
from tests.features.small_files import (
    GOOD,
    HEADER,
    NOW,
    at,
    rows_of,
    schema_of,
    write_parquet,
    write_text,
)


def customers_of(tmp_path: Path, *lines: str, **columns: str) -> list[dict[str, Any]]:
    sales = write_text(tmp_path, HEADER, GOOD, name="sales.csv")
    path = write_text(tmp_path, *lines, name="customers.csv")
    source = LogSource(TableSource(sales), customers=TableSource(path, columns))
    with read_log(source, now=NOW) as log:
        rows = log.con.sql("FROM customers ORDER BY customer_id")
        return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def test_attributes_are_numbers_where_every_value_is(tmp_path: Path) -> None:
    rows = customers_of(
        tmp_path,
        "customer_id,Score,postcode,region,strategic,consent_mail,plan,empty,owner_id",
        "c1,5,01234,1,true,TRUE,a,,7",
        "c2,-2.5e1,99999,2,false,,b,,8",
    )
    assert rows[1] == {
        "customer_id": "c2",
        "joined_at": None,
        "Score": -25.0,
        "postcode": "99999",
        "region": "2",
        "strategic": 0.0,
        "consent_mail": None,
        "plan": "b",
        "empty": None,
        "owner_id": "8",
    }


def test_attributes_keep_their_parquet_types(tmp_path: Path) -> None:
    sales = write_text(tmp_path, HEADER, GOOD)
    columns = {
        "customer_id": ["c1", "c2"],
        "text": ["1", "2"],
        "flag": [True, None],
        "score": [0.1, float("nan")],
        "since": [at("2020-01-01"), None],
        "tags": [["a"], []],
    }
    customers = TableSource(write_parquet(tmp_path, columns))
    with read_log(LogSource(TableSource(sales), None, customers), now=NOW) as log:
        assert schema_of(log.con, "customers") == (
            "customer_id VARCHAR, joined_at TIMESTAMP, text VARCHAR, flag DOUBLE, "
            "score DOUBLE, since VARCHAR"
        )
        assert rows_of(log, "customers", "text", "flag", "score", "since") == [
            ("1", 1.0, 0.1, "2020-01-01 00:00:00"),
            ("2", None, None, None),
        ]
        assert log.reports["customers"].unused == ("tags",)


def test_an_attribute_may_be_renamed(tmp_path: Path) -> None:
    rows = customers_of(
        tmp_path, "id,Plan Type,customer_id", "c1,gold,x",
        customer_id="id", plan="Plan Type",
    )  # fmt: skip
    assert rows == [{"customer_id": "c1", "joined_at": None, "plan": "gold"}]


def test_attributes_that_differ_in_case_only_are_not_both_kept(tmp_path: Path) -> None:
    rows = customers_of(tmp_path, "customer_id,Plan,plan", "c1,gold,silver")
    assert rows == [{"customer_id": "c1", "joined_at": None, "Plan": "gold"}]


def test_an_attribute_may_have_any_name(tmp_path: Path) -> None:
    header = 'customer_id,"a ""b""; drop table",at,客户,door'
    rows = customers_of(tmp_path, header, "c1,1,2,3,4")
    assert list(rows[0].values())[2:] == [1.0, 2.0, 3.0, 4.0]
