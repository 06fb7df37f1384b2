"""A backtest looks from several instants, and at none sees what came after."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.door.log_files import Log
from features.errors import DataError
from tests.buyers import STARTS_AT, Rows
from tests.conftest import AS_OF, HORIZON_DAYS
from training.backtest import Backtest, backtest
from training.fit.schedule import choose_origins, plan_schedule
from training.judge.variation import pool_tenths
from training.train import TrainOptions

START = datetime(2020, 1, 1, tzinfo=UTC)
EMBARGO = timedelta(days=14)


@pytest.fixture(scope="module")
def two(buyers_log: Log, options: TrainOptions) -> Backtest:
    return backtest(
        buyers_log, as_of=AS_OF, options=options, origins=2, embargo=EMBARGO
    )


@given(
    history=st.integers(0, 1500),
    horizon_days=st.integers(7, 365),
    count=st.integers(1, 6),
)
def test_origins_end_by_the_log_and_stand_apart(
    history: int, horizon_days: int, count: int
) -> None:
    as_of = START + timedelta(days=history)
    origins = choose_origins(
        starts_at=START, as_of=as_of, horizon_days=horizon_days, count=count
    )
    assert len(origins) <= count
    assert len({origin.horizon_days for origin in origins}) <= 1
    for origin, later in zip(origins[:-1], origins[1:], strict=True):
        gap = (later.as_of - origin.as_of).days
        assert 7 <= gap <= max(horizon_days, 7)
    if origins:
        assert origins[-1].ends_at == as_of
        known = (origins[-1].as_of - START).days
        assert (origins[0].as_of - START).days >= known // 2


@pytest.mark.parametrize(
    ("history", "horizon_days", "expected"),
    [
        (738, 90, [(468, 90), (558, 90), (648, 90)]),
        (738, 182, [(278, 182), (417, 182), (556, 182)]),
        (545, 273, [(182, 181), (273, 181), (364, 181)]),
        (5, 90, []),
    ],
)
def test_a_short_history_is_asked_in_small(
    history: int, horizon_days: int, expected: list[tuple[int, int]]
) -> None:
    as_of = START + timedelta(days=history)
    origins = choose_origins(
        starts_at=START, as_of=as_of, horizon_days=horizon_days, count=3
    )
    found = [((each.as_of - START).days, each.horizon_days) for each in origins]
    assert found == expected


@given(
    history=st.integers(60, 1500),
    horizon_days=st.integers(7, 365),
    embargo=st.integers(0, 60),
)
def test_labels_end_an_embargo_before_they_are_used(
    history: int, horizon_days: int, embargo: int
) -> None:
    as_of, gap = START + timedelta(days=history), timedelta(days=embargo)
    plan = plan_schedule(
        starts_at=START, as_of=as_of, horizon_days=horizon_days, embargo=gap
    )
    assert all(origin.ends_at + gap <= as_of for origin in plan.origins())
    for origin in plan.late_snapshots:
        assert plan.late is not None
        assert origin.ends_at + gap <= plan.late.as_of


def test_it_gives_each_measure_with_its_spread(two: Backtest) -> None:
    found = json.loads(json.dumps(two.to_dict(), allow_nan=False))
    churn, value = found["churn"]["model"], found["value"]["model"]
    tops = [
        f"{name}_at_{top}%" for name in ("lift", "capture") for top in (1, 5, 10, 20)
    ]
    for spread in (
        *(churn[name] for name in ("auc", "average_precision", *tops)),
        *(churn[name] for name in ("brier", "ece", "log_loss")),
        *(value[name] for name in ("gini", "spearman", "mae", "total_error")),
        *(value[name] for name in ("top_tenth_found", "coverage")),
        *(found["clusters"][name] for name in ("silhouette", "stability")),
    ):
        assert spread["n_origins"] == 2
        assert spread["min"] <= spread["mean"] <= spread["max"]
        assert spread["sd"] >= 0
    assert [origin["horizon_days"] for origin in found["origins"]] == [HORIZON_DAYS] * 2
    assert found["embargo_days"] == EMBARGO.days
    assert 0 < found["top_list_overlap"]["mean"] <= 1
    for baseline in ("recency", "rfm", "bgnbd"):
        assert 0.5 <= found["churn"][baseline]["auc"]["mean"] <= 1
        assert 0 <= found["value"][baseline]["gini"]["mean"] <= 1


def test_every_customer_is_in_one_slice_of_each_kind(two: Backtest) -> None:
    for origin in two.to_dict()["origins"]:
        assert set(origin["slices"]) == {
            "tier",
            "lifecycle_stage",
            "tenure",
            "purchases",
        }
        for slices in origin["slices"].values():
            counts = [measures["n_customers"] for measures in slices.values()]
            assert sum(counts) == origin["n_customers"]


def test_the_reliability_table_holds_every_customer_of_every_origin(
    two: Backtest,
) -> None:
    found = two.to_dict()
    everybody = sum(origin["n_customers"] for origin in found["origins"])
    for table in ("reliability", "value_deciles"):
        assert sum(row["n"] for row in found[table]) == everybody


def test_what_comes_after_an_origin_changes_only_the_judgement(
    two: Backtest, rows: Rows, options: TrainOptions
) -> None:
    """The last label window holds no purchase here: all are foretold as before."""
    last = two.looks[-1].holdout.origin.as_of
    with rows.before(last).open() as log:
        blind = backtest(log, as_of=AS_OF, options=options, origins=1, embargo=EMBARGO)
    assert blind.looks[0].holdout.churn_rate == 1.0
    assert blind.looks[0].top == two.looks[-1].top


@pytest.mark.parametrize(("days", "embargo"), [(7, 0), (480, 450)])
def test_a_log_too_short_to_look_back_from_is_refused(
    days: int, embargo: int, buyers_log: Log, options: TrainOptions
) -> None:
    with pytest.raises(DataError, match=f"{days - 2} days of history"):
        backtest(
            buyers_log,
            as_of=STARTS_AT + timedelta(days=days),
            options=options,
            embargo=timedelta(days=embargo),
        )


def test_looks_with_fewer_groups_are_pooled_by_their_place() -> None:
    """Ties left the second with its upper half alone in groups of its own."""
    tenths = [{"n": 20, "expected": 0.1 * k, "actual": 0.0} for k in range(10)]
    halves = [{"n": 100, "expected": e, "actual": 0.0} for e in (0.0, 0.9)]
    pooled = pool_tenths([tenths, halves])
    assert [row["n"] for row in pooled] == [20, 20, 120, 20, 20, 20, 20, 120, 20, 20]
    assert pooled[7]["expected"] == pytest.approx((20 * 0.7 + 100 * 0.9) / 120)
    assert pool_tenths([tenths]) == tenths
