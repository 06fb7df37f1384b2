"""Samples: all rows of some customers, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from features.door.log import share_sql
from features.door.sample import count_buyers, take_sample
from tests.features.sqllog import NOW, open_log

ROWS = [
    {
        "customer_id": f"c{n % 200}",
        "occurred_at": NOW - timedelta(days=1 + n),
        "amount": float(n),
    }
    for n in range(600)
]
COUNTS = "select customer_id, count(*) from transactions group by 1 order by 1"


def test_a_sample_has_all_rows_of_the_customers_it_has() -> None:
    log = open_log(transactions=ROWS)
    with take_sample(log, most_customers=50) as own:
        counts = own.con.execute(COUNTS).fetchall()
        assert 20 < len(counts) < 100
        assert {n_rows for _, n_rows in counts} == {3}
        assert own.sample == (len(counts), 200)
        assert (own.starts_at, own.ends_at) == (log.starts_at, log.ends_at)
    assert len(log.con.execute(COUNTS).fetchall()) == 200


def test_who_is_in_a_small_sample_is_in_every_larger_one() -> None:
    log = open_log(transactions=ROWS)
    query = "select distinct customer_id from transactions where "
    drawn = [
        set(log.con.execute(query + share_sql(share)).fetchall())
        for share in (0.1, 0.4, 1.0)
    ]
    assert drawn[0] < drawn[1] < drawn[2]
    assert len(drawn[2]) == 200


def test_a_log_of_few_customers_is_no_sample() -> None:
    log = open_log(transactions=ROWS)
    assert count_buyers(log) == 200
    with take_sample(log, most_customers=200) as own:
        assert own.sample is None
        assert own.con.execute(COUNTS).fetchall() == log.con.execute(COUNTS).fetchall()
