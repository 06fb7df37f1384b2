"""Whatever comes to the door, every row is either accepted or told of."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.door.files.csv_files import open_csv, read_rows
from features.door.log_files import Log, LogSource, TableSource, log_from_rows, read_log
from tests.features.small_files import GOOD, HEADER, NOW, at

CELLS = st.sampled_from(
    ["", " ", "c1", "c2", "NULL", "2024-05-01", "2024-05-01T10:00+08:00", "01/05/2024"]
    + ["2999-01-01", "1900-01-01", "9.5", "-3", "1,5", "nan", "1e400", "1e13", "£5"]
    + ["a\0b", 'a "b" c', "two\nlines", "=1+1", "客户", "x" * 300]
)
RECORDS = st.one_of(
    st.tuples(st.just("c1"), st.just("2024-05-01"), st.just("9.5"), CELLS),
    st.tuples(CELLS, CELLS, CELLS, CELLS),
    st.lists(CELLS, min_size=1, max_size=6),
)
NOISE = st.text(alphabet='ab1,;"\n\r \t\0é', max_size=60)


def write(records: Sequence[Sequence[str]], *, end: str, quoting: Any) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerow([*HEADER.split(","), "known_at"])
    writer.writerow(["c1", "2024-05-01", "9.5", ""])
    writer.writerows(records)
    return text.getvalue()


@settings(max_examples=30, deadline=None)
@given(
    records=st.lists(RECORDS, max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_rows_in_are_rows_accepted_and_rejected(
    records: list[list[str]], end: str, quoting: Any
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(write(records, end=end, quoting=quoting).encode())
        with read_log(LogSource(TableSource(str(path))), now=NOW) as log:
            report = log.reports["transactions"]
            ((n_rows,),) = log.con.execute(
                "SELECT count(*) FROM transactions"
            ).fetchall()
    assert report.rows_in == 1 + len(records)
    assert report.rows_in == report.rows_accepted + sum(report.rejected.values())
    assert report.rows_accepted == n_rows


@settings(max_examples=30, deadline=None)
@given(noise=NOISE)
@example(noise='"')
@example(noise='c1,2024-05-01,"9\n"')
@example(noise='",x,"\n",x,"\n')
def test_no_noise_costs_a_good_row_below_it_in_silence(noise: str) -> None:
    text = f"{HEADER}\n{GOOD}\n{noise}\n{GOOD}\n"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(text.encode())
        with read_log(LogSource(TableSource(str(path))), now=NOW) as log:
            report = log.reports["transactions"]
    assert report.rows_in == report.rows_accepted + sum(report.rejected.values())
    assert report.rows_accepted >= (1 if '"' in noise else 2)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(["", "a", '"b"', '""', '"c""d"', "é", "\0", " "]))
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    tail=st.booleans(),
)
def test_both_ways_of_reading_csv_give_the_same_rows(
    rows: list[list[str]], end: str, tail: bool
) -> None:
    lines = ["x,y,z", *(",".join(row) for row in rows)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes((end.join(lines) + end * tail).encode())
        file = open_csv(path)
        assert file.regular or any(line == "" for line in lines) or len(lines) == 1
        if file.regular:
            careful = replace(file, regular=False)
            assert gather(file) == gather(careful)


def gather(file: Any) -> tuple[list[dict[str, Any]], list[int]]:
    parts = list(read_rows(file, range(len(file.header))))
    good = [row for part in parts for row in part.cells.to_pylist()]
    return good, [line for part in parts for line in part.malformed]


TEXTS = st.sampled_from(["a", " a ", "NA", "null", "", "x y", "GBP", "客户", "0012"])
NUMBERS = st.floats(-1e6, 1e6) | st.just(-0.0)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["c1", " c2", "007", "é"]),
            "occurred_at": st.datetimes(at("1970-01-01"), at("2026-01-01")),
            "amount": NUMBERS,
            "order_id": st.none() | TEXTS,
            "quantity": st.none() | NUMBERS,
            "discount": st.none() | NUMBERS,
            "channel": st.none() | TEXTS,
            "known_at": st.none() | st.datetimes(at("1970-01-01")),
        }
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_rows_by_the_api_and_rows_of_a_file_are_the_same_table(
    rows: list[dict[str, Any]],
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
        source = LogSource(TableSource(str(path)))
        with (
            read_log(source, now=NOW) as of_file,
            log_from_rows(transactions=rows, now=NOW) as of_rows,
        ):
            assert content(of_file) == content(of_rows)
            assert of_file.ends_at == of_rows.ends_at


def content(log: Log) -> list[Any]:
    return log.con.execute("SELECT * FROM transactions ORDER BY ALL").fetchall()
