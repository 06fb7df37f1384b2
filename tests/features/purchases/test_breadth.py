import pytest

from tests.features.sqllog import Features, features_of, pick

LOG = """
customer_id | occurred_at | amount | product_id | category | channel
a           | 2023-12-20  | 30     | p          | x        | web
a           | 2024-01-21  | 10     | q          | x        | shop
a           | 2024-02-03  | 40     | p          |          | web
a           | 2024-02-04  | 20     | r          | y        |
a           | 2024-02-05  | -20    | s          | z        | phone
b           | 2024-02-09  | 5      |            |          |
"""


@pytest.fixture(scope="module")
def features() -> Features:
    return features_of(transactions=LOG, as_of="2024-02-10")


def test_concentration_is_over_the_money_of_purchases(features: Features) -> None:
    assert pick(features, "n_products", "product_hhi", "top_product_share") == {
        "a": {"n_products": 3, "product_hhi": 0.54, "top_product_share": 0.7},
        "b": dict.fromkeys(("n_products", "product_hhi", "top_product_share")),
    }


def test_a_product_bought_on_two_days_is_a_repeat(features: Features) -> None:
    assert pick(features, "repeat_product_share", "repeat_product_spend_share")[
        "a"
    ] == {"repeat_product_share": 0.333333, "repeat_product_spend_share": 0.7}


def test_a_product_is_new_where_it_was_first_bought(features: Features) -> None:
    assert pick(features, "n_products_15d", "n_new_products_15d")["a"] == {
        "n_products_15d": 2,
        "n_new_products_15d": 1,
    }


def test_categories_are_counted_like_products(features: Features) -> None:
    names = ("n_categories", "category_hhi", "repeat_category_share")
    assert pick(features, *names, "n_new_categories_30d")["a"] == {
        "n_categories": 2,
        "category_hhi": 0.555556,
        "repeat_category_share": 0.5,
        "n_new_categories_30d": 1,
    }


def test_channels_are_counted_by_purchases(features: Features) -> None:
    assert pick(features, "n_channels", "n_channels_30d", "top_channel_share") == {
        "a": {
            "n_channels": 2,
            "n_channels_30d": 2,
            "top_channel_share": 0.666667,
        },
        "b": dict.fromkeys(("n_channels", "n_channels_30d", "top_channel_share")),
    }
