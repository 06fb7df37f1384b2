"""``regulars backtest`` says in words, or as JSON, how far results vary."""

import json
from pathlib import Path

import pytest

from regulars.cli import main
from tests.buyers import Rows


@pytest.fixture(scope="module")
def config(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the log with a config beside it."""
    folder = tmp_path_factory.mktemp("backtest")
    lines = [
        f"{row['customer_id']},{row['occurred_at'].isoformat()},{row['amount']}"
        for row in rows.transactions
    ]
    header = "customer_id,occurred_at,amount"
    (folder / "sales.csv").write_text("\n".join([header, *lines, ""]))
    path = folder / "regulars.toml"
    path.write_text('[data]\ntransactions = "sales.csv"\n[model]\nhorizon_days = 60\n')
    return path


def test_it_says_how_each_origin_went_and_how_each_slice(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["backtest", "-c", str(config), "--origins", "1", "--as-of", "2023-03-01"]
    assert main(args, {}) == 0
    out, err = capsys.readouterr()
    assert "2022-12-31" in out
    assert "days since the last order" in out
    assert "capture, top 20 %" in out
    assert "lifecycle stage" in out
    assert "Better than every simple method at" in out
    assert "Reading the log" in err


def test_a_history_that_is_too_short_leaves_with_one_and_json(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["backtest", "-c", str(config), "--as-of", "2022-01-08", "--json"]
    assert main(args, {}) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == "DataError"


@pytest.mark.parametrize("option", [("--origins", "0"), ("--embargo", "-1")])
def test_what_makes_no_sense_leaves_with_two(
    config: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", "-c", str(config), *option], {}) == 2
    assert option[0] in capsys.readouterr().err
