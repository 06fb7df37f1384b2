"""``regulars check`` accounts for each row and says whether the log is enough."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from regulars.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "notebooks" / "data" / "regulars.toml"


def write_log(folder: Path, *, customers: int) -> Path:
    """Write a log in which each customer buys every three weeks for half a year."""
    days = [date(2024, 1, 1) + timedelta(days=21 * turn) for turn in range(9)]
    rows = [f"c{who},{day},{who + 1}.50" for who in range(customers) for day in days]
    rows += [",2024-02-02,9.90", "c1,2024-02-30,9.90", "c1,2024-02-02,much"]
    header = "customer_id,occurred_at,amount"
    (folder / "sales.csv").write_text("\n".join([header, *rows, ""]))
    config = folder / "regulars.toml"
    config.write_text('[data]\ntransactions = "sales.csv"\n')
    return config


def test_rows_in_are_rows_accepted_and_rows_set_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path, customers=200)
    assert main(["check", "-c", str(config), "--json"], {}) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    table = report["tables"]["transactions"]
    assert report["ready"] is True
    assert report["slow_families"] == []
    assert (table["rows_in"], table["rows_accepted"]) == (1803, 1800)
    assert table["rejected"] == {
        "bad_amount": 1,
        "bad_occurred_at": 1,
        "missing_customer_id": 1,
    }
    assert "Reading the log" in err


def test_a_log_that_is_too_small_leaves_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path, customers=20)
    assert main(["check", "-c", str(config), "--json"], {}) == 1
    minimums = json.loads(capsys.readouterr().out)["minimums"]
    assert [each["met"] for each in minimums] == [False, False, True]


def test_a_file_that_is_no_log_leaves_with_one_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path, customers=1)
    (tmp_path / "sales.csv").write_text("customer_id,date,amount\nc1,2024-01-01,1\n")
    assert main(["check", "-c", str(config)], {}) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "occurred_at" in err
    assert "Traceback" not in err


def test_the_sample_log_comes_with_its_dirt_and_is_enough(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "-c", str(SAMPLE), "--json"], {}) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert tables["transactions"]["rows_in"] == 1_044_847
    assert tables["transactions"]["rejected"]["missing_customer_id"] == 235_287
    assert tables["transactions"]["rejected"]["not_a_product"] > 0
    assert tables["interactions"]["rows_accepted"] == 7_283


def test_the_report_names_the_first_row_of_each_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_log(tmp_path, customers=200)
    assert main(["check", "-c", str(config)], {}) == 0
    shown = capsys.readouterr().out
    assert "set aside: bad occurred at" in shown
    assert "sales.csv, row 1803" in shown
