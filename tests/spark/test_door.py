"""Odd rows: on Spark each is judged as it is on one machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.door.fingerprint import fingerprint
from features.door.log_files import LogSource, TableSource, read_log
from features.door.sample import take_sample
from features.spark.door import read_log_on_spark

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOW = datetime(2024, 1, 1, tzinfo=UTC)
INSTANTS = (
    "2023-01-31",
    "2023-01-31T18:30:00Z",
    "2023-01-31 18:30:00.123456789 +08",
    "2023-01-31T18:30+0530",
    "31.01.2023",
    "1675189800",
    "2023-02-30",
    "2025-01-01",
    "1969-12-31",
    "",
    " n/a ",
)
AMOUNTS = ("12.50", ".5", "1e3", "-0", "1.234,50", "nan", "inf", "1e999", "2e12", "")
IDS = ("a", " a ", "NULL", "", "\u200b", "客户", "x" * 300, "na")


def write_csv(path: Path) -> None:
    """Write every odd cell beside sound ones, and two records that are none."""
    lines = ["who,occurred_at,amount,currency"]
    lines += [f"a,{each},1,EUR" for each in INSTANTS]
    lines += [f'a,2023-05-05,"{each}",eur' for each in AMOUNTS]
    lines += [f"{each},2023-05-05,1,USD" for each in IDS]
    lines += ["a,2023-05-05", 'a,2023-05-05,"1,EUR']
    path.write_text("\n".join(lines) + "\n")


def write_parquet(path: Path) -> None:
    """Write the same columns in other types."""
    table = pa.table(
        {
            "who": pa.array([13085.0, 7.5, None], pa.float64()),
            "occurred_at": pa.array([1, 1_700_000_000_000_000_001, None]).cast(
                pa.timestamp("ns")
            ),
            "amount": pa.array([1, None, 3], pa.uint64()),
            "currency": ["EUR", "EUR", None],
        }
    )
    pq.write_table(table, path, version="2.6")


def write_customers(path: Path) -> None:
    """Write customers twice, and attributes that look like numbers."""
    path.write_text(
        "customer_id,joined_at,employees,postcode,vip\n"
        "a,2020-01-01,12,01234,true\n"
        "13085,2021-01-01,7,99999,false\n"
        "a,2022-01-01,,10115,TRUE\n"
    )


@pytest.fixture
def odd(tmp_path: Path) -> LogSource:
    write_csv(tmp_path / "1 of [2].csv")
    write_parquet(tmp_path / "2 of {2}.parquet")
    write_customers(tmp_path / "people.csv")
    return LogSource(
        TableSource(f"{tmp_path}/*of*", {"customer_id": "who"}),
        customers=TableSource(str(tmp_path / "people.csv")),
    )


def test_odd_rows_are_set_aside_for_the_same_reasons(
    odd: LogSource, spark: SparkSession
) -> None:
    with (
        read_log(odd, now=NOW) as here,
        read_log_on_spark(odd, now=NOW, spark=spark) as there,
    ):
        assert there.reports == here.reports
        for report in there.reports.values():
            rejected = sum(report.rejected.values())
            assert report.rows_in == report.rows_accepted + rejected
        assert fingerprint(there, as_of=NOW) == fingerprint(here, as_of=NOW)
        with take_sample(there, most_customers=1_000) as own:
            for table in ("transactions", "customers"):
                query = f"select * from {table} order by all"
                assert own.con.sql(query).fetchall() == here.con.sql(query).fetchall()
                assert own.con.sql(query).types == here.con.sql(query).types
