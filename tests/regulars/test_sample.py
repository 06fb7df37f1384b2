"""The sample log is the published one, whole, and small enough to be cloned."""

from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "notebooks" / "data"
SOURCE = ROOT.parent / "shared/data/online_retail_ii/online_retail_ii.parquet"
TOTALS = "count(*), count({id}), count(DISTINCT {id}), round(sum({amount}), 2)"


def test_the_sample_log_is_under_six_megabytes() -> None:
    assert sum(file.stat().st_size for file in DATA.glob("*.parquet")) < 6_000_000


def test_the_readme_keeps_the_attribution() -> None:
    readme = (DATA / "README.md").read_text()
    for words in ("Chen, D.", "10.24432/C5CG6D", "CC BY 4.0", "What was changed"):
        assert words in readme


@pytest.mark.skipif(not SOURCE.exists(), reason=f"{SOURCE} is not on this machine")
def test_no_line_of_the_source_is_lost() -> None:
    ours = TOTALS.format(id='"Customer ID"', amount='"Amount"')
    theirs = TOTALS.format(id="customer_id", amount="amount")
    with duckdb.connect() as con:
        kept = con.execute(f"SELECT {ours} FROM '{DATA}/sales.parquet'").fetchall()
        published = con.execute(
            f"SELECT {theirs} FROM '{SOURCE}' WHERE NOT is_sheet_overlap"
        ).fetchall()
    assert kept == published


def test_each_return_is_a_cancelled_invoice_of_a_known_customer() -> None:
    with duckdb.connect() as con:
        [(unmatched,)] = con.execute(
            f"""
            SELECT count(*) FROM '{DATA}/returns.parquet' AS returns
            WHERE value > 0 OR NOT EXISTS (
                FROM '{DATA}/sales.parquet' AS sales
                WHERE "Invoice" LIKE 'C%'
                    AND sales."Customer ID" = returns."Customer ID"
                    AND sales."InvoiceDate" = returns."InvoiceDate"
            )
            """
        ).fetchall()
    assert unmatched == 0
