"""What can be known of the worth of a customer's purchases, given the past ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from tests.worlds.process import Floats, Process


@dataclass(frozen=True, slots=True)
class Purses:
    """What can be known of the amounts of customers, given their past ones.

    Parameters
    ----------
    share, mean, deviation : ndarray of shape (n, n_wallets)
        Of each wallet: its probability, and the mean's law in logarithms.
    """

    share: Floats
    mean: Floats
    deviation: Floats

    def expected(self, deviation: float) -> Floats:
        """Return the amount to expect of a purchase."""
        logs = self.mean + (self.deviation**2 + deviation**2) / 2.0
        return np.asarray((self.share * np.exp(logs)).sum(axis=1))

    def draw(self, rng: np.random.Generator) -> Floats:
        """Draw each customer's mean."""
        edges = np.cumsum(self.share, axis=1)[:, :-1]
        wallet = (rng.random((len(edges), 1)) > edges).sum(axis=1)
        rows = np.arange(len(edges))
        mean, deviation = self.mean[rows, wallet], self.deviation[rows, wallet]
        return np.asarray(rng.normal(mean, deviation))


def weigh_purses(process: Process, n_bought: Floats, mean_log: Floats) -> Purses:
    """Return what the number and the mean logarithm of past amounts tell."""
    columns = []
    noise = process.deviation**2 / n_bought
    for wallet in process.wallets:
        own = wallet.deviation**2
        likely = norm.logpdf(mean_log, wallet.mean, np.sqrt(own + noise))
        trust = own / (own + noise)
        mean = wallet.mean + trust * (mean_log - wallet.mean)
        columns.append(
            (np.log(wallet.share) + likely, mean, np.sqrt(own * (1 - trust)))
        )
    log_share, mean, deviation = (
        np.column_stack(column) for column in zip(*columns, strict=True)
    )
    share = np.exp(log_share - logsumexp(log_share, axis=1, keepdims=True))
    return Purses(share, mean, deviation)
