"""Reasons: the figure, what is usual, and a sentence for whatever comes."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.words.reasons import TABLE, ReasonTable

NAN = float("nan")
ENTRIES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text("utf-8"))["reason"]


@pytest.fixture(scope="module")
def table() -> ReasonTable:
    return ReasonTable.load()


@pytest.mark.parametrize(
    ("feature", "value", "usual", "en", "zh"),
    [
        (
            "n_orders_90d",
            1,
            5,
            "1 order in the last 90 days; peers usually 5",
            "近90天下单1次，同类客户通常5次",
        ),
        ("n_orders_90d", 2, NAN, "2 orders in the last 90 days", "近90天下单2次"),
        ("n_orders_7d", 0, NAN, "no order in the last 7 days", "近7天没有下单"),
        (
            "net_spend_90d",
            1234.5,
            80,
            "net spend of 1,234.50 GBP in the last 90 days; peers usually 80.00 GBP",
            "近90天净消费1,234.50 GBP，同类客户通常80.00 GBP",
        ),
        (
            "return_share",
            0.25,
            0.02,
            "returned 25 % of what was bought; peers usually 2 %",
            "退货占消费的25%，同类客户通常2%",
        ),
        ("days_since_last_return", NAN, 30, "no returns so far", "至今没有退货"),
        (
            "overdue_ratio",
            NAN,
            1,
            "only one purchase day so far, so no usual gap",
            "至今只在一天下过单，尚无平时间隔",
        ),
        (
            "overdue_ratio",
            3.5,
            1,
            "last order 3.5 times the usual gap ago",
            "距上次下单的天数是平时间隔的3.5倍",
        ),
        (
            "n_orders_trend_90d",
            -0.5,
            NAN,
            "orders in the last 90 days down 67 % on the 90 days before",
            "近90天下单次数比此前90天少67%",
        ),
        (
            "n_orders_trend_90d",
            -1,
            NAN,
            "no order in the last 90 days, but some in the 90 days before",
            "近90天没有下单，而此前90天有",
        ),
        (
            "n_interaction_e_mail_outbound_90d",
            2,
            NAN,
            "2 interactions of type “e mail outbound” in the last 90 days",
            "近90天“e mail outbound”互动2次",
        ),
        (
            "product_hhi",
            0.25,
            0.5,
            "spend as if spread evenly over 4 products; peers usually 2",
            "消费相当于平均分布在4种商品上，同类客户通常2种",
        ),
        (
            "mean_hour_of_day",
            14.5,
            NAN,
            "orders at 14:30 UTC on average",
            "平均下单时刻14:30（UTC）",
        ),
        (
            "shoe_size",
            42,
            40,
            "shoe size is 42; peers usually 40",
            "shoe size为42，同类客户通常为40",
        ),
        ("shoe_size", NAN, 40, "shoe size is not known", "shoe size未知"),
    ],
)
def test_the_sentence_gives_the_figure_and_what_is_usual(
    table: ReasonTable, *, feature: str, value: float, usual: float, en: str, zh: str
) -> None:
    assert table.sentence(feature, value, usual, 0.1, currency="GBP") == (en, zh)


def test_an_overdue_order_is_held_against_the_customers_own_gap(
    table: ReasonTable,
) -> None:
    context = {"days_since_last_order": 74.0, "gap_median": 21.0}
    assert table.sentence("overdue_ratio", 3.5, 1.0, 0.2, context=context) == (
        "last order 74 days ago; usually every 21",
        "距上次下单74天，平时每21天一次",
    )


def test_a_context_that_is_missing_falls_back(table: ReasonTable) -> None:
    context = {"days_since_last_order": 74.0, "gap_median": NAN}
    en, _ = table.sentence("days_since_last_order", 74.0, NAN, 0.2, context=context)
    assert en == "last order 74 days ago"


def test_a_template_may_name_the_direction() -> None:
    values = ReasonTable.load().to_dict()
    said = {"feature": "x", "en": "{value}, which {direction} it", "zh": "{direction}"}
    table = ReasonTable.from_dict({**values, "reason": [said]})
    assert table.sentence("x", 1, NAN, 0.3) == ("1, which raises it", "提高")
    assert table.sentence("x", 1, NAN, -0.3) == ("1, which lowers it", "降低")


def test_a_template_whose_context_is_unknown_falls_back_to_name_and_value() -> None:
    values = ReasonTable.load().to_dict()
    said = {
        "feature": "x",
        "en": "against {other}",
        "zh": "对{other}",
        "missing": {"en": "none of {other}", "zh": "没有{other}"},
    }
    table = ReasonTable.from_dict({**values, "reason": [said]})
    assert table.sentence("x", 1, NAN, 0.3) == ("x is 1", "x为1")
    assert table.sentence("x", NAN, NAN, 0.3) == ("x is not known", "x未知")


@given(
    feature=st.text(max_size=30),
    value=st.floats(),
    usual=st.floats(),
    currency=st.sampled_from([None, "GBP", "{0}"]),
)
def test_whatever_the_name_and_the_figure_there_is_a_sentence(
    feature: str, value: float, usual: float, currency: str | None
) -> None:
    for text in ReasonTable.load().sentence(
        feature, value, usual, 0, currency=currency
    ):
        assert isinstance(text, str)


@given(
    entry=st.sampled_from(ENTRIES),
    value=st.floats(),
    usual=st.floats(),
    other=st.floats(),
)
def test_every_template_takes_every_figure(
    entry: dict[str, Any], value: float, usual: float, other: float
) -> None:
    table = ReasonTable.load()
    alone = {
        **table.to_dict(),
        "reason": [{**entry, "feature": "x(?P<w>y)(?P<type>z)"}],
    }
    context = dict.fromkeys(
        ("days_since_last_order", "gap_median", "gap_max", "mean_order_value"), other
    )
    en, zh = ReasonTable.from_dict(alone).sentence(
        "xyz", value, usual, 0, context=context
    )
    assert en
    assert zh


def test_many_customers_are_told_what_each_would_be(table: ReasonTable) -> None:
    value = np.array([0.0, 1.0, NAN, 2.5, 2.5])
    usual = np.array([1.0, NAN, 1.0, 0.0, 3.0])
    context = {"days_since_last_order": value * 9, "gap_median": usual}
    for feature in ("overdue_ratio", "n_returns", "net_spend_90d", "gap_trend"):
        together = table.sentences(
            feature, value, usual, contribution=value, currency="EUR", context=context
        )
        alone = [
            table.sentence(
                feature,
                value[i],
                usual[i],
                value[i],
                currency="EUR",
                context={name: column[i] for name, column in context.items()},
            )
            for i in range(len(value))
        ]
        columns = [column.to_pylist() for column in together]
        assert list(zip(*columns, strict=True)) == alone


def test_json_restores_the_table_exactly(table: ReasonTable) -> None:
    again = ReasonTable.from_dict(json.loads(json.dumps(table.to_dict())))
    assert again.to_dict() == table.to_dict()
    assert again.sentence("n_orders", 3, 4, 0.1) == table.sentence(
        "n_orders", 3, 4, 0.1
    )
