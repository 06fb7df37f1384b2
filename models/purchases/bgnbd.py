"""BG/NBD: how often a customer buys, and whether the customer is still one.

While alive, a customer buys at a rate of their own, and after an order leaves with a
probability of their own. Both vary between customers: the rate as a gamma of shape
``r`` and rate ``alpha``, the leaving as a beta of ``a`` and ``b``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from features.errors import DataError
from features.types import Floats
from models.purchases.btyd_data import COLUMNS, Histories, maximise, read_histories


class BGNBD(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fit BG/NBD, or its modified form, by maximum likelihood.

    Parameters
    ----------
    dropout_at_zero : bool
        True for MBG/NBD, where a customer may leave after the first order too. In
        BG/NBD a one-time buyer is always alive.
    penalty : float
        Weight of the squared logarithms of the parameters (``alpha`` in units of the
        mean ``T``), added to the mean negative log-likelihood.

    Attributes
    ----------
    r_, alpha_, a_, b_ : float
        ``alpha_`` is in the unit of ``X``: days.
    log_likelihood_ : float
        Of the data it was fitted on, in the unit of ``X``.
    n_features_in_ : int

    Notes
    -----
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way: equation 6
    for the likelihood, 10 for the expected orders. Batislam, Denizel and Filiztekin
    (2007) for MBG/NBD, which is BG/NBD with one more chance to leave.

    Examples
    --------
    >>> model = BGNBD().fit([[0, 0, 300], [2, 90, 280], [5, 200, 290], [1, 30, 350]])
    >>> bool((model.p_active([[2, 90, 280]], 30) < model.p_alive([[2, 90, 280]]))[0])
    True
    """

    def __init__(self, *, dropout_at_zero: bool = False, penalty: float = 0.0) -> None:
        self.dropout_at_zero = dropout_at_zero
        self.penalty = penalty

    def fit(
        self,
        X: npt.ArrayLike,
        y: object = None,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Find the parameters that make the customers' histories most likely.

        Parameters
        ----------
        X : array-like of shape (n_customers, 3)
            ``frequency``, ``recency`` and ``T``, the last two in days. A DataFrame may
            hold other columns too.
        y : object
            Ignored.
        sample_weight : array-like of shape (n_customers,)
            How often each row counts.

        Returns
        -------
        BGNBD

        Raises
        ------
        DataError
            If there is no row, or a row that no customer can have.
        """
        table = read_histories(X)
        if not len(table):
            raise DataError(
                "No customer to fit BG/NBD on.", needed="At least one row is needed."
            )
        histories = Histories.of(
            table, weight=sample_weight, extra=float(self.dropout_at_zero)
        )
        unit = float(table[:, 2].mean()) or 1.0
        theta = maximise(histories.in_units_of(unit), penalty=self.penalty)
        self.r_, alpha, self.a_, self.b_ = (float(v) for v in np.exp(theta))
        self.alpha_ = alpha * unit
        self.log_likelihood_ = float(histories.log_likelihood(self._theta())[0])
        self.n_features_in_ = len(COLUMNS)
        return self

    def log_likelihood(self, X: npt.ArrayLike) -> float:
        """Sum the log-likelihood of the rows of ``X``."""
        check_is_fitted(self)
        histories = Histories.of(read_histories(X), extra=float(self.dropout_at_zero))
        return float(histories.log_likelihood(self._theta())[0])

    def p_alive(self, X: npt.ArrayLike) -> Floats:
        """Return each customer's probability of not having left, shape (n,)."""
        check_is_fitted(self)
        return self._alive(read_histories(X))

    def p_active(self, X: npt.ArrayLike, days: float) -> Floats:
        """Return the probability of at least one order in the next ``days``."""
        check_is_fitted(self)
        table = read_histories(X)
        frequency, waited = table[:, 0], self.alpha_ + table[:, 2]
        silent = np.exp(-(self.r_ + frequency) * np.log1p(days / waited))
        return self._alive(table) * (1.0 - silent)

    def expected_orders(self, X: npt.ArrayLike, days: float) -> Floats:
        """Return the orders expected in the next ``days``, given the history.

        Notes
        -----
        Equation 10 has a factor ``1 / (a - 1)`` before a difference with Gauss's
        hypergeometric function, which loses its digits at ``a = 1`` and for large
        arguments. The same expectation is taken here over the chance to leave, by
        Gauss-Jacobi quadrature: it holds for every parameter.
        """
        check_is_fitted(self)
        table = read_histories(X)
        frequency, _, T = table.T
        span = days / (self.alpha_ + T)
        n_nodes = _nodes_needed(span)
        while_alive = np.empty(len(table))
        for rows in _groups(frequency, n_nodes):
            x = float(frequency[rows[0]])
            stayed = self.b_ + x + float(self.dropout_at_zero)
            nodes = _beta_nodes(self.a_, stayed, n_nodes=n_nodes[rows[0]])
            while_alive[rows] = _orders_while_alive(self.r_ + x, span[rows], *nodes)
        return self._alive(table) * while_alive

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        check_is_fitted(self)
        learned = ("r_", "alpha_", "a_", "b_", "log_likelihood_")
        return {
            "dropout_at_zero": self.dropout_at_zero,
            "penalty": self.penalty,
            **{name: getattr(self, name) for name in learned},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BGNBD:
        """Restore what ``to_dict`` gave."""
        model = cls(
            dropout_at_zero=values["dropout_at_zero"], penalty=values["penalty"]
        )
        for name in ("r_", "alpha_", "a_", "b_", "log_likelihood_"):
            setattr(model, name, float(values[name]))
        model.n_features_in_ = len(COLUMNS)
        return model

    def _theta(self) -> Floats:
        learned = np.array([self.r_, self.alpha_, self.a_, self.b_])
        return np.asarray(np.log(learned))

    def _alive(self, table: Floats) -> Floats:
        frequency, recency, T = table.T
        chances = frequency + float(self.dropout_at_zero)
        survivals = np.maximum(self.b_ + chances - 1.0, np.finfo(float).tiny)
        quiet = np.log((self.alpha_ + T) / (self.alpha_ + recency))
        log_odds = np.log(self.a_) - np.log(survivals) + (self.r_ + frequency) * quiet
        return np.asarray(np.where(chances > 0, expit(-log_odds), 1.0))


def _groups(*keys: npt.NDArray[Any]) -> list[npt.NDArray[np.intp]]:
    """Return the row numbers of each group of equal keys."""
    order = np.lexsort(keys)
    steps = [key[order][1:] != key[order][:-1] for key in keys]
    cuts = np.flatnonzero(np.logical_or.reduce(steps)) + 1
    return np.split(order, cuts) if len(order) else []


def _nodes_needed(span: Floats) -> npt.NDArray[np.intp]:
    """Return how many nodes give each row twelve digits, as a power of two.

    The nearest singularity is at ``p = -1 / span``, so the number grows with the root
    of ``span``. It hangs on the row alone: a row is worth the same in any company.
    """
    needed = np.clip(16 + 8 * np.sqrt(span), 32, 512)
    return np.asarray(2 ** np.ceil(np.log2(needed)), dtype=np.intp)


def _orders_while_alive(
    shape: float, span: Floats, p: Floats, weight: Floats
) -> Floats:
    """Take ``(1 - (1 + p span) ** -shape) / p`` over p, at its nodes.

    ``span`` is the time ahead over ``alpha + T``.
    """
    bought = -np.expm1(-shape * np.log1p(np.outer(span, p)))
    orders = (bought * (weight / p)).sum(axis=1)
    return np.asarray(np.clip(orders, 0.0, shape * span))


def _beta_nodes(a: float, b: float, *, n_nodes: int) -> tuple[Floats, Floats]:
    """Return Gauss's nodes and weights for the expectation over Beta(a, b).

    Golub and Welsch (1969): eigenvalues of the Jacobi matrix of the polynomials
    orthogonal under the beta density on [0, 1].
    """
    n = np.arange(1, n_nodes)
    s = 2 * n + a + b - 2
    middle = ((b - 1) ** 2 - (a - 1) ** 2) / (s * (s + 2))
    first = a / (a + b)
    diagonal = np.concatenate([[first], (1 - middle) / 2])
    squared = n * (n + a - 1) * (n + b - 1) * (n + a + b - 2) / (s**2 * (s + 1))
    squared[0] = a * b / (a + b) ** 2 / (a + b + 1)
    squared[1:] /= s[1:] - 1
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(squared))
    return np.clip(nodes, np.finfo(float).tiny, 1.0), vectors[0] ** 2
