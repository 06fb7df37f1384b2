"""Tests of the ABC report."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.purchases.build import build_features
from features.purchases.frame import to_frame
from features.purchases.plan import plan_features
from models.reports.topics.pareto import classes_by_count, report_abc
from regulars.log import open_sample
from regulars.settings.settings import Settings, load_settings
from tests.models.reports.tables import facts_of, rows_of

SAMPLE = Path(__file__).resolve().parents[4] / "notebooks/data/regulars.toml"


def spending(*amounts: float) -> dict[str, dict[str, float]]:
    return {str(i): {"net_spend_365d": x} for i, x in enumerate(amounts)}


def count_by_hand(shop: Settings) -> dict[str, float]:
    """Return each customer's net spend of the last year, by a loop over the lines."""
    assert shop.data.transactions is not None
    lines = pd.read_parquet(shop.data.transactions)
    lines = lines[lines["Customer ID"].notna() & (lines["Amount"] != 0)]
    lines = lines[~lines["StockCode"].isin(shop.data.not_products)]
    end = pd.Timestamp("2011-12-10")
    spent: dict[str, float] = defaultdict(float)
    bought = set()
    columns = ["Customer ID", "InvoiceDate", "Amount"]
    for customer, at, amount in lines[columns].itertuples(index=False):
        if amount > 0:
            bought.add(customer)
        spent[customer] += amount if at >= end - timedelta(days=365) else 0.0
    return {customer: spent[customer] for customer in bought}


def class_by_hand(spent: dict[str, float]) -> dict[str, str]:
    """Put each customer in its class: those at least as high make room for nobody."""
    total = sum(x for x in spent.values() if x > 0)
    ranked = sorted(spent.values(), reverse=True)
    vip = ranked[-(-len(ranked) // 100) - 1]
    above: dict[float, float] = {}
    so_far = 0.0
    for amount in ranked:
        above.setdefault(round(amount, 4), so_far)
        so_far += amount
    classes = {}
    for customer, amount in spent.items():
        share = above[round(amount, 4)] / total
        ladder = "A" if share < 0.7 else "B" if share < 0.9 else "C"
        classes[customer] = "VIP" if amount >= vip else ladder if amount > 0 else "C"
    return classes


def test_the_shares_of_online_retail_equal_a_hand_computation() -> None:
    shop = load_settings(SAMPLE, {})
    spent = count_by_hand(shop)
    classes = class_by_hand(spent)
    with open_sample(shop) as log:
        plan = plan_features(log, as_of=log.ends_at, horizon=timedelta(days=90))
        built = build_features(log, plan, as_of=[log.ends_at])
    spend = to_frame(built).droplevel("as_of")["net_spend_365d"]
    report = report_abc(
        facts_of({str(name): {"net_spend_365d": x} for name, x in spend.items()})
    )
    rows = rows_of(report, "classes")
    total = sum(spent.values())
    assert set(rows) == {"VIP", "A", "B", "C"}
    for name, row in rows.items():
        of_class = [spent[customer] for customer in spent if classes[customer] == name]
        assert row["n_customers"] == len(of_class)
        assert row["net_revenue"] == pytest.approx(sum(of_class))
        assert row["revenue_share"] == pytest.approx(sum(of_class) / total)
    assert any(amount < 0 for amount in spent.values())
    assert sum(row["revenue_share"] for row in rows.values()) == pytest.approx(1)


def test_ten_percent_of_customers_that_make_seventy_percent_are_class_a() -> None:
    report = report_abc(facts_of(spending(700, *[100] * 2, *[100 / 7] * 7)))
    rows = rows_of(report, "by_customers")
    shares = {name: row["revenue_share"] for name, row in rows.items()}
    assert shares == {
        k: pytest.approx(v) for k, v in zip("ABC", (0.7, 0.2, 0.1), strict=True)
    }
    assert "70 %" in report.findings[0].en


def test_the_curve_ends_below_its_height_where_goods_came_back() -> None:
    report = report_abc(facts_of(spending(60, 50, -10)))
    curve = [p.y for p in report.charts[0].points if p.series.startswith("net")]
    assert curve == [0, 0.6, 1.1, 1]
    assert "10.00 GBP" in report.findings[1].en


def test_without_purchases_of_the_year_the_report_says_so() -> None:
    report = report_abc(facts_of(spending(0, -3)))
    assert "365 days" in report.needs[0].en
    assert not report.tables


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_classes_partition_the_customers_and_keep_equals_together(
    amounts: list[int],
) -> None:
    values = np.array(amounts, dtype=np.float64)
    classes = classes_by_count(values)
    assert set(classes) <= {"A", "B", "C"}
    for x, a in zip(values, classes, strict=True):
        for y, b in zip(values, classes, strict=True):
            assert x != y or a == b
            assert x <= y or a <= b
