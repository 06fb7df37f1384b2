"""Features of what is bought, through what, and what came back."""

from __future__ import annotations

import numpy as np

from features.arrays.grains import Grains
from features.arrays.items import Items, group
from features.arrays.purchases import Columns
from features.arrays.runs import (
    DAY,
    Bools,
    Ints,
    Runs,
    Times,
    days,
    group_sums,
    heads,
    money,
    ratio,
    running,
    square_sum,
)
from features.arrays.scope import Scope


def breadth(grains: Grains, scope: Scope) -> Columns:
    """Count products and categories: how concentrated, how many new or again."""
    found: Columns = {}
    if "product_id" in scope.has:
        found |= _breadth_of(grains, scope, grains.products, ("product", "products"))
    if "category" in scope.has:
        words = ("category", "categories")
        found |= _breadth_of(grains, scope, grains.categories, words)
    return found


def _breadth_of(
    grains: Grains, scope: Scope, bought: Items, words: tuple[str, str]
) -> Columns:
    item, items = words
    at, starts = bought.at, np.flatnonzero(heads(bought.group))
    who = bought.who[starts]
    first, last = at[starts], at[_ends(starts, len(at))]
    gross = group_sums(bought.amount, starts)
    runs = Runs.of(who, grains.n)
    firsts, lasts = Times(runs, first), Times(runs, last)
    is_repeat = np.zeros(len(starts), np.bool_)
    several = np.flatnonzero(last > first)
    is_repeat[several] = first[several] // DAY < last[several] // DAY
    n, total = runs.counts, money(runs.sum(gross))
    none = n == 0
    found: Columns = {
        f"n_{items}": n,
        f"{item}_hhi": ratio(square_sum(runs, gross), total * total),
        f"top_{item}_share": ratio(runs.most(money(gross)), total),
        f"repeat_{item}_share": ratio(runs.sum(is_repeat), n),
        f"repeat_{item}_spend_share": ratio(money(runs.sum(gross * is_repeat)), total),
    }
    for w in reversed(scope.windows):
        since = grains.as_of - w * DAY
        found[f"n_{items}_{w}d"] = lasts.within(since)
        found[f"n_new_{items}_{w}d"] = firsts.within(since)
    if not none.any():
        return found
    return {name: np.where(none, np.nan, column) for name, column in found.items()}


def _ends(starts: Ints, n: int) -> Ints:
    """Return the last place of each group of n rows, given the first ones."""
    return np.append(starts[1:], n)[: len(starts)] - 1


def channels(grains: Grains, scope: Scope) -> Columns:
    """Tell the mix of channels bought through, NaN where none is known."""
    bought = grains.bought
    rows = np.flatnonzero(bought.channel != 0)
    rows, starts = group(bought.who, bought.channel, rows)
    n = np.diff(np.append(starts, len(rows)))
    at = bought.at[rows]
    last = at[_ends(starts, len(rows))]
    runs = Runs.of(bought.who[rows[starts]], grains.n)
    h = scope.horizon_days
    is_recent = last >= grains.as_of - h * DAY
    found: Columns = {
        "n_channels": runs.counts,
        f"n_channels_{h}d": runs.sum(is_recent),
        "top_channel_share": ratio(runs.most(n.astype(np.float64)), runs.sum(n)),
    }
    none = runs.counts == 0
    return {name: np.where(none, np.nan, column) for name, column in found.items()}


def money_back(grains: Grains, scope: Scope) -> Columns:
    """Tell what came off the price, what was earned, and what came back."""
    moments, runs, h = grains.moments, grains.moment_runs, scope.horizon_days
    recent = grains.moment_times.since(grains.as_of - h * DAY)
    is_bought, is_back = moments.n_bought > 0, moments.n_sent_back > 0

    def total(values: Ints | Bools) -> Ints:
        return runs.sum(values)

    def late(values: Ints) -> Ints:
        return runs.sum_from(recent, running(values))

    gross, returned, n_bought = (
        total(moments.gross),
        total(moments.returned),
        total(is_bought),
    )
    late_gross = late(moments.gross)
    found: Columns = {}
    if "discount" in scope.has:
        off, late_off = total(moments.discount), late(moments.discount)
        found["discount_share"] = ratio(money(off), money(gross + off))
        found[f"discount_share_{h}d"] = ratio(
            money(late_off), money(late_gross + late_off)
        )
        is_off = is_bought & (moments.discount > 0)
        found["discounted_order_share"] = ratio(total(is_off), n_bought)
    if "cost" in scope.has:
        costed = total(moments.costed)
        margin = costed - total(moments.cost)
        found["margin_share"] = ratio(money(margin), money(costed))
        found["margin"] = np.where(costed > 0, money(margin), np.nan)
    back = np.flatnonzero(is_back)
    back_runs = Runs.of(moments.who[back], grains.n)
    found["n_returns"] = total(moments.n_sent_back)
    found["returned_value"] = money(returned)
    found["days_since_last_return"] = back_runs.last(
        days(grains.as_of - moments.at[back])
    )
    found["return_share"] = ratio(money(returned), money(gross))
    found[f"return_share_{h}d"] = ratio(
        money(late(moments.returned)), money(late_gross)
    )
    found["returns_per_order"] = ratio(total(is_back), n_bought)
    return found
