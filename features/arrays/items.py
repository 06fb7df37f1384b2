"""Products and categories that customers of a block bought."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays.lines import Lines
from features.arrays.runs import Codes, Ints, heads, sort_places


@dataclass(frozen=True, slots=True)
class Items:
    """Purchase lines of products or categories, by customer, item and time.

    Parameters
    ----------
    group : array of int
        Alike for the lines of one customer and item.
    """

    who: Ints
    at: Ints
    seen_at: Ints
    group: Ints
    amount: Ints

    def take(self, rows: Ints) -> Items:
        """Return these rows, by place."""
        return Items(*(getattr(self, field.name)[rows] for field in fields(self)))


def find_items(lines: Lines, codes: Codes) -> Items:
    """Put the purchase lines of each customer and item side by side."""
    rows = np.flatnonzero(lines.is_purchase & (codes != 0))
    rows, starts = group(lines.who, codes, rows)
    sizes = np.diff(np.append(starts, len(rows)))
    return Items(
        who=lines.who[rows],
        at=lines.at[rows],
        seen_at=lines.seen_at[rows],
        group=np.repeat(np.arange(len(starts)), sizes),
        amount=lines.amount[rows],
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
