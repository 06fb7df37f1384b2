"""Names for clusters, from what is salient of each, in English and in Chinese.

A name says how long ago, how often and how much, beside the other customers: "Recent
one-time buyers", "Lapsed occasional big spenders". Clusters that would be called alike
are told apart by the trait in which they differ most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SALIENT = 0.5
"""Normal score beyond which a trait is worth a word."""

FEW_ORDERS = 4
"""Below it nobody is called regular or frequent, whatever the others do."""


@dataclass(frozen=True, slots=True)
class Traits:
    """A cluster beside all customers.

    Parameters
    ----------
    scores : mapping of str to float
        Its mean normal score of each feature; 0 is the middle of all customers.
    n_orders : float
        Its median.
    """

    scores: Mapping[str, float]
    n_orders: float


TELLING: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "net_spend": (("lower spend", "消费较低"), ("higher spend", "消费较高")),
    "days_since_last_order": (
        ("more recent", "较近下单"),
        ("longer silent", "较久未下单"),
    ),
    "n_orders": (("fewer orders", "订单较少"), ("more orders", "订单较多")),
    "mean_order_value": (("smaller orders", "单额较低"), ("larger orders", "单额较高")),
    "days_since_first_order": (("newer", "较新"), ("longer-standing", "较久")),
    "n_orders_365d": (
        ("fewer orders this year", "今年订单较少"),
        ("more orders this year", "今年订单较多"),
    ),
    "net_spend_365d": (
        ("less spent this year", "今年消费较低"),
        ("more spent this year", "今年消费较高"),
    ),
    "gap_median": (("shorter gaps", "间隔较短"), ("longer gaps", "间隔较长")),
}
"""What tells two clusters apart that are called alike: the lower, and the higher."""


def name_clusters(clusters: Sequence[Traits]) -> list[dict[str, str]]:
    """Return a name for each cluster, no two alike.

    Examples
    --------
    >>> scores = dict.fromkeys(TELLING, 0.0)
    >>> best = {**scores, "n_orders": 1.2, "net_spend": 1.4, "mean_order_value": 0.9}
    >>> new = {**scores, "days_since_last_order": -0.8, "n_orders": -0.7}
    >>> [name["en"] for name in name_clusters([Traits(best, 14), Traits(new, 1)])]
    ['Frequent big spenders', 'Recent one-time buyers']
    """
    names = [_describe(traits) for traits in clusters]
    traits_of: list[list[tuple[str, str]]] = [[] for _ in clusters]
    for name in dict.fromkeys(names):
        alike = [i for i, other in enumerate(names) if other == name]
        _tell_apart(alike, clusters, traits_of, unused=set(TELLING))
    return [
        {
            "en": en + _bracket(" ({})", ", ", [t[0] for t in more]),
            "zh": zh + _bracket("（{}）", "、", [t[1] for t in more]),
        }
        for (en, zh), more in zip(names, traits_of, strict=True)
    ]


def _describe(traits: Traits) -> tuple[str, str]:
    """Say how long ago, how often and how much."""
    words = [_when(traits), _how_often(traits), _how_much(traits)]
    en = " ".join(word for word, _ in words if word)
    zh = "".join(word for _, word in words)
    return en[0].upper() + en[1:], zh


def _when(traits: Traits) -> tuple[str, str]:
    silence = traits.scores["days_since_last_order"]
    is_new = traits.scores["days_since_first_order"] <= -SALIENT
    if silence >= SALIENT:
        return "lapsed", "久未下单的"
    if traits.n_orders < 2:
        return ("recent", "近期") if is_new or silence <= -SALIENT else ("", "")
    if is_new:
        return "new", "新晋"
    return ("active", "活跃的") if silence <= -SALIENT else ("", "")


def _how_often(traits: Traits) -> tuple[str, str]:
    score = traits.scores["n_orders"]
    if traits.n_orders < 2:
        return "one-time", "一次性"
    if traits.n_orders < FEW_ORDERS or score <= -SALIENT:
        return "occasional", "低频"
    return ("frequent", "高频") if score >= SALIENT else ("regular", "常规")


def _how_much(traits: Traits) -> tuple[str, str]:
    score = traits.scores["mean_order_value"]
    if abs(score) < SALIENT:
        return "buyers", "客户"
    if score > 0:
        return "big spenders", "高消费客户"
    return "small spenders", "低消费客户"


def _tell_apart(
    alike: list[int],
    clusters: Sequence[Traits],
    traits_of: list[list[tuple[str, str]]],
    *,
    unused: set[str],
) -> None:
    """Split those called alike at the widest gap of the trait that spreads most."""
    if len(alike) < 2:
        return
    values = {t: [clusters[i].scores[t] for i in alike] for t in TELLING if t in unused}
    trait = max(values, key=lambda t: max(values[t]) - min(values[t]), default=None)
    if trait is None or max(values[trait]) == min(values[trait]):
        for number, i in enumerate(alike, start=1):
            traits_of[i].append((str(number), str(number)))
        return
    order = sorted(alike, key=lambda i: clusters[i].scores[trait])
    cut = 1 + int(np.argmax(np.diff(sorted(values[trait]))))
    for part, words in zip((order[:cut], order[cut:]), TELLING[trait], strict=True):
        for i in part:
            traits_of[i].append(words)
        _tell_apart(part, clusters, traits_of, unused=unused - {trait})


def _bracket(frame: str, comma: str, words: list[str]) -> str:
    return frame.format(comma.join(words)) if words else ""
