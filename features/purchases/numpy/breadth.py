"""Features of what is bought, through what, and what came back."""

from __future__ import annotations

import numpy as np

from features.purchases.numpy.history import Grains
from features.purchases.numpy.items import Items
from features.purchases.numpy.purchases import Columns, n_sent_back_sums
from features.purchases.numpy.runs import DAY, Ints, money, ratio, squares
from features.purchases.numpy.scope import Scope


def breadth(grains: Grains, scope: Scope) -> Columns:
    """Count products and categories: how concentrated, how many new or again."""
    found: Columns = {}
    if "product_id" in scope.has:
        found |= _breadth_of(
            grains, scope, grains.history.products, ("product", "products")
        )
    if "category" in scope.has:
        words = ("category", "categories")
        found |= _breadth_of(grains, scope, grains.history.categories, words)
    return found


def _breadth_of(
    grains: Grains, scope: Scope, bought: Items, words: tuple[str, str]
) -> Columns:
    item, items = words
    seen = grains.items(bought)
    n, total = seen.counts, money(seen.total("amount", lambda rows: rows.amount))
    concentrated = seen.exact_total("squares", lambda rows: squares(rows.amount)) / 1e8
    n_again = seen.total("again", lambda rows: rows.again)
    spent_again = seen.total("spent again", lambda rows: rows.amount * rows.again)
    found: Columns = {
        f"n_{items}": n,
        f"{item}_hhi": ratio(concentrated, total * total),
        f"top_{item}_share": ratio(
            money(seen.most("amounts", lambda rows: rows.amount)), total
        ),
        f"repeat_{item}_share": ratio(n_again, n),
        f"repeat_{item}_spend_share": ratio(money(spent_again), total),
    }
    for w in reversed(scope.windows):
        since = grains.as_of - w * DAY
        found[f"n_{items}_{w}d"] = seen.within(since)
        found[f"n_new_{items}_{w}d"] = seen.firsts.within(since)
    return _none_without(n, found)


def _none_without(n: Ints, found: Columns) -> Columns:
    """Leave out what is told of customers without any."""
    none = n == 0
    if not none.any():
        return found
    return {name: np.where(none, np.nan, column) for name, column in found.items()}


def channels(grains: Grains, scope: Scope) -> Columns:
    """Tell the mix of channels bought through, NaN where none is known."""
    seen, h = grains.items(grains.history.channels), scope.horizon_days
    n = seen.counts
    found: Columns = {
        "n_channels": n,
        f"n_channels_{h}d": seen.within(grains.as_of - h * DAY),
        "top_channel_share": ratio(
            seen.most("times", lambda rows: rows.n),
            seen.total("n", lambda rows: rows.n),
        ),
    }
    return _none_without(n, found)


def money_back(grains: Grains, scope: Scope) -> Columns:
    """Tell what came off the price, what was earned, and what came back."""
    moments, runs, back_runs = grains.moments, grains.moment_runs, grains.back_runs
    back, h = grains.history.back, scope.horizon_days
    recent = runs.since(grains.as_of - h * DAY)
    recent_back = back_runs.since(grains.as_of - h * DAY)
    gross_sums = grains.gross_sums()
    gross = runs.sum_from(runs.starts, gross_sums)
    late_gross = runs.sum_from(recent, gross_sums)
    back_sums = back_runs.line.running("returned", lambda: moments.returned[back])
    returned = back_runs.sum_from(back_runs.starts, back_sums)
    late_returned = back_runs.sum_from(recent_back, back_sums)
    n_bought = runs.total("is_bought", lambda: moments.n_bought > 0)
    found: Columns = {}
    if "discount" in scope.has:
        off_sums = runs.line.running("discount", lambda: moments.discount)
        off = runs.sum_from(runs.starts, off_sums)
        late_off = runs.sum_from(recent, off_sums)
        n_off = runs.total(
            "is_off", lambda: (moments.n_bought > 0) & (moments.discount > 0)
        )
        found["discount_share"] = ratio(money(off), money(gross + off))
        found[f"discount_share_{h}d"] = ratio(
            money(late_off), money(late_gross + late_off)
        )
        found["discounted_order_share"] = ratio(n_off, n_bought)
    if "cost" in scope.has:
        costed = runs.total("costed", lambda: moments.costed)
        margin = costed - runs.total("cost", lambda: moments.cost)
        found["margin_share"] = ratio(money(margin), money(costed))
        found["margin"] = np.where(costed > 0, money(margin), np.nan)
    return found | {
        "n_returns": back_runs.sum_from(back_runs.starts, n_sent_back_sums(grains)),
        "returned_value": money(returned),
        "days_since_last_return": back_runs.age_of_last(),
        "return_share": ratio(money(returned), money(gross)),
        f"return_share_{h}d": ratio(money(late_returned), money(late_gross)),
        "returns_per_order": ratio(back_runs.counts, n_bought),
    }
