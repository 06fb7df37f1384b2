"""The log that a command learns from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from regulars.log import learnt_from
from regulars.settings.settings import load_settings
from tests.features.sqllog import NOW, open_log

CONFIG = """[data]
transactions = "*.parquet"
sample_customers = 1000
"""


def test_of_more_customers_than_the_config_says_some_are_learnt_from(
    tmp_path: Path,
) -> None:
    config = tmp_path / "regulars.toml"
    config.write_text(CONFIG)
    settings = load_settings(config, {})
    for n_customers in (1_000, 1_500):
        rows = [
            {
                "customer_id": f"c{n}",
                "occurred_at": NOW - timedelta(days=1),
                "amount": 9,
            }
            for n in range(n_customers)
        ]
        log = open_log(transactions=rows)
        with learnt_from(log, settings) as own:
            assert (own is log) == (n_customers == 1_000)
            taken = own.sample
        log.con.execute("select 1")  # it is still open
    assert taken is not None
    assert 800 < taken[0] < 1_200
    assert taken[1] == 1_500
