"""Sums of what was bought: products, categories and channels."""

from __future__ import annotations

from collections.abc import Callable

from features.purchases.numpy.grains.history import Grains, History
from features.purchases.numpy.grains.items import Items, SeenItems
from features.purchases.numpy.grains.runs import DAY, squares
from features.purchases.numpy.sums.leaf import SQUARES, Step, Sum, double, money

Bought = Callable[[History], Items]


def _seen(bought: Bought) -> Callable[[Grains], SeenItems]:
    def seen(grains: Grains) -> SeenItems:
        items = bought(grains.history)
        return grains.kept(f"items {id(items)}", lambda: grains.items(items))

    return seen


def item_step(bought: Bought) -> Step:
    """Return the sums of products or of categories."""
    seen = _seen(bought)
    return Step(
        {
            "count(*)": Sum(lambda grains: seen(grains).counts, is_positive=True),
            "count(*) filter (where is_repeat)": Sum(
                lambda grains: seen(grains).total("again", lambda rows: rows.again)
            ),
            "sum(gross)": money(
                lambda grains: seen(grains).total("amount", lambda rows: rows.amount)
            ),
            "sum(gross) filter (where is_repeat)": money(
                lambda grains: seen(grains).total(
                    "spent again", lambda rows: rows.amount * rows.again
                ),
                lambda grains: (
                    seen(grains).total("again", lambda rows: rows.again) == 0
                ),
            ),
            SQUARES.format("gross"): double(
                lambda grains: (
                    seen(grains).exact_total(
                        "squares", lambda rows: squares(rows.amount)
                    )
                    / 1e8
                )
            ),
            "max(gross)": double(
                lambda grains: (
                    seen(grains).most("amounts", lambda rows: rows.amount) / 1e4
                )
            ),
            "count(*) filter (where last_age_days <= $days)": Sum(
                lambda grains, n_days: seen(grains).within(grains.as_of - n_days * DAY)
            ),
            "count(*) filter (where first_age_days <= $days)": Sum(
                lambda grains, n_days: seen(grains).firsts.within(
                    grains.as_of - n_days * DAY
                )
            ),
        },
        lambda grains: seen(grains).counts > 0,
    )


PRODUCTS = item_step(lambda history: history.products)
CATEGORIES = item_step(lambda history: history.categories)

_channels = _seen(lambda history: history.channels)

CHANNELS = Step(
    {
        "count(*)": Sum(lambda grains: _channels(grains).counts, is_positive=True),
        "count(*) filter (where age_days <= $days)": Sum(
            lambda grains, n_days: _channels(grains).within(grains.as_of - n_days * DAY)
        ),
        "max(n)": double(
            lambda grains: _channels(grains).most("times", lambda rows: rows.n)
        ),
        "sum(n)": Sum(
            lambda grains: _channels(grains).total("n", lambda rows: rows.n),
            is_positive=True,
        ),
    },
    lambda grains: _channels(grains).counts > 0,
)
