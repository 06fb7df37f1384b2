"""Products, categories and channels that customers of a block bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from features.purchases.numpy.grains.runs import (
    DAY,
    Bools,
    Codes,
    Floats,
    Ints,
    group_sums,
    heads,
    joined,
    limbs,
    running,
    sort_places,
)
from features.purchases.numpy.grains.timeline import Seen, Timeline


@dataclass(frozen=True, slots=True)
class ItemRows:
    """Items of customers: when and how often each was bought, and for how much.

    Parameters
    ----------
    starts : array of int
        The first row of each item.
    """

    who: Ints
    starts: Ints
    first: Ints
    last: Ints
    n: Ints
    amount: Ints

    @property
    def again(self) -> Bools:
        """Tell which were bought on more than one day."""
        return np.asarray(self.first // DAY < self.last // DAY)

    def take(self, rows: Ints) -> ItemRows:
        """Return these items, by place."""
        return ItemRows(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Items:
    """What was bought: the items of a customer from the one that was left first.

    Parameters
    ----------
    at : array of int
        When each row is, by customer, item and time.
    sums : array of int
        What the rows before each came to, and all: one more than rows.
    whole : ItemRows
        With all rows.
    firsts, lasts : Timeline
        One row an item: when it is first and last bought.
    """

    at: Ints
    sums: Ints
    whole: ItemRows
    firsts: Timeline
    lasts: Timeline

    def seen(self, as_of: int, chosen: Ints | None) -> SeenItems:
        """Return the items of all customers or those chosen, as seen before an instant.

        Those that are not bought again after it are the first of their customers, of
        whom running sums tell all; the others, which are few, are looked at.
        """
        whole = self.whole
        cut = whole.take(self._cut_by(as_of))
        # Of few items some rows are seen and others are not yet.
        n_before = np.cumsum(cut.n) - cut.n
        rows = np.arange(int(cut.n.sum())) + np.repeat(cut.starts - n_before, cut.n)
        n = group_sums((self.at[rows] < as_of).astype(np.int64), n_before)
        ends = cut.starts + n
        cut = replace(
            cut,
            last=self.at[ends - 1],
            n=n,
            amount=self.sums[ends] - self.sums[cut.starts],
        )
        line = Timeline(cut.who, cut.last, self.lasts.n)
        return SeenItems(
            firsts=self.firsts.seen(as_of, chosen),
            whole=whole,
            whole_runs=self.lasts.seen(as_of, chosen),
            cut=cut,
            cut_runs=line.seen(as_of, chosen),
        )

    def _cut_by(self, as_of: int) -> Ints:
        """Return the items that were bought and will be again."""
        if self.lasts.last_at < as_of:
            return np.empty(0, np.int64)
        return np.flatnonzero((self.firsts.at < as_of) & (self.lasts.at >= as_of))


@dataclass(frozen=True, slots=True)
class SeenItems:
    """What an as_of sees of items: of some all rows, of others those before it.

    Parameters
    ----------
    firsts : Seen
        When each of them all is first bought.
    whole, cut : ItemRows
    whole_runs, cut_runs : Seen
        When each is last bought.
    """

    firsts: Seen
    whole: ItemRows
    whole_runs: Seen
    cut: ItemRows
    cut_runs: Seen

    @property
    def counts(self) -> Ints:
        """Return how many items each customer has."""
        return self.whole_runs.counts + self.cut_runs.counts

    def total(self, name: str, values: Callable[[ItemRows], Ints | Bools]) -> Ints:
        """Sum what is called so of each customer's items."""
        whole = self.whole_runs.total(name, lambda: values(self.whole))
        return whole + self.cut_runs.sum(values(self.cut)) if self.n_cut else whole

    def exact_total(self, name: str, terms: Callable[[ItemRows], Floats]) -> Floats:
        """Sum whole numbers of any size, the larger the more of an item is seen."""
        sums = self.whole_runs.split_total(name, lambda: terms(self.whole))
        if self.n_cut:
            cut_terms = terms(self.cut)
            cut = [cut_terms.astype(np.int64)] if len(sums) == 1 else limbs(cut_terms)
            pairs = zip(sums, cut, strict=True)
            sums = [whole + self.cut_runs.sum(values) for whole, values in pairs]
        return joined(sums)

    def most(self, name: str, values: Callable[[ItemRows], Ints]) -> Floats:
        """Return the largest value of each customer's items, NaN without any."""
        largest = self.whole_runs.greatest(name, lambda: values(self.whole))
        if self.n_cut:
            cut = values(self.cut).astype(np.float64)
            largest = np.fmax(largest, self.cut_runs.most(cut))
        return largest

    def within(self, instant: int) -> Ints:
        """Count each customer's items bought at or after an instant."""
        whole = self.whole_runs.within(instant)
        return whole + self.cut_runs.within(instant) if self.n_cut else whole

    @property
    def n_cut(self) -> int:
        """Return of how many items some rows only are seen."""
        return len(self.cut.who)


def find_items(who: Ints, at: Ints, codes: Codes, amount: Ints, *, n: int) -> Items:
    """Put the rows of each customer and item side by side; code 0 is no item.

    Parameters
    ----------
    who, at, codes, amount : array of shape (n_rows,)
        By customer and time.
    n : int
        How many customers.
    """
    rows, starts = group(who, codes, np.flatnonzero(codes != 0))
    ends = np.append(starts[1:], len(rows))[: len(starts)]
    # The rows are in the order of time, so that their places tell who is left first.
    item = np.full(len(who), -1)
    item[rows[ends - 1]] = np.arange(len(starts))
    order = item[item >= 0]
    starts, ends = starts[order], ends[order]
    at, sums, who = at[rows], running(amount[rows]), who[rows[starts]]
    whole = ItemRows(
        who=who,
        starts=starts,
        first=at[starts],
        last=at[ends - 1],
        n=ends - starts,
        amount=sums[ends] - sums[starts],
    )
    firsts, lasts = Timeline(who, whole.first, n), Timeline(who, whole.last, n)
    return Items(at, sums, whole, firsts, lasts)


def group(who: Ints, codes: Codes, rows: Ints) -> tuple[Ints, Ints]:
    """Order rows so that those of one customer and code stand together, as they came.

    Returns
    -------
    array of int, array of int
        The rows, and where among them each group starts.
    """
    who, codes = who[rows], codes[rows]
    bits = int(who[-1]).bit_length() if len(who) else 0
    spare = 64 - bits - len(rows).bit_length()
    key = (who.astype(np.uint64) << np.uint64(spare)) | (codes >> np.uint64(64 - spare))
    places = sort_places(key, bits + spare)
    is_head = heads(key[places])
    ordered = codes[places]
    # Two codes may share the bits that fit the key: then all bits are compared.
    if (~is_head[1:] & (ordered[1:] != ordered[:-1])).any():
        places = np.lexsort((codes, who))
        is_head = heads(who[places], codes[places])
    return rows[places], np.flatnonzero(is_head)
