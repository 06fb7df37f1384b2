"""Features and labels of real logs, against what is published of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from features.door.log_files import LogSource, TableSource, read_log
from features.purchases.build import build_by_query, build_features
from features.purchases.frame import to_matrix
from features.purchases.labels import build_labels
from features.purchases.numpy.families.compile import slow_families
from features.purchases.plan import plan_features

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def shared_log(path: str, **columns: str) -> LogSource:
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"{file} is not there")
    return LogSource(TableSource(str(file), columns))


@pytest.mark.parametrize(
    ("path", "as_of", "horizon_days", "n_customers", "active_share"),
    [
        ("cdnow/cdnow.parquet", datetime(1997, 10, 1, tzinfo=UTC), 273, 23_500, 0.30),
        (
            "complete_journey/transactions.parquet",
            datetime(2017, 10, 2, tzinfo=UTC),
            91,
            2_447,
            0.94,
        ),
    ],
)
def test_the_published_customers_come_back_in_the_published_share(
    path: str,
    as_of: datetime,
    horizon_days: int,
    n_customers: int,
    active_share: float,
) -> None:
    source = shared_log(path, occurred_at="timestamp")

    with read_log(source, now=NOW) as log:
        labels = build_labels(log, [(as_of, timedelta(days=horizon_days))])

    assert labels.num_rows == n_customers
    churned_share = pc.mean(labels.column("churned")).as_py()
    assert 1 - churned_share == pytest.approx(active_share, abs=0.005)


@pytest.mark.parametrize(
    "path",
    [
        "online_retail_ii/online_retail_ii.parquet",
        "cdnow/cdnow.parquet",
        "complete_journey/transactions.parquet",
        "essec/essec_purchases.parquet",
        "ta_feng/ta_feng.parquet",
    ],
)
def test_every_column_is_compiled_and_is_what_the_query_makes_of_it(path: str) -> None:
    source = shared_log(path, occurred_at="timestamp")

    with read_log(source, now=NOW) as log:
        instants = [log.ends_at - timedelta(days=61, hours=5), log.ends_at]
        plan = plan_features(log, as_of=log.ends_at, horizon=timedelta(days=60))
        compiled = build_features(log, plan, as_of=instants)
        queried = build_by_query(log, plan, as_of=instants)

    assert slow_families(plan) == ()
    keys = ["customer_id", "as_of"]
    assert compiled.select(keys).equals(queried.select(keys))
    np.testing.assert_allclose(
        to_matrix(compiled, plan.names),
        to_matrix(queried, plan.names),
        rtol=1e-9,
        atol=1e-9,
    )


def test_dates_and_amounts_alone_make_at_least_35_features() -> None:
    source = shared_log("cdnow/cdnow_sample_1in10.parquet", occurred_at="timestamp")
    as_of = datetime(1997, 10, 1, tzinfo=UTC)

    with read_log(source, now=NOW) as log:
        plan = plan_features(log, as_of=as_of, horizon=timedelta(days=90))
        table = build_features(log, plan, as_of=[as_of])

    btyd = to_matrix(table, ["frequency", "recency", "T"])
    assert len(plan.names) >= 35
    assert table.num_rows == 2357 - 8  # eight got their CDs for nothing
    assert (btyd[:, 1] <= btyd[:, 2]).all()


def test_the_sample_makes_at_least_60_features_without_infinities() -> None:
    data = ROOT / "notebooks" / "data"
    keys = {"customer_id": "Customer ID", "occurred_at": "InvoiceDate"}
    bought = {"amount": "Amount", "order_id": "Invoice", "product_id": "StockCode"}
    source = LogSource(
        TableSource(
            str(data / "sales.parquet"), {**keys, **bought, "quantity": "Quantity"}
        ),
        TableSource(str(data / "returns.parquet"), keys),
    )
    as_of = datetime(2011, 6, 10, tzinfo=UTC)

    with read_log(source, now=NOW) as log:
        plan = plan_features(log, as_of=as_of, horizon=timedelta(days=90))
        table = build_features(log, plan, as_of=[as_of, as_of - timedelta(days=90)])

    X = to_matrix(table, plan.names)
    assert len(plan.names) >= 60
    assert not np.isinf(X).any()
    assert not np.isnan(X).all(axis=0).any()
    assert [type_ for type_, _ in plan.interaction_types] == ["return", "cancellation"]
