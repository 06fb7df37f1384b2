"""``regulars init`` writes a config that is read as it stands."""

from pathlib import Path

import pytest

from regulars.cli import main
from regulars.settings.settings import load_settings


def init(folder: Path, header: str) -> Path:
    sales, config = folder / "sales.csv", folder / "regulars.toml"
    sales.write_text(f"{header}\n")
    assert main(["init", str(sales), "-c", str(config)], {}) == 0
    return config


def test_known_names_of_others_are_mapped(tmp_path: Path) -> None:
    config = init(tmp_path, "Customer ID,InvoiceDate,Total,StockCode,Qty,known_at,Hue")
    data = load_settings(config, {}).data
    assert data.transactions == str(tmp_path / "sales.csv")
    assert data.columns.transactions == {
        "customer_id": "Customer ID",
        "occurred_at": "InvoiceDate",
        "amount": "Total",
        "product_id": "StockCode",
        "quantity": "Qty",
    }


def test_a_column_that_is_not_found_is_asked_for(tmp_path: Path) -> None:
    config = init(tmp_path, "customer_id,amount")
    assert '# occurred_at = "?"' in config.read_text()
    assert load_settings(config, {}).data.columns.transactions == {}


def test_a_unit_price_is_not_taken_for_the_amount(tmp_path: Path) -> None:
    config = init(tmp_path, "customer_id,occurred_at,Price,quantity")
    assert '# amount = "Price"  # only if' in config.read_text()
    assert load_settings(config, {}).data.columns.transactions == {}


def test_a_file_of_contracts_is_known_by_its_dates(tmp_path: Path) -> None:
    config = init(tmp_path, "account_id,start_date,End Date,mrr,Plan Name,Hue")
    settings = load_settings(config, {})
    assert settings.model.kind == "subscriptions"
    assert settings.data.transactions is None
    assert settings.data.columns.subscriptions == {
        "customer_id": "account_id",
        "starts_at": "start_date",
        "ends_at": "End Date",
        "amount": "mrr",
        "plan": "Plan Name",
    }


def test_without_a_file_there_is_a_config_to_fill_in(tmp_path: Path) -> None:
    config = tmp_path / "regulars.toml"
    assert main(["init", "-c", str(config)], {}) == 0
    assert load_settings(config, {}).data.transactions == str(
        tmp_path / "sales.parquet"
    )


def test_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "regulars.toml"
    config.write_text("mine")
    assert main(["init", "-c", str(config)], {}) == 2
    assert config.read_text() == "mine"
    assert "already there" in capsys.readouterr().err


def test_what_is_no_table_leaves_with_one_and_writes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "regulars.toml"
    assert main(["init", str(tmp_path / "none.csv"), "-c", str(config)], {}) == 1
    assert not config.exists()
