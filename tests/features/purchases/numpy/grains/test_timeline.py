"""What an as_of sees of rows in time, against plain Python."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.purchases.numpy.grains.timeline import Timeline

ROWS = st.lists(st.lists(st.integers(0, 20), max_size=6), min_size=1, max_size=5)


def line_of(rows: list[list[int]], few_rows: int = 8) -> Timeline:
    who = np.array([place for place, row in enumerate(rows) for _ in row], np.int64)
    at = np.array([n for row in rows for n in sorted(row)], np.int64)
    return Timeline(who, at, len(rows), few_rows=few_rows)


@given(ROWS, st.permutations([0, 3, 7, 12, 18, 25]))
def test_rows_since_an_instant_are_counted_alike_in_any_order_of_asking(
    rows: list[list[int]], instants: list[int]
) -> None:
    line = line_of(rows)

    for instant in [*instants, *instants]:
        late = [sum(n >= instant for n in row) for row in rows]
        assert (line.ends - line.since(instant)).tolist() == late


@given(ROWS, st.sets(st.integers(0, 22), min_size=1))
def test_rows_since_many_instants_are_counted_at_once(
    rows: list[list[int]], instants: set[int]
) -> None:
    line, alone = line_of(rows), line_of(rows)
    line.count(np.array(sorted(instants)))

    for instant in range(23):
        assert line.since(instant).tolist() == alone.since(instant).tolist()


@given(ROWS, st.lists(st.integers(0, 22), min_size=1, max_size=4), st.booleans())
def test_an_as_of_sees_what_rows_before_it_alone_would_give(
    rows: list[list[int]], as_ofs: list[int], some: bool
) -> None:
    line = line_of(rows)
    left = np.arange(0, len(rows), 2) if some else None
    for as_of in as_ofs:
        runs = line.seen(as_of, left)
        kept = [[n for n in sorted(row) if n < as_of] for row in rows]
        kept = kept[::2] if some else kept

        assert runs.counts.tolist() == [len(row) for row in kept]
        assert runs.sum(line.at).tolist() == [sum(row) for row in kept]
        assert runs.total("at", lambda: line.at).tolist() == [sum(row) for row in kept]
        for least in {min(each, as_of) for each in (2, 9, 15)}:
            n_late = [sum(n >= least for n in row) for row in kept]
            assert runs.within(least).tolist() == n_late
            assert runs.sum(line.at >= least).tolist() == n_late
        last = runs.last(line.at.astype(np.float64))
        expected = [row[-1] if row else np.nan for row in kept]
        np.testing.assert_array_equal(last, expected)


def test_what_is_kept_is_made_once() -> None:
    line = line_of([[1, 2]])

    assert line.kept("a", lambda: 1) == 1
    assert line.kept("a", lambda: pytest.fail("made again")) == 1


VALUES = st.integers(0, 9) | st.integers(0, 2**61)


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 20), VALUES), max_size=6), min_size=1),
    st.lists(st.integers(0, 22), min_size=1, max_size=3),
    st.booleans(),
)
def test_the_middle_and_the_sum_are_those_of_the_rows_seen(
    rows: list[list[tuple[int, int]]], as_ofs: list[int], some: bool
) -> None:
    rows = [sorted(row, key=lambda each: each[0]) for row in rows]
    line = line_of([[at for at, _ in row] for row in rows])
    values = np.array([value for row in rows for _, value in row], np.int64)
    left = np.arange(0, len(rows), 2) if some else None
    for as_of in as_ofs:
        runs = line.seen(as_of, left)
        low, high = runs.middle("values", lambda: values)
        squares = runs.exact_total("squares", lambda: values.astype(float) ** 2)
        for place, row in enumerate(rows[::2] if some else rows):
            seen = sorted(value for at, value in row if at < as_of)
            expected = sum(int(float(value) ** 2) for value in seen)
            assert squares[place] == pytest.approx(float(expected), rel=1e-15)
            greatest = runs.greatest("values", lambda: values)[place]
            smallest = runs.smallest("values", lambda: values)[place]
            if seen:
                assert (smallest, greatest) == (float(seen[0]), float(seen[-1]))
                assert low[place] == seen[(len(seen) - 1) // 2]
                assert high[place] == seen[len(seen) // 2]
