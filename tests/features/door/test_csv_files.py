"""Each kind of CSV has one verdict: read, rows set aside with a reason, or refused."""

from collections import Counter
from pathlib import Path

import pytest

from features.errors import TableError
from tests.features.small_files import (
    GOOD,
    HEADER,
    read_transactions,
    report_on,
    rows_of,
    write_bytes,
    write_text,
)

READ = {
    "comma": [HEADER, GOOD],
    "semicolon": [HEADER.replace(",", ";"), GOOD.replace(",", ";")],
    "tab": [HEADER.replace(",", "\t"), GOOD.replace(",", "\t")],
    "pipe": [HEADER.replace(",", "|"), GOOD.replace(",", "|")],
    "columns in another order": [
        "amount,customer_id,occurred_at",
        "9.50,c1,2024-05-01",
    ],
    "a column that is not used": [HEADER + ",note", GOOD + ",x"],
    "unnamed columns": [HEADER + ",,", GOOD + ",,"],
    "a column that is not used twice": [HEADER + ",x,x", GOOD + ",1,2"],
    "blanks around names and cells": [
        " customer_id , occurred_at , amount ",
        " c1 , 2024-05-01 , 9.50 ",
    ],
    "everything in quotes": [
        '"customer_id","occurred_at","amount"',
        '"c1","2024-05-01","9.50"',
    ],
    "a quoted delimiter": [HEADER + ",note", GOOD + ',"a, b"'],
    "a quoted line end": [HEADER + ",note", GOOD + ',"a', 'b"'],
    "a doubled quote": [HEADER + ",note", GOOD + ',"5"" pipe"'],
    "a quote inside a cell": [HEADER + ",note", GOOD + ',5" pipe'],
    "blank lines": ["", HEADER, "", GOOD, ""],
    "a formula cell": [HEADER + ",note", GOOD + ",=1+1"],
    "3 MB of columns": [
        HEADER + "".join(f",column_{at}" for at in range(10_000)),
        GOOD + ",x" * 10_000,
    ],
}


@pytest.mark.parametrize("lines", READ.values(), ids=READ.keys())
def test_a_csv_is_read_whole_if_it_is_written(lines: list[str], tmp_path: Path) -> None:
    with read_transactions(write_text(tmp_path, *lines)) as log:
        assert rows_of(log, "transactions", "customer_id", "amount") == [("c1", 9.5)]
        assert log.reports["transactions"].rejected == {}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last_end", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(
    end: str, last_end: bool, mark: bytes, tmp_path: Path
) -> None:
    text = end.join([HEADER, GOOD, GOOD]) + end * last_end
    report = report_on(write_bytes(tmp_path, mark + text.encode()))
    assert (report.rows_in, report.rows_accepted) == (2, 2)


def test_mixed_line_ends_lose_no_row(tmp_path: Path) -> None:
    text = f"{HEADER}\r\n{GOOD}\n{GOOD}\r{GOOD}\r\n{GOOD}"
    report = report_on(write_bytes(tmp_path, text.encode()))
    assert (report.rows_in, report.rows_accepted) == (4, 4)


MALFORMED = {
    "a short row": ["c1,2024-05-01"],
    "a long row": ["c1,2024-05-01,9.50,"],
    "a decimal comma": ["c1,2024-05-01,9,50"],
    "text after a quote": ['c1,2024-05-01,"9.50"0'],
    "a quote left open": ['c1,2024-05-01,"9.50'],
    "a quote left open at the start": ['"c1,2024-05-01,9.50'],
    "a cell of 3 MB": ["c1,2024-05-01," + "9" * 3_000_000],
    "a line of blanks": ["   "],
}


