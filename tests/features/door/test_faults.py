"""A bad row is set aside for one reason, the first that is found."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.door.log_files import LogSource, TableSource, read_log
from tests.features.small_files import (
    GOOD,
    HEADER,
    NOW,
    read_transactions,
    report_on,
    rows_of,
    write_parquet,
    write_text,
)


def reject(folder: Path, row: str, *, header: str = HEADER) -> str:
    """Return the only reason for which a row is set aside beside a good one."""
    good = GOOD + "," * (header.count(",") - 2)
    report = report_on(write_text(folder, header, good, row))
    (reason,) = report.rejected
    assert report.rejected[reason] == 1
    assert report.rows_in == 2
    return reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2024-05-01,5", "missing_customer_id"),
        ("   ,2024-05-01,5", "missing_customer_id"),
        ("NULL,2024-05-01,5", "missing_customer_id"),
        ("nan,2024-05-01,5", "missing_customer_id"),
        ("N/A,2024-05-01,5", "missing_customer_id"),
        ("\u200b\u00a0\t,2024-05-01,5", "missing_customer_id"),
        ("x" * 257 + ",2024-05-01,5", "long_customer_id"),
        ("c\0,2024-05-01,5", "nul_character"),
        ("c1,2024-05-01,5\0", "nul_character"),
        ("c1,,5", "missing_occurred_at"),
        ("c1,NaT,5", "missing_occurred_at"),
        ("c1,yesterday,5", "bad_occurred_at"),
        ("c1,01/05/2024,5", "bad_occurred_at"),
        ("c1,2024/05/01,5", "bad_occurred_at"),
        ("c1,2024-02-30,5", "bad_occurred_at"),
        ("c1,2024-05-01T25:00,5", "bad_occurred_at"),
        ("c1,1714521600,5", "bad_occurred_at"),
        ("c1,infinity,5", "bad_occurred_at"),
        ("c1,epoch,5", "bad_occurred_at"),
        ("c1,2024-05-01 10:00 Europe/Berlin,5", "bad_occurred_at"),
        ("c1,2999-01-01,5", "future_occurred_at"),
        ("c1,9999-12-31,5", "future_occurred_at"),
        ("c1,1969-12-31,5", "absurd_occurred_at"),
        ("c1,0000-01-01,5", "absurd_occurred_at"),
        ("c1,2024-05-01,", "missing_amount"),
        ("c1,2024-05-01,null", "missing_amount"),
        ("c1,2024-05-01,NA", "missing_amount"),
        ("c1,2024-05-01,free", "bad_amount"),
        ("c1,2024-05-01,1_000", "bad_amount"),
        ("c1,2024-05-01,£5", "bad_amount"),
        ("c1,2024-05-01,5 EUR", "bad_amount"),
        ("c1,2024-05-01,(5)", "bad_amount"),
        ("c1,2024-05-01,0x10", "bad_amount"),
        ("c1,2024-05-01,٣", "bad_amount"),
        ('c1,2024-05-01,"12,50"', "bad_amount"),
        ('c1,2024-05-01,"1,234.50"', "bad_amount"),
        ("c1,2024-05-01,NaN", "non_finite_amount"),
        ("c1,2024-05-01,-inf", "non_finite_amount"),
        ("c1,2024-05-01,Infinity", "non_finite_amount"),
        ("c1,2024-05-01,1e400", "non_finite_amount"),
        ("c1,2024-05-01,1e308", "absurd_amount"),
        ("c1,2024-05-01,-1000000000001", "absurd_amount"),
    ],
)
def test_a_transaction_is_set_aside_for(row: str, reason: str, tmp_path: Path) -> None:
    assert reject(tmp_path, row) == reason


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("quantity", "many", "bad_quantity"),
        ("quantity", "inf", "bad_quantity"),
        ("discount", "10 %", "bad_discount"),
        ("cost", "1e13", "bad_cost"),
        ("known_at", "later", "bad_known_at"),
        ("order_id", "a\0b", "nul_character"),
    ],
)
def test_a_bad_cell_of_an_optional_column_sets_the_row_aside(
    column: str, cell: str, reason: str, tmp_path: Path
) -> None:
    row = f"c1,2024-05-01,5,{cell}"
    assert reject(tmp_path, row, header=f"{HEADER},{column}") == reason


@pytest.mark.parametrize("cell", ["", "NULL", "n/a", "nan", "NA"])
@pytest.mark.parametrize("column", ["quantity", "discount", "cost", "known_at"])
def test_an_empty_cell_of_an_optional_column_is_null(
    column: str, cell: str, tmp_path: Path
) -> None:
    path = write_text(tmp_path, f"{HEADER},{column}", f"{GOOD},{cell}")
    with read_transactions(path) as log:
        assert rows_of(log, "transactions", column) == [(None,)]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-05-01", "2024-05-01 00:00:00"),
        ("2024-05-01T10:30", "2024-05-01 10:30:00"),
        ("2024-05-01 10:30:15.123456789", "2024-05-01 10:30:15.123456"),
        ("2024-05-01T10:30:15Z", "2024-05-01 10:30:15"),
        ("2024-05-01 10:30:15 UTC", "2024-05-01 10:30:15"),
        ("2024-05-01T10:30+08:00", "2024-05-01 02:30:00"),
        ("2024-05-01T10:30:00-0530", "2024-05-01 16:00:00"),
        ("2024-05-01T23:30:00-08", "2024-05-02 07:30:00"),
    ],
)
def test_instants_become_utc(cell: str, expected: str, tmp_path: Path) -> None:
    path = write_text(tmp_path, HEADER, f"c1,{cell},5")
    with read_transactions(path) as log:
        assert rows_of(log, "transactions", "occurred_at") == [
            (datetime.fromisoformat(expected),)
        ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("5", 5.0), ("-5.25", -5.25), ("+.5", 0.5), ("1e3", 1000.0), ("-0", 0.0)],
)
def test_numbers_are_read_with_a_point(
    cell: str, expected: float, tmp_path: Path
) -> None:
    with read_transactions(
        write_text(tmp_path, HEADER, f"c1,2024-05-01,{cell}")
    ) as log:
        ((amount,),) = rows_of(log, "transactions", "amount")
        assert str(amount) == str(expected)


def test_the_clock_may_be_five_minutes_off(tmp_path: Path) -> None:
    ahead = [(NOW + timedelta(minutes=minutes)).isoformat() for minutes in (4, 6)]
    rows = [f"c1,{instant},5" for instant in ahead]
    report = report_on(write_text(tmp_path, HEADER, *rows))
    assert report.rejected == {"future_occurred_at": 1}


def test_a_discount_is_money_off_whatever_its_sign(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"{HEADER},discount", f"{GOOD},-1.5", f"{GOOD},1.5")
    with read_transactions(path) as log:
        assert rows_of(log, "transactions", "discount") == [(1.5,), (1.5,)]


def test_fees_are_no_products(tmp_path: Path) -> None:
    path = write_text(
        tmp_path, f"{HEADER},product_id", f"{GOOD},POST", f"{GOOD},85123A", f"{GOOD},"
    )
    source = LogSource(TableSource(path), not_products=("POST", "BANK CHARGES"))
    with read_log(source, now=NOW) as log:
        assert log.reports["transactions"].rejected == {"not_a_product": 1}
        assert rows_of(log, "transactions", "product_id") == [("85123A",), (None,)]


def test_the_most_common_currency_is_kept_and_told(tmp_path: Path) -> None:
    cells = ["gbp", "GBP", "EUR", ""]
    rows = [f"{GOOD},{cell}" for cell in cells]
    with read_transactions(write_text(tmp_path, f"{HEADER},currency", *rows)) as log:
        report = log.reports["transactions"]
        assert log.currency == report.currency == "GBP"
        assert report.rejected == {"other_currency": 1}
        assert report.hints[0].startswith("Amounts in different currencies")
        assert rows_of(log, "transactions", "currency") == [("GBP",), ("GBP",), (None,)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c1,2024-05-01,,1", "missing_type"),
        ("c1,,mail,1", "missing_occurred_at"),
        ("c1,2024-05-01,mail,x", "bad_value"),
        (",2024-05-01,mail,1", "missing_customer_id"),
    ],
)
def test_an_interaction_is_set_aside_for(row: str, reason: str, tmp_path: Path) -> None:
    transactions = TableSource(write_text(tmp_path, HEADER, GOOD, name="sales.csv"))
    header = "customer_id,occurred_at,type,value"
    path = write_text(tmp_path, header, "c1,2024-05-01,mail,", row)
    source = LogSource(transactions, interactions=TableSource(path))
    with read_log(source, now=NOW) as log:
        assert log.reports["interactions"].rejected == {reason: 1}


def test_the_last_row_of_a_customer_is_kept(tmp_path: Path) -> None:
    transactions = TableSource(write_text(tmp_path, HEADER, GOOD, name="sales.csv"))
    rows = ["c1,old,", "c2,only,", "c1,new,", "c3,x,bad", "c4,x,1899-01-01"]
    path = write_text(tmp_path, "customer_id,note,joined_at", *rows)
    with read_log(LogSource(transactions, None, TableSource(path)), now=NOW) as log:
        assert rows_of(log, "customers", "customer_id", "note") == [
            ("c1", "new"),
            ("c2", "only"),
        ]
        assert log.reports["customers"].rejected == {
            "absurd_joined_at": 1,
            "bad_joined_at": 1,
            "duplicate_customer_id": 1,
        }


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        (['c1,2024-05-01,"12,50"'], "Numbers need a point"),
        (["c1,2024-05-01,1.234.50"], "Numbers are written as"),
        (["c1,2024-05-01,€5"], "sign of currency"),
        (["c1,2024-05-01,5%"], "sign of currency"),
        (["c1,31/05/2024,5"], "Day and month are not guessed"),
        (["c1,1714521600000,5"], "Instants that are numbers are not guessed"),
        (["c1,soon,5"], "Instants are ISO 8601"),
        (["c1,2999-01-01,5"], "taken as UTC"),
        (["c1,2024-05-01"], "cell that holds the delimiter"),
        ([",2024-05-01,5"], "cannot be credited"),
        (["c\0,2024-05-01,5"], "broken export"),
    ],
)
def test_a_reason_comes_with_what_to_do(
    rows: list[str], hint: str, tmp_path: Path
) -> None:
    (advice,) = report_on(write_text(tmp_path, HEADER, GOOD, *rows)).hints
    assert hint in advice


def test_examples_show_the_beginning_of_numbers_and_instants_only(
    tmp_path: Path,
) -> None:
    long = "9" * 20 + "secret"
    rows = [f"anna@example.org,2024-05-01,{long}", "x" * 300 + ",2024-05-01,1"]
    report = report_on(write_text(tmp_path, HEADER, GOOD, *rows))
    shown = {example.reason: example.given for example in report.examples}
    assert shown == {"bad_amount": long[:24], "long_customer_id": None}
    assert "anna" not in json.dumps(report.to_dict())


def test_three_rows_of_a_reason_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    report = report_on(write_text(tmp_path, HEADER, GOOD, *["c1,2024-05-01,x"] * 9))
    assert report.rejected == {"bad_amount": 9}
    assert [example.row for example in report.examples] == [3, 4, 5]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (pa.array([1.0, float("nan")]), "non_finite_amount"),
        (pa.array([1.0, float("inf")]), "non_finite_amount"),
        (pa.array([1.0, None]), "missing_amount"),
        (pa.array([1, 10**13]), "absurd_amount"),
        (pa.array(["1", "1,5"]), "bad_amount"),
    ],
)
def test_typed_amounts_have_the_same_faults(
    values: pa.Array, reason: str, tmp_path: Path
) -> None:
    columns = {
        "customer_id": ["c1", "c2"],
        "occurred_at": [datetime(2024, 5, 1, tzinfo=UTC)] * 2,
        "amount": values,
    }
    report = report_on(write_parquet(tmp_path, columns))
    assert report.rejected == {reason: 1}
    assert report.examples[0].row == 2
