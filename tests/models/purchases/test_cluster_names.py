"""Names of clusters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.purchases.cluster_names import TELLING, Traits, name_clusters

MIDDLE = dict.fromkeys(TELLING, 0.0)
SCORES = st.fixed_dictionaries(
    {trait: st.sampled_from([-1.5, -0.2, 0.0, 0.4, 2.0]) for trait in TELLING}
)


@pytest.mark.parametrize(
    ("scores", "n_orders", "en", "zh"),
    [
        ({}, 6, "Regular buyers", "常规客户"),
        ({"n_orders": 1}, 3, "Occasional buyers", "低频客户"),
        (
            {"n_orders": 1, "mean_order_value": 1, "days_since_last_order": -1},
            20,
            "Active frequent big spenders",
            "活跃的高频高消费客户",
        ),
        (
            {"days_since_first_order": -1},
            1,
            "Recent one-time buyers",
            "近期一次性客户",
        ),
        (
            {"days_since_last_order": 1, "mean_order_value": -1},
            2,
            "Lapsed occasional small spenders",
            "久未下单的低频低消费客户",
        ),
        (
            {"days_since_first_order": -1, "n_orders": 1},
            9,
            "New frequent buyers",
            "新晋高频客户",
        ),
    ],
)
def test_a_name_says_how_long_ago_how_often_and_how_much(
    scores: dict[str, float], n_orders: float, *, en: str, zh: str
) -> None:
    assert name_clusters([Traits({**MIDDLE, **scores}, n_orders)]) == [
        {"en": en, "zh": zh}
    ]


def test_those_called_alike_are_told_apart_by_what_differs_most() -> None:
    more = Traits({**MIDDLE, "net_spend": 0.4}, 6)
    less = Traits({**MIDDLE, "net_spend": -0.4}, 6)
    assert [name["en"] for name in name_clusters([more, less])] == [
        "Regular buyers (higher spend)",
        "Regular buyers (lower spend)",
    ]


def test_those_with_no_difference_are_numbered() -> None:
    names = name_clusters([Traits(MIDDLE, 6)] * 2)
    assert [name["en"] for name in names] == [
        "Regular buyers (1)",
        "Regular buyers (2)",
    ]


@given(
    st.lists(st.builds(Traits, SCORES, st.sampled_from([1.0, 3.0, 9.0])), max_size=12)
)
def test_no_two_names_are_alike(clusters: list[Traits]) -> None:
    names = name_clusters(clusters)
    assert len({name["en"] for name in names}) == len(clusters)
    assert len({name["zh"] for name in names}) == len(clusters)
