"""Choose the windows that features look back over."""

from collections.abc import Iterable

MIN_WINDOW_DAYS = 7
MAX_WINDOWS = 6
MIN_WINDOWS = 3
HISTORY_SHARE = 1.5


def choose_windows(
    *, horizon_days: float, history_days: float, rhythm_days: float | None
) -> tuple[int, ...]:
    """Choose windows from the horizon, the history and the usual gap of the log.

    There is always the horizon, and a quarter, a half, two and four of it. A log that
    is much faster gets a shorter window, one that is much slower longer ones in place
    of those in which hardly anybody buys. What is much longer than the history is left
    out.

    Parameters
    ----------
    horizon_days : float
        Length of the label window.
    history_days : float
        From the first row of the log to ``as_of``.
    rhythm_days : float or None
        Median gap between a customer's purchase days; None where nobody bought twice.

    Returns
    -------
    tuple of int
        Three to six lengths in days, ascending.

    Examples
    --------
    >>> choose_windows(horizon_days=90, history_days=730, rhythm_days=30)
    (22, 45, 90, 180, 360)
    >>> choose_windows(horizon_days=90, history_days=365, rhythm_days=3)
    (12, 22, 45, 90, 180, 360)
    >>> choose_windows(horizon_days=90, history_days=3650, rhythm_days=365)
    (90, 180, 360, 730, 1460)
    >>> choose_windows(horizon_days=90, history_days=40, rhythm_days=None)
    (22, 45, 90)
    """
    wanted = [horizon_days * share for share in (0.25, 0.5, 1, 2, 4)]
    if rhythm_days is not None:
        wanted = _fit_rhythm(wanted, rhythm_days, horizon_days)
    longest = max(HISTORY_SHARE * history_days, horizon_days)
    chosen = _round_days(days for days in wanted if days <= longest)
    for share in (1, 0.5, 0.25, 2, 4):
        if len(chosen) < MIN_WINDOWS:
            chosen = _round_days((*chosen, share * history_days))
    while len(chosen) < MIN_WINDOWS:
        chosen = (*chosen, 2 * chosen[-1])
    return chosen[:MAX_WINDOWS]


def _fit_rhythm(
    wanted: list[float], rhythm_days: float, horizon_days: float
) -> list[float]:
    """Add a window of four gaps below, or of two and four gaps above."""
    if 4 * rhythm_days < wanted[0]:
        return [4 * rhythm_days, *wanted]
    if 2 * rhythm_days > wanted[-1]:
        slow = [2 * rhythm_days, 4 * rhythm_days]
        windows = (d for d in wanted if d == horizon_days or 4 * d >= rhythm_days)
        return [*windows, *slow]
    return wanted


def _round_days(days: Iterable[float]) -> tuple[int, ...]:
    return tuple(sorted({max(MIN_WINDOW_DAYS, round(length)) for length in days}))