@pytest.mark.parametrize("lines", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
def test_a_broken_record_costs_no_other(
    lines: list[str], quoted: bool, tmp_path: Path
) -> None:
    good = 'c1,2024-05-01,"9.50"' if quoted else GOOD
    path = write_text(tmp_path, HEADER, good, *lines, good, good)
    report = report_on(path)
    assert (report.rows_in, report.rows_accepted) == (4, 3)
    assert report.rejected == {"malformed_row": 1}
    (example,) = report.examples
    assert (example.file, example.row, example.reason) == (path, 3, "malformed_row")


def test_a_quote_left_open_in_a_long_file_costs_one_line(tmp_path: Path) -> None:
    path = write_text(tmp_path, HEADER, 'c1,2024-05-01,"9.50', *[GOOD] * 5_000)
    report = report_on(path)
    assert report.rows_accepted == 5_000
    assert report.rejected == {"malformed_row": 1}


def test_rows_are_told_by_the_line_they_begin_on(tmp_path: Path) -> None:
    lines = [HEADER + ",note", GOOD + ',"a', 'b"', "", GOOD, "c1,2024-05-01,x,", "c1"]
    report = report_on(write_text(tmp_path, *lines))
    faults = [(example.reason, example.row) for example in report.examples]
    assert faults == [
        ("malformed_row", 5),
        ("malformed_row", 7),
        ("bad_amount", 6),
    ]
    assert report.rejected == {"malformed_row": 2, "bad_amount": 1}


@pytest.mark.parametrize(
    ("content", "message", "todo"),
    [
        pytest.param(b"", "is empty", "header", id="no bytes"),
        pytest.param(b"\n\n", "is empty", "header", id="blank lines only"),
        pytest.param(
            HEADER.encode(), "a header but no rows", "again", id="header only"
        ),
        pytest.param(GOOD.encode(), "has no header", "names", id="no header"),
        pytest.param(
            b"customer_id,amount\nc1,5\n", "no column 'occurred_at'", "", id="missing"
        ),
        pytest.param(
            b"customer_id,timestamp,amount\nc1,2024-05-01,5\n",
            "It has: customer_id, timestamp, amount",
            '[data.columns.transactions] occurred_at = "timestamp"',
            id="another name",
        ),
        pytest.param(
            f"{HEADER},amount\n{GOOD},1\n".encode(), "'amount' twice", "", id="twice"
        ),
        pytest.param(
            b'"customer_id,occurred_at\n', "a quote is left open", "", id="open quote"
        ),
        pytest.param(
            f"# made on Monday\n{HEADER}\n{GOOD}\n".encode(),
            "It has: # made on Monday",
            "",
            id="comment line",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\n".encode("utf-16"), "UTF-16", "iconv", id="UTF-16"
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\n".encode("utf-16-le"), "UTF-16", "iconv", id="UTF-16LE"
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\n张三,2024-05-01,5\n".encode("gbk"),
            "line 3 is probably GBK",
            "-f GBK",
            id="GBK",
        ),
        pytest.param(
            f"{HEADER}\n{GOOD}\nMüller,2024-05-01,5\n".encode("latin-1"),
            "line 3 is probably CP1252 or Latin-1",
            "-f CP1252",
            id="Latin-1",
        ),
        pytest.param(
            f"{HEADER}\nM\u00fc".encode()[:-1],
            "line 2",
            "iconv",
            id="cut in a character",
        ),
        pytest.param(b"<!DOCTYPE html><html>", "is HTML", "web page", id="HTML"),
        pytest.param(b'[{"customer_id": "c1"}]', "is JSON", "CSV", id="JSON"),
        pytest.param(b"PK\x03\x04abc", "Excel workbook", "CSV", id="Excel"),
        pytest.param(b"\x1f\x8b\x08abc", "gzip", "Unpack", id="gzip"),
        pytest.param(bytes(range(256)) * 9, "binary", "CSV", id="binary"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_its_name(
    content: bytes, message: str, todo: str, tmp_path: Path
) -> None:
    with pytest.raises(TableError, match=message) as caught:
        report_on(write_bytes(tmp_path, content))
    assert "log.csv" in str(caught.value)
    assert caught.value.needed
    assert todo in caught.value.todo


def test_a_file_without_any_good_row_is_refused_with_its_reasons(
    tmp_path: Path,
) -> None:
    path = write_text(tmp_path, HEADER, "c1,1714521600,5", "c1,1714521601,5", ",,")
    with pytest.raises(TableError, match="bad_occurred_at 2, missing_customer_id 1"):
        report_on(path)
    with pytest.raises(TableError, match="ISO 8601, such as 2024"):
        report_on(path)


def test_files_of_a_glob_are_read_by_name_not_by_position(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="1.csv")
    write_text(
        tmp_path, "amount;order_id;customer_id;occurred_at", "7;o1;c2;2024-05-02",
        name="2.csv",
    )  # fmt: skip
    with read_transactions(str(tmp_path / "*.csv")) as log:
        assert rows_of(log, "transactions", "customer_id", "amount", "order_id") == [
            ("c1", 9.5, None),
            ("c2", 7.0, "o1"),
        ]
        assert "order_id" in log.present["transactions"]


def test_a_file_of_a_glob_without_a_needed_column_is_named(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="1.csv")
    write_text(tmp_path, "customer_id,occurred_at,sum", GOOD, name="2.csv")
    with pytest.raises(TableError, match=r'2\.csv has no column .amount.*"sum"'):
        read_transactions(str(tmp_path / "*.csv"))


def test_a_file_of_a_glob_may_be_without_rows(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="1.csv")
    write_text(tmp_path, HEADER, name="2.csv")
    assert report_on(str(tmp_path / "*.csv")).rows_in == 1


def test_rows_are_numbered_within_their_own_file(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, "c1,x,1", name="1.csv")
    second = write_text(tmp_path, HEADER, "c1,2024-05-01,x", name="2.csv")
    examples = report_on(str(tmp_path / "*.csv")).examples
    assert Counter((example.reason, example.row) for example in examples) == {
        ("bad_occurred_at", 3): 1,
        ("bad_amount", 2): 1,
    }
    assert examples[-1].file == second
