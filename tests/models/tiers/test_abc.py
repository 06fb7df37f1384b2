"""Tiers: the shares, the ties, and cuts that give every customer its tier again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.score.schema import GAP, TEXT
from models.tiers.abc import (
    TierCuts,
    assign_tiers,
    fit_tiers,
    gap_to_next_tier,
    tier_reason,
    write_gaps,
    write_tier_reasons,
)
from models.tiers.definition.scheme import TIERS
from models.tiers.orders_missing import Orders

AMOUNTS = st.lists(
    st.one_of(
        st.floats(-1e6, 1e6),
        st.integers(-3, 8).map(float),
        st.just(float("nan")),
    ),
    max_size=250,
)


def by_hand(amounts: list[float]) -> list[str]:
    """Walk down the customers, one group of equal quantities after another."""
    known = [0.0 if a != a else a for a in amounts]
    ranked = sorted((a for a in known if a > 0), reverse=True)
    tier_at = {}
    for amount in ranked:
        above = sum(a for a in ranked if a > amount)
        n_above = sum(a > amount for a in ranked)
        if n_above < ceil(len(known) / 100):
            tier_at[amount] = "VIP"
        elif above < 0.7 * sum(ranked):
            tier_at[amount] = "A"
        else:
            tier_at[amount] = "B" if above < 0.9 * sum(ranked) else "C"
    return [tier_at.get(amount, "C") for amount in known]


def test_the_first_70_percent_make_a_the_next_20_make_b() -> None:
    quantity = [500, 150, 100, 100, 60, 50, 30, 10, 0, -20]
    cuts = fit_tiers(quantity)
    tiers = "VIP A A A B C C C C C".split()
    assert assign_tiers(quantity, cuts).tolist() == tiers
    assert cuts.shares["VIP"].value_share == 0.5
    assert cuts.shares["A"].n_customers == 3
    assert cuts.shares["A"].value == 350
    assert cuts.shares["C"].value == 70
    assert cuts.shares["C"].customer_share == 0.5


@given(amounts=st.lists(st.integers(-5, 40).map(float), max_size=250))
def test_the_cuts_give_each_customer_the_tier_found_by_hand(
    amounts: list[float],
) -> None:
    assert assign_tiers(amounts, fit_tiers(amounts)).tolist() == by_hand(amounts)


@given(amounts=AMOUNTS)
def test_tiers_partition_the_customers_and_rise_with_the_quantity(
    amounts: list[float],
) -> None:
    cuts = fit_tiers(amounts)
    tiers = assign_tiers(amounts, cuts)
    known = np.nan_to_num(np.array(amounts, dtype=float))
    assert sum(s.n_customers for s in cuts.shares.values()) == len(amounts)
    assert sum(s.value for s in cuts.shares.values()) == pytest.approx(known.sum())
    rank = np.array([TIERS.index(tier) for tier in tiers], dtype=int)
    assert (np.diff(rank[np.argsort(known, kind="stable")]) <= 0).all()
    assert (tiers[known <= 0] == "C").all()


@given(amounts=AMOUNTS, currency=st.sampled_from([None, "GBP", "JPY", "{x}"]))
def test_spending_the_gap_moves_a_customer_up(
    amounts: list[float], currency: str | None
) -> None:
    cuts = fit_tiers(amounts)
    for quantity, tier in zip(amounts, assign_tiers(amounts, cuts), strict=True):
        gap = gap_to_next_tier(quantity, tier, cuts, currency)
        if gap is None:
            assert tier == "VIP" or not (np.array(amounts) > 0).any()
            continue
        reached = np.nan_to_num(quantity) + gap["amount"] + 1e-6
        there = str(assign_tiers([reached], cuts)[0])
        assert TIERS.index(there) <= TIERS.index(gap["tier"]) < TIERS.index(tier)


def test_all_who_are_tied_at_the_cut_are_vip() -> None:
    assert assign_tiers([7, 7, 7, 1], fit_tiers([7, 7, 7, 1])).tolist() == [
        "VIP", "VIP", "VIP", "C"
    ]  # fmt: skip


def test_one_percent_is_rounded_up() -> None:
    quantity = np.arange(1.0, 102.0)
    assert fit_tiers(quantity).shares["VIP"].n_customers == 2


@pytest.mark.parametrize("quantity", [[], [0, 0], [-5, -1], [float("nan")]])
def test_where_nobody_spent_all_are_c(quantity: list[float]) -> None:
    cuts = fit_tiers(quantity)
    assert (assign_tiers(quantity, cuts) == "C").all()
    assert gap_to_next_tier(0, "C", cuts, "GBP") is None
    assert tier_reason(0, "C", cuts, "GBP")["en"] == "No net spend in the last 365 days"


CUTS = fit_tiers([4210, 1020, 1020, 900, 400, 310, 90, 50, -12, 0])


@pytest.mark.parametrize(
    ("quantity", "tier", "en", "zh"),
    [
        (
            4210,
            "VIP",
            "Spent 4,210.00 GBP in the last 365 days: among the top 1 % of customers "
            "(4,210.00 GBP or more)",
            "过去365天消费4,210.00 GBP：属于消费最高的1%客户（4,210.00 GBP及以上）",
        ),
        (
            1020,
            "A",
            "Spent 1,020.00 GBP in the last 365 days: among the customers who make the "
            "first 70 % of spend (1,020.00 GBP or more)",
            "过去365天消费1,020.00 GBP："
            "属于贡献前70%消费额的客户（1,020.00 GBP及以上）",
        ),
        (
            90,
            "C",
            "Spent 90.00 GBP in the last 365 days: among the customers who make the "
            "last 10 % of spend (below 400.00 GBP)",
            "过去365天消费90.00 GBP：属于贡献最后10%消费额的客户（低于400.00 GBP）",
        ),
        (
            -12,
            "C",
            "Returned 12.00 GBP more than was spent in the last 365 days",
            "过去365天退货比消费多12.00 GBP",
        ),
        (0, "C", "No net spend in the last 365 days", "过去365天没有净消费"),
    ],
)
def test_the_reason_names_the_amount_and_the_cut(
    quantity: float, tier: str, en: str, zh: str
) -> None:
    assert tier_reason(quantity, tier, CUTS, "GBP") == {"en": en, "zh": zh}


def test_the_gap_is_said_in_both_languages() -> None:
    assert gap_to_next_tier(890, "B", CUTS, "GBP") == {
        "tier": "A",
        "amount": 130.0,
        "en": "130.00 GBP more in the last 365 days would make it A",
        "zh": "过去365天再多消费130.00 GBP即可成为A",
    }


def test_a_gap_of_spend_is_told_in_orders_and_by_a_day() -> None:
    orders = Orders([65.0, 500.0, np.nan, -5.0, 0.1], datetime(2012, 1, 5, tzinfo=UTC))
    gaps = write_gaps(
        [890.0] * 5, np.array(["B"] * 5), CUTS, currency="GBP", orders=orders
    ).to_pylist()
    one = "130.00 GBP more by 31 March 2012 would make it A"
    assert [gap["en"] for gap in gaps] == [
        f"2 more orders or {one}",
        f"1 more order or {one}",
        one,
        one,
        one,
    ]
    assert gaps[0]["zh"] == "2012年3月31日前再下2单或再消费130.00 GBP即可成为A"
    assert {gap["amount"] for gap in gaps} == {130.0}


def test_a_tier_that_nobody_is_in_is_not_the_next_one() -> None:
    cuts = fit_tiers([9000, 500, 400, 100])
    assert cuts.shares["A"].n_customers == 0
    gap = gap_to_next_tier(500, "B", cuts, None)
    assert gap is not None
    assert (gap["tier"], gap["amount"]) == ("VIP", 8500.0)


@given(amounts=AMOUNTS)
def test_a_column_of_sentences_is_the_sentence_of_each(amounts: list[float]) -> None:
    cuts = fit_tiers(amounts)
    tiers = assign_tiers(amounts, cuts)
    reasons = write_tier_reasons(amounts, tiers, cuts, currency="EUR")
    gaps = write_gaps(amounts, tiers, cuts, currency="EUR")
    assert (reasons.type, gaps.type) == (TEXT, GAP)
    rows = list(zip(amounts, tiers, strict=True))[:5]
    assert reasons.to_pylist()[:5] == [tier_reason(*row, cuts, "EUR") for row in rows]
    assert gaps.to_pylist()[:5] == [gap_to_next_tier(*row, cuts, "EUR") for row in rows]


@given(amounts=AMOUNTS)
def test_json_restores_the_cuts_exactly(amounts: list[float]) -> None:
    cuts = fit_tiers(amounts)
    assert TierCuts.from_dict(json.loads(json.dumps(cuts.to_dict()))) == cuts
