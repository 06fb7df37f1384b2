"""What an as_of sees of the items of customers, against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.purchases.numpy.grains.items import find_items
from features.purchases.numpy.grains.runs import DAY

Line = tuple[int, int, int]
"""Day, item and amount."""

lines = st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(1, 9))
customers = st.lists(st.lists(lines, max_size=8), min_size=1, max_size=5)


@given(
    customers,
    st.lists(st.integers(0, 14), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([1, 2**60]),
)
def test_items_are_seen_as_if_there_were_no_later_rows(
    rows: list[list[Line]], as_ofs: list[int], some: bool, unit: int
) -> None:
    """With amounts, too, whose squares 64 bits do not hold."""
    rows = [sorted(row, key=lambda line: line[0]) for row in rows]
    bought = find_items(
        np.array([who for who, row in enumerate(rows) for _ in row], np.int64),
        np.array([day * DAY for row in rows for day, _, _ in row], np.int64),
        np.array([item << 60 for row in rows for _, item, _ in row], np.uint64),
        np.array([money for row in rows for _, _, money in row], np.int64),
        n=len(rows),
    )
    left = np.arange(0, len(rows), 2) if some else None
    for as_of in as_ofs:
        seen = bought.seen(as_of * DAY, left)
        sums = seen.total("amount", lambda each: each.amount)
        n_again = seen.total("again", lambda each: each.again)
        most = seen.most("times", lambda each: each.n)
        exact = seen.exact_total(
            "large", lambda each: each.amount.astype(np.float64) * unit
        )
        late = seen.within(5 * DAY) if as_of >= 5 else None
        for place, row in enumerate(rows[::2] if some else rows):
            items: dict[int, list[Line]] = {}
            for line in row:
                if line[0] < as_of and line[1]:
                    items.setdefault(line[1], []).append(line)
            days = [{day for day, _, _ in each} for each in items.values()]
            total = sum(money for each in items.values() for _, _, money in each)
            assert seen.counts[place] == len(items)
            assert sums[place] == total
            assert n_again[place] == sum(len(each) > 1 for each in days)
            times = max(map(len, items.values()), default=None)
            assert most[place] == pytest.approx(
                np.nan if times is None else times, nan_ok=True
            )
            assert exact[place] == float(total * unit)
            if late is not None:
                assert late[place] == sum(max(each) >= 5 for each in days)
