"""Tests of a run's customers in the order of a column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from serving.store.sort_order import (
    CUSTOMERS_IN_FIRST_STEP,
    Places,
    SortOrder,
    among,
    take,
)

Rows = list[tuple[str, float | None]]

rows = st.lists(
    st.tuples(
        st.text("ab\u00e9\U0001f600", min_size=1, max_size=4),
        st.sampled_from([None, -1.5, 0.0, 2.0, 2.5]),
    ),
    unique_by=lambda row: row[0],
    max_size=40,
)


def order_of(rows: Rows) -> SortOrder:
    ids = pa.chunked_array([pa.array([name for name, _ in rows], pa.string())])
    values = pa.array([value for _, value in rows], pa.float64())
    return SortOrder.of(ids, pa.chunked_array([values]))


def walked(
    order: SortOrder, *, down: bool, after: tuple[float | None, str] | None
) -> list[str]:
    """Return the ids of a whole walk."""
    steps = order.walk(down=down, after=after)
    return [order.ids[int(place)].as_py() for step in steps for place in step]


def sort_by_hand(rows: Rows, *, down: bool) -> Rows:
    known = [row for row in rows if row[1] is not None]
    known.sort(key=lambda row: (row[1], row[0].encode()), reverse=down)
    return [*known, *sorted(row for row in rows if row[1] is None)]


@given(rows=rows, down=st.booleans())
def test_a_walk_goes_on_after_any_customer(rows: Rows, down: bool) -> None:
    order, right = order_of(rows), sort_by_hand(rows, down=down)
    names = [name for name, _ in right]
    assert walked(order, down=down, after=None) == names
    for place, (name, value) in enumerate(right):
        after = (value, name)
        assert walked(order, down=down, after=after) == names[place + 1 :]


@given(rows=rows, value=st.sampled_from([-2.0, 0.0, 1.0, 2.0, 9.0]), name=st.text("ab"))
def test_who_stands_before_a_value_is_counted(
    rows: Rows, value: float, name: str
) -> None:
    order = order_of(rows)
    known = [(each, has) for each, has in rows if has is not None]
    assert order.n_above(value) == sum(has > value for _, has in known)
    n_equal = sum(has == value and each < name for each, has in known)
    assert order.n_equal_before(value, name) == n_equal


@given(rows=rows, down=st.booleans())
def test_by_id_all_are_alike(rows: Rows, down: bool) -> None:
    names = sorted((name for name, _ in rows), reverse=down)
    order = SortOrder.by_id(order_of(rows).ids)
    assert walked(order, down=down, after=None) == names
    for place, name in enumerate(names):
        assert walked(order, down=down, after=(0, name)) == names[place + 1 :]


def test_a_long_walk_takes_longer_steps_and_misses_nobody() -> None:
    names = [f"c{n:05}" for n in range(5 * CUSTOMERS_IN_FIRST_STEP)]
    order = order_of([(name, n % 7.0) for n, name in enumerate(names)])
    steps = [len(step) for step in order.walk(down=False)]
    assert steps == [
        CUSTOMERS_IN_FIRST_STEP,
        2 * CUSTOMERS_IN_FIRST_STEP,
        2 * CUSTOMERS_IN_FIRST_STEP,
    ]
    assert sorted(walked(order, down=True, after=None)) == names


@given(
    parts=st.lists(st.lists(st.sampled_from(["a", "b", None]))),
    wanted=st.lists(st.sampled_from(["a", "\u00e9"]), min_size=1, unique=True),
)
def test_who_holds_a_text_is_found_in_a_column_of_any_parts(
    parts: list[list[str | None]], wanted: list[str]
) -> None:
    """Among nobody too: of what takes nobody, Arrow makes a column of no parts."""
    column = pa.chunked_array([pa.array(part, pa.string()) for part in parts], "string")
    values = column.to_pylist()
    expected = [place for place, value in enumerate(values) if value in wanted]
    assert among(column, wanted).tolist() == expected
    nobody: Places = np.empty(0, np.int32)
    assert among(take(column, nobody), wanted).tolist() == []
