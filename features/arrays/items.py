"""Products, categories and channels that customers of a block bought."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays.runs import (
    Bools,
    Codes,
    Ints,
    group_sums,
    heads,
    running,
    sort_places,
)
from features.arrays.timeline import Timeline


@dataclass(frozen=True, slots=True)
class SeenItems:
    """What is seen of each customer's items: when, how often, for how much.

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

    def take(self, rows: Ints | Bools) -> SeenItems:
        """Return these items, by place or where true."""
        return SeenItems(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Items:
    """What was bought, by customer, item and time.

    Parameters
    ----------
    at : array of int
        When each row is.
    sums : array of int
        What the rows before each came to, and all: one more than rows.
    whole : SeenItems
        With all rows.
    firsts : Timeline
        One row an item of a customer: whose it is, and when it is first bought.
    """

    at: Ints
    sums: Ints
    whole: SeenItems
    firsts: Timeline

    def seen(self, as_of: int) -> SeenItems:
        """Return the items as they are seen before an instant."""
        whole = self.whole
        if not (whole.last >= as_of).any():
            return whole
        seen = whole.take(np.flatnonzero(whole.first < as_of))
        cut = np.flatnonzero(seen.last >= as_of)
        starts, ends = seen.starts[cut], seen.starts[cut] + seen.n[cut]
        # Of few items some rows are seen and others are not yet.
        n_before = np.cumsum(ends - starts) - (ends - starts)
        rows = np.arange(int((ends - starts).sum()))
        rows += np.repeat(starts - n_before, ends - starts)
        n = group_sums((self.at[rows] < as_of).astype(np.int64), n_before)
        seen.n[cut] = n
        seen.last[cut] = self.at[starts + n - 1]
        seen.amount[cut] = self.sums[starts + n] - self.sums[starts]
        return seen


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
    at, sums, who = at[rows], running(amount[rows]), who[rows[starts]]
    ends = np.append(starts[1:], len(rows))[: len(starts)]
    first = at[starts]
    whole = SeenItems(
        who=who,
        starts=starts,
        first=first,
        last=at[ends - 1],
        n=ends - starts,
        amount=sums[ends] - sums[starts],
    )
    return Items(at, sums, whole, Timeline(who, first, n))


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
