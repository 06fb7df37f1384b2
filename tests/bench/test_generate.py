"""Generated logs are what they are said to be, and so are the other ways to build."""

from pathlib import Path

import duckdb
import numpy as np

from features.purchases.build import build_features
from features.purchases.frame import to_frame
from features.purchases.plan import plan_features
from tests.bench.by_pandas import build_by_pandas
from tests.bench.features import AS_OF, HORIZON, by_hand_plan, check_equal, open_folder
from tests.bench.generate import LogShape, generate
from tests.bench.pandas_grains import Tables


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, LogShape(2_000, 200, seed=seed))

    a, b, c = (
        [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]
        for name in "abc"
    )
    assert a == b
    assert a != c


def test_a_log_has_its_events_and_every_customer_buys(tmp_path: Path) -> None:
    generate(tmp_path, LogShape(2_000, 200))

    with duckdb.connect() as con:
        counts = con.execute(
            f"""select
                (select count(*) from '{tmp_path}/transactions-*.parquet')
                    + (select count(*) from '{tmp_path}/interactions-*.parquet'),
                (select count(distinct customer_id)
                    from '{tmp_path}/transactions-*.parquet' where amount > 0)"""
        ).fetchone()
    assert counts == (2_000, 200)


def test_pandas_and_a_query_by_hand_give_the_same_columns(tmp_path: Path) -> None:
    generate(tmp_path, LogShape(3_000, 300))
    with open_folder(tmp_path) as log:
        plan = plan_features(log, as_of=AS_OF, horizon=HORIZON)
        ours = to_frame(build_features(log, plan, as_of=[AS_OF])).droplevel("as_of")
        frames = Tables(
            *(log.con.sql(f"from {name}").df() for name in Tables.__dataclass_fields__)
        )
        check_equal(ours, build_by_pandas(frames, plan, as_of=AS_OF))

        other = by_hand_plan(log, plan)
        by_hand = log.con.sql(other.sql).to_arrow_table().to_pandas()
    by_hand = by_hand.set_index("customer_id").sort_index()
    assert other.names == plan.names
    check_equal(ours, by_hand[list(plan.names)].astype(np.float64))
