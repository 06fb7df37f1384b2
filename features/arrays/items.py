"""Products, categories and channels that customers of a block bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays.runs import Codes, Ints, heads, running, sort_places
from features.arrays.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Items:
    """What was bought, by customer, item and time; one group is a customer's item.

    Parameters
    ----------
    at : array of int
        When each row is.
    sums : array of int
        What the rows before each came to, and all: one more than rows.
    starts, ends : array of int
        The first row of each group, and the one after its last.
    firsts : Timeline
        One row a group: whose it is, and when it is first bought.
    """

    at: Ints
    sums: Ints
    starts: Ints
    ends: Ints
    firsts: Timeline

    def seen(self, as_of: int) -> SeenItems:
        """Return the groups as they are seen before an instant."""
        starts, ends, who = self.starts, self.ends, self.firsts.who
        later = np.flatnonzero(self.at >= as_of)
        if len(later):
            groups = self.firsts.kept("groups", self._groups)[later]
            ends = ends - np.bincount(groups, minlength=len(starts))
            known = np.flatnonzero(ends > starts)
            starts, ends, who = starts[known], ends[known], who[known]
        return SeenItems(
            who=who,
            first=self.at[starts],
            last=self.at[ends - 1],
            n=ends - starts,
            amount=self.sums[ends] - self.sums[starts],
        )

    def _groups(self) -> Ints:
        """Return the group of each row."""
        return np.repeat(np.arange(len(self.starts)), self.ends - self.starts)


@dataclass(frozen=True, slots=True)
class SeenItems:
    """What an as_of sees of each customer's items: when, how often, for how much."""

    who: Ints
    first: Ints
    last: Ints
    n: Ints
    amount: Ints


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
    at = at[rows]
    return Items(
        at=at,
        sums=running(amount[rows]),
        starts=starts,
        ends=np.append(starts[1:], len(rows))[: len(starts)],
        firsts=Timeline(who[rows[starts]], at[starts], n),
    )


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
