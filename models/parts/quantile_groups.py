"""Groups of about equal size by a figure, in which equal figures are never parted.

Forecasts are tied more often than they look: customers who bought once, on one day, for
one amount are one customer to a model. A cut between equals would go by the order of
the rows, and one at a spike would leave a group with nobody in it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.types import Floats

Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def quantile_groups(figures: Floats, *, n_groups: int, least: int = 1) -> list[Ints]:
    """Return the rows of each group, the lowest figures first.

    Parameters
    ----------
    figures : ndarray of shape (n,)
        Not NaN.
    n_groups : int
        Groups at most. Without ties there are as many, as far as ``least`` allows, and
        their sizes differ by one at most.
    least : int
        Rows that a group has at least, as long as there are as many.

    Returns
    -------
    list of ndarray
        Row numbers; none is empty, and equal figures are in one group.

    Examples
    --------
    >>> figures = np.array([5.0, 1.0, 1.0, 1.0, 9.0])
    >>> [group.tolist() for group in quantile_groups(figures, n_groups=3)]
    [[1, 2, 3], [0], [4]]
    """
    order = np.argsort(figures, kind="stable")
    ordered = figures[order]
    sizes = [len(part) for part in np.array_split(ordered, n_groups)]
    ends = _beside_ties(ordered, np.cumsum(sizes)[:-1])
    bounds = np.concatenate([[0], ends, [len(ordered)]])
    ends = ends[keep_cuts(np.diff(bounds), least=least)]
    return [group for group in np.split(order, ends) if len(group)]


def keep_cuts(sizes: Ints, *, least: int) -> Flags:
    """Say which cuts between groups stay, so that none is smaller than ``least``.

    Parameters
    ----------
    sizes : ndarray of shape (n_groups,)
        Members of each group, in order; one group or more.
    least : int
        Members that a group has at least, as long as there are as many.

    Returns
    -------
    ndarray of shape (n_groups - 1,)
        Of a cut that goes, both sides are one group.

    Examples
    --------
    >>> keep_cuts(np.array([0, 0, 120, 40, 3]), least=25).tolist()
    [False, False, True, False]
    """
    stays = np.zeros(len(sizes) - 1, dtype=np.bool_)
    size = 0
    for place in range(len(stays)):
        size += int(sizes[place])
        if size >= least:
            stays[place], size = True, 0
    size += int(sizes[-1])
    if size < least and stays.any():
        stays[np.flatnonzero(stays)[-1]] = False
    return stays


def share_in_top(scores: Floats, n_top: int) -> Floats:
    """Return how much of each row is among the ``n_top`` highest scores.

    Those who are tied for the last places share them alike.

    Examples
    --------
    >>> share_in_top(np.array([1.0, 3.0, 1.0, 2.0]), 3).tolist()
    [0.5, 1.0, 0.5, 1.0]
    """
    if not 0 < n_top < len(scores):
        return np.full(len(scores), float(n_top > 0))
    lowest = np.partition(scores, -n_top)[-n_top]
    above, tied = scores > lowest, scores == lowest
    share = (n_top - int(above.sum())) / int(tied.sum())
    return np.where(above, 1.0, np.where(tied, share, 0.0))


def _beside_ties(ordered: Floats, ends: Ints) -> Ints:
    """Move each end that lies between equals to the nearer side of them."""
    ends = ends[(ends > 0) & (ends < len(ordered))]
    first = np.searchsorted(ordered, ordered[ends], side="left")
    after = np.searchsorted(ordered, ordered[ends], side="right")
    moved = np.where(ends - first <= after - ends, first, after)
    return np.unique(moved[(moved > 0) & (moved < len(ordered))])
