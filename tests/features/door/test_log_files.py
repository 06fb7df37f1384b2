"""The door as its users see it: paths, mappings, tables, reports."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from features.door.log_files import LogSource, TableSource, log_from_rows, read_log
from features.errors import ConfigError, DataError, TableError
from tests.features.small_files import (
    GOOD,
    HEADER,
    NOW,
    SALE,
    at,
    read_transactions,
    report_on,
    rows_of,
    schema_of,
    write_parquet,
    write_text,
)

SHARED = Path(__file__).parents[4] / "shared" / "data"
SCHEMAS = {
    "transactions": (
        "customer_id VARCHAR, occurred_at TIMESTAMP, amount DOUBLE, order_id VARCHAR, "
        "product_id VARCHAR, category VARCHAR, quantity DOUBLE, discount DOUBLE, "
        "cost DOUBLE, channel VARCHAR, currency VARCHAR, known_at TIMESTAMP"
    ),
    "interactions": (
        "customer_id VARCHAR, occurred_at TIMESTAMP, type VARCHAR, direction VARCHAR, "
        "channel VARCHAR, value DOUBLE, owner_id VARCHAR, minutes DOUBLE, cost DOUBLE, "
        "known_at TIMESTAMP"
    ),
    "customers": "customer_id VARCHAR, joined_at TIMESTAMP",
    "subscriptions": (
        "customer_id VARCHAR, starts_at TIMESTAMP, ends_at TIMESTAMP, amount DOUBLE, "
        "plan VARCHAR, currency VARCHAR, known_at TIMESTAMP"
    ),
}


def test_there_are_always_four_tables_with_all_columns(tmp_path: Path) -> None:
    with read_transactions(write_text(tmp_path, HEADER, GOOD)) as log:
        assert {table: schema_of(log.con, table) for table in SCHEMAS} == SCHEMAS
        assert log.present == {
            "transactions": frozenset(HEADER.split(",")),
            "interactions": frozenset(),
            "customers": frozenset(),
            "subscriptions": frozenset(),
        }
    with log_from_rows(transactions=[SALE], now=NOW) as log:
        assert {table: schema_of(log.con, table) for table in SCHEMAS} == SCHEMAS


def test_the_log_ends_at_the_first_midnight_after_its_last_purchase(
    tmp_path: Path,
) -> None:
    sales = write_text(
        tmp_path, HEADER, "c1,2024-05-01T10:00,1", "c1,2024-05-02T00:00,1"
    )
    with read_transactions(sales) as log:
        assert log.starts_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
        assert log.ends_at == datetime(2024, 5, 3, tzinfo=UTC)
    mail = write_text(
        tmp_path,
        "customer_id,occurred_at,type",
        "c1,2024-04-01,mail",
        "c1,2024-06-09T23:59:59.999999,mail",
        name="mail.csv",
    )
    source = LogSource(TableSource(sales), interactions=TableSource(mail))
    with read_log(source, now=NOW) as log:
        assert log.starts_at == datetime(2024, 5, 1, 10, tzinfo=UTC)
        assert log.ends_at == datetime(2024, 5, 3, tzinfo=UTC)


def test_columns_are_mapped_ours_to_theirs(tmp_path: Path) -> None:
    path = write_text(
        tmp_path, "Customer ID,InvoiceDate,Price,customer_id", "c1,2024-05-01,9.5,x"
    )
    mapping = {
        "customer_id": "Customer ID",
        "occurred_at": "InvoiceDate",
        "amount": "Price",
    }
    with read_transactions(path, **mapping) as log:
        assert rows_of(log, "transactions", "customer_id") == [("c1",)]
        assert log.reports["transactions"].unused == ("customer_id",)


def test_a_mapping_of_no_column_of_ours_is_a_wrong_setting(tmp_path: Path) -> None:
    path = write_text(tmp_path, HEADER, GOOD)
    with pytest.raises(ConfigError, match='Did you mean "occurred_at"'):
        read_transactions(path, ocurred_at="occurred_at")


def test_a_mapped_column_must_be_there(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"{HEADER},invoice", f"{GOOD},o1")
    with pytest.raises(TableError, match='Did you mean "invoice"'):
        read_transactions(path, order_id="invioce")


@pytest.mark.parametrize(
    ("header", "guess"),
    [
        ("CustomerID,occurred_at,amount", 'customer_id = "CustomerID"'),
        ("user_id,occurred_at,amount", 'customer_id = "user_id"'),
        ("customer_id,InvoiceDate,amount", 'occurred_at = "InvoiceDate"'),
        ("customer_id,occurred_at,amuont", 'amount = "amuont"'),
        ("customer_id,occurred_at,TotalPrice", 'amount = "TotalPrice"'),
    ],
)
def test_a_missing_column_is_answered_with_the_line_to_write(
    header: str, guess: str, tmp_path: Path
) -> None:
    with pytest.raises(TableError, match=guess):
        report_on(write_text(tmp_path, header, GOOD))


def test_a_missing_column_without_a_likely_name_is_still_told(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"Name the columns in regulars\.toml"):
        report_on(write_text(tmp_path, "customer_id,occurred_at,zzz", GOOD))


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="sales_2024.csv")
    with pytest.raises(TableError, match='Did you mean "sales_2024.csv"'):
        report_on(str(tmp_path / "sales_2042.csv"))
    with pytest.raises(TableError, match="There is no folder"):
        report_on(str(tmp_path / "nowhere" / "sales.csv"))
    with pytest.raises(TableError, match="No file matches"):
        report_on(str(tmp_path / "*.parquet"))
    with pytest.raises(TableError, match="is not a file"):
        report_on(str(tmp_path))


def test_a_glob_passes_over_folders(tmp_path: Path) -> None:
    (tmp_path / "older").mkdir()
    write_text(tmp_path, HEADER, GOOD)
    assert report_on(str(tmp_path / "*")).rows_in == 1


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TableError, match="is not a file"):
        report_on(str(tmp_path / "pipe.csv"))


def test_a_report_is_plain_json(tmp_path: Path) -> None:
    path = write_text(tmp_path, HEADER + ",note", GOOD + ",x", "c1,2024-05-01,x,y")
    parsed = json.loads(json.dumps(report_on(path).to_dict()))
    assert parsed == {
        "table": "transactions",
        "files": [path],
        "rows_in": 2,
        "rows_accepted": 1,
        "rejected": {"bad_amount": 1},
        "examples": [
            {
                "file": path,
                "row": 3,
                "reason": "bad_amount",
                "column": "amount",
                "given": "x",
            }
        ],
        "columns": ["customer_id", "occurred_at", "amount"],
        "unused": ["note"],
        "currency": None,
        "hints": ["Numbers are written as 1234.50."],
    }


@pytest.mark.parametrize("sql", ["COPY (SELECT 1) TO '{}'", "SELECT * FROM '{}'"])
def test_a_log_keeps_away_from_files(sql: str, tmp_path: Path) -> None:
    path = write_text(tmp_path, HEADER, GOOD)
    with (
        read_transactions(path) as log,
        pytest.raises(duckdb.Error, match="disabled|not exist"),
    ):
        log.con.execute(sql.format(path))


def test_the_log_thinks_in_utc_wherever_the_machine_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    for row in ("c1,2024-05-01T12:00,1", "c1,2024-05-01T20:00+08:00,1"):
        with read_transactions(write_text(tmp_path, HEADER, row)) as log:
            assert rows_of(log, "transactions", "occurred_at") == [
                (at("2024-05-01 12:00"),)
            ]


def test_a_log_spills_to_disk_under_a_memory_limit(tmp_path: Path) -> None:
    ids = [f"customer {number} {'x' * 100}" for number in range(60_000)]
    path = write_parquet(
        tmp_path,
        {
            "customer_id": ids,
            "occurred_at": [at("2024-05-01")] * len(ids),
            "amount": [1.0] * len(ids),
            "order_id": ids,
            "category": ids,
        },
    )
    source = LogSource(TableSource(path))
    with read_log(source, now=NOW, memory_limit="64MB") as log:
        assert log.reports["transactions"].rows_accepted == len(ids)
    with pytest.raises(DataError, match="The log cannot be held: Out of Memory"):
        read_log(source, now=NOW, memory_limit="1MB")


@pytest.mark.parametrize(
    ("path", "mapping", "rejected", "ends_on"),
    [
        (
            "online_retail_ii/online_retail_ii.parquet",
            {"occurred_at": "timestamp"},
            {"missing_customer_id": 243_007},
            "2011-12-10",
        ),
        ("cdnow/cdnow.parquet", {"occurred_at": "timestamp"}, {}, "1998-07-01"),
        (
            "complete_journey/transactions.parquet",
            {"occurred_at": "timestamp", "discount": "coupon_disc"},
            {},
            "2018-01-02",
        ),
    ],
)
def test_real_logs_come_through(
    path: str, mapping: dict[str, str], rejected: dict[str, int], ends_on: str
) -> None:
    if not (SHARED / path).exists():
        pytest.skip(f"{path} is not in ../shared/data")
    with read_transactions(str(SHARED / path), **mapping) as log:
        assert log.reports["transactions"].rejected == rejected
        assert log.ends_at.date().isoformat() == ends_on
