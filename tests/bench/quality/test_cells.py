"""Which cells quality is judged in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.bench.quality.cells import CELLS_PER_LOG, OF_TRIALS, Cell, add_by_rule

STARTS_AT = datetime(2020, 1, 1, tzinfo=UTC)
ENDS_AT = datetime(2022, 1, 1, tzinfo=UTC)
FIRST = Cell("shop", datetime(2021, 10, 3, tzinfo=UTC), 90)


def test_cells_are_filled_up_without_asking_twice() -> None:
    cells = add_by_rule([FIRST], starts_at=STARTS_AT, ends_at=ENDS_AT)

    assert len(cells) == CELLS_PER_LOG
    assert not any(a.is_near(b) for a in cells for b in cells if a is not b)


def test_each_cell_has_its_future_in_the_log_and_as_much_history() -> None:
    ends_at = datetime(2020, 7, 1, tzinfo=UTC)
    first = Cell("shop", datetime(2020, 4, 1, tzinfo=UTC), 90)
    cells = add_by_rule([first], starts_at=STARTS_AT, ends_at=ends_at)

    assert {cell.horizon_days for cell in cells} == {90, 45, 22}
    for cell in cells:
        assert cell.as_of + cell.horizon <= ends_at
        assert cell.as_of - STARTS_AT >= max(cell.horizon, timedelta(days=60))


def test_a_log_too_short_has_fewer() -> None:
    ends_at = datetime(2020, 3, 15, tzinfo=UTC)
    first = Cell("shop", datetime(2020, 3, 5, tzinfo=UTC), 10)

    assert len(add_by_rule([first], starts_at=STARTS_AT, ends_at=ends_at)) == 5


def test_the_trials_had_28_cells() -> None:
    assert sum(map(len, OF_TRIALS.values())) == 28
