import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.purchases.windows import choose_windows


@given(
    horizon_days=st.integers(1, 2000),
    history_days=st.floats(0, 8000),
    rhythm_days=st.none() | st.floats(1, 3000),
)
def test_there_are_three_to_six_windows_ascending_and_never_under_a_week(
    horizon_days: int, history_days: float, rhythm_days: float | None
) -> None:
    windows = choose_windows(
        horizon_days=horizon_days, history_days=history_days, rhythm_days=rhythm_days
    )

    assert 3 <= len(windows) <= 6
    assert list(windows) == sorted(set(windows))
    assert windows[0] >= 7
    assert max(horizon_days, 7) in windows


def test_windows_are_shares_and_multiples_of_the_horizon() -> None:
    windows = choose_windows(horizon_days=60, history_days=900, rhythm_days=40)

    assert windows == (15, 30, 60, 120, 240)


def test_a_window_much_longer_than_the_history_is_dropped() -> None:
    windows = choose_windows(horizon_days=60, history_days=100, rhythm_days=40)

    assert windows == (15, 30, 60, 120)


def test_the_horizon_is_a_window_however_short_the_history() -> None:
    windows = choose_windows(horizon_days=365, history_days=100, rhythm_days=None)

    assert windows == (91, 182, 365)


@pytest.mark.parametrize(
    ("rhythm_days", "expected"),
    [
        pytest.param(3, (12, 22, 45, 90, 180, 360), id="a weekly grocer"),
        pytest.param(365, (90, 180, 360, 730, 1460), id="a yearly donor"),
    ],
)
def test_windows_follow_the_rhythm_of_the_log(
    rhythm_days: float, expected: tuple[int, ...]
) -> None:
    windows = choose_windows(
        horizon_days=90, history_days=4000, rhythm_days=rhythm_days
    )

    assert windows == expected
