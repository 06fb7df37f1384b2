"""How the customers of a made-up world buy, and what can be known of what comes.

Days are steps. A customer is of a kind that nobody sees. Each day a customer who has
not left may leave, and may then buy, by how long ago the last purchase was and by the
day; after a purchase, the first among them, a customer may leave too. So the chance of
every future is found exactly from what was seen, by filtering day by day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_CHANCE = 0.95
"""Of a purchase on one day."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of customer.

    Parameters
    ----------
    cycle : float
        Days between purchases in the mean.
    evenness : float
        Shape of the gamma of these days; 1 for purchases at random.
    leaves_after : float
        Chance to leave after each purchase.
    leaves_daily : float
    """

    cycle: float
    evenness: float = 1.0
    leaves_after: float = 0.0
    leaves_daily: float = 0.0

    def hazard(self, n_days: int) -> Floats:
        """Return the chance to buy so many days after the last purchase, from 0."""
        gaps = np.arange(n_days, dtype=np.float64)
        law = gamma(self.evenness, scale=self.cycle / self.evenness)
        waiting = np.maximum(law.sf(gaps - 1.0), 1e-12)
        return np.clip((waiting - law.sf(gaps)) / waiting, 0.0, MOST_CHANCE)


@dataclass(frozen=True, slots=True)
class Wallet:
    """Customers whose purchases are worth about the same.

    Parameters
    ----------
    share : float
        Of the customers.
    mean, deviation : float
        Of the customers' own means, in logarithms.
    """

    share: float
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Process:
    """A world before anything happens in it.

    Parameters
    ----------
    kinds : sequence of Kind
    mix : ndarray of shape (n_days, n_kinds)
        Chance of each kind, by the day of the first purchase.
    arrivals : ndarray of shape (n_days,)
        Weight of each day as that of the first purchase.
    calendar : ndarray of shape (n_days + horizon,)
        How much likelier a purchase is on each day.
    wallets : sequence of Wallet
    deviation : float
        Of the logarithm of an amount around the customer's own.
    """

    kinds: Sequence[Kind]
    mix: Floats
    arrivals: Floats
    calendar: Floats
    wallets: Sequence[Wallet]
    deviation: float = 0.5

    @property
    def n_days(self) -> int:
        """Days of history."""
        return len(self.arrivals)

    @property
    def horizon(self) -> int:
        """Days that are foretold."""
        return len(self.calendar) - self.n_days

    @property
    def hazards(self) -> Floats:
        """Chances to buy by kind and days since the last purchase."""
        return np.array([kind.hazard(len(self.calendar) + 1) for kind in self.kinds])

    @property
    def leaves_after(self) -> Floats:
        """Chance to leave after a purchase, by kind."""
        return np.array([kind.leaves_after for kind in self.kinds])

    @property
    def leaves_daily(self) -> Floats:
        """Chance to leave on a day, by kind."""
        return np.array([kind.leaves_daily for kind in self.kinds])


@dataclass(slots=True)
class Crowd:
    """The customers of a world at the end of a day.

    Parameters
    ----------
    kind : ndarray of shape (n,)
    purse : ndarray of shape (n,)
        The logarithm around which a customer's amounts lie.
    stays : ndarray of shape (n,)
        Whether a customer has come and not left.
    gap : ndarray of shape (n,)
        Days since the last purchase.
    """

    kind: Ints
    purse: Floats
    stays: Flags
    gap: Ints


def draw_crowd(
    process: Process, n: int, rng: np.random.Generator
) -> tuple[Crowd, Ints]:
    """Draw customers who have not come yet, and the day on which each does."""
    weight = process.arrivals / process.arrivals.sum()
    joined = rng.choice(process.n_days, n, p=weight)
    edges = np.cumsum(process.mix[joined], axis=1)
    kind = (rng.random((n, 1)) > edges[:, :-1]).sum(axis=1)
    shares = [wallet.share for wallet in process.wallets]
    wallet = rng.choice(len(shares), n, p=shares)
    means = np.array([wallet.mean for wallet in process.wallets])[wallet]
    around = np.array([wallet.deviation for wallet in process.wallets])[wallet]
    purse = rng.normal(means, around)
    nobody = np.zeros(n, dtype=np.bool_)
    return Crowd(kind, purse, nobody, np.zeros(n, dtype=np.int64)), joined


def live(
    process: Process,
    crowd: Crowd,
    days: range,
    *,
    rng: np.random.Generator,
    joined: Ints | None = None,
) -> Iterator[tuple[int, Ints, Floats]]:
    """Yield who buys on each day, and for how much; the crowd goes on with it."""
    hazards, after, daily = process.hazards, process.leaves_after, process.leaves_daily
    n = len(crowd.kind)
    for day in days:
        crowd.gap += 1
        crowd.stays &= rng.random(n) >= daily[crowd.kind]
        chance = hazards[crowd.kind, crowd.gap] * process.calendar[day]
        buys = crowd.stays & (rng.random(n) < np.minimum(chance, MOST_CHANCE))
        if joined is not None:
            buys |= joined == day
        rows = np.flatnonzero(buys)
        crowd.gap[rows] = 0
        crowd.stays[rows] = rng.random(len(rows)) >= after[crowd.kind[rows]]
        yield day, rows, np.exp(rng.normal(crowd.purse[rows], process.deviation))


@dataclass(frozen=True, slots=True)
class Belief:
    """What can be known of customers from what they bought.

    Parameters
    ----------
    stays, gone : ndarray of shape (n, n_kinds)
        Probability of each kind, and of not having left or of having left.
    gap : ndarray of shape (n,)
        Days since the last purchase, at the end of the last day.
    """

    stays: Floats
    gone: Floats
    gap: Ints


def believe(process: Process, bought: Flags) -> Belief:
    """Filter the purchases of all customers, day by day.

    Parameters
    ----------
    process : Process
    bought : ndarray of shape (n_days, n)
        Each customer bought once at least.
    """
    hazards, after, daily = process.hazards, process.leaves_after, process.leaves_daily
    joined = bought.argmax(axis=0)
    stays = process.mix[joined]
    gone = np.zeros_like(stays)
    gap = np.zeros(len(joined), dtype=np.int64)
    for day in range(process.n_days):
        has_come = joined < day
        buys = bought[day][:, None]
        gap = np.where(has_come, gap + 1, gap)
        chance = np.minimum(hazards[:, gap].T * process.calendar[day], MOST_CHANCE)
        leaves = np.where(has_come[:, None], stays * daily, 0.0)
        there = np.where(has_come[:, None], stays - leaves, stays)
        likely = np.where(has_come[:, None], np.where(buys, chance, 1.0 - chance), 1.0)
        there = there * likely
        stays = np.where(buys, there * (1.0 - after), there)
        gone = np.where(buys, there * after, gone + leaves)
        gap = np.where(bought[day], 0, gap)
        total = (stays + gone).sum(axis=1, keepdims=True)
        stays, gone = stays / total, gone / total
    return Belief(stays, gone, gap)


def chance_to_buy(process: Process, belief: Belief) -> Floats:
    """Return the probability of a purchase in the horizon, of shape (n,)."""
    hazards, daily = process.hazards, process.leaves_daily
    silent, gone, gap = belief.stays, belief.gone.sum(axis=1), belief.gap
    for day in range(process.n_days, len(process.calendar)):
        gap = gap + 1
        chance = np.minimum(hazards[:, gap].T * process.calendar[day], MOST_CHANCE)
        gone = gone + (silent * daily).sum(axis=1)
        silent = silent * (1.0 - daily) * (1.0 - chance)
    return np.asarray(1.0 - gone - silent.sum(axis=1))


def orders_to_expect(process: Process, belief: Belief) -> Floats:
    """Return the purchases to expect in the horizon, of shape (n,)."""
    hazards, daily = process.hazards, process.leaves_daily[:, None]
    stays = 1.0 - process.leaves_after[:, None]
    ahead = np.zeros_like(hazards)
    for day in reversed(range(process.n_days, len(process.calendar))):
        later = np.concatenate([ahead[:, 1:], ahead[:, -1:]], axis=1)
        chance = np.concatenate([hazards[:, 1:], hazards[:, -1:]], axis=1)
        chance = np.minimum(chance * process.calendar[day], MOST_CHANCE)
        buys = chance * (1.0 + stays * ahead[:, :1])
        ahead = (1.0 - daily) * (buys + (1.0 - chance) * later)
    return np.asarray((belief.stays * ahead[:, belief.gap].T).sum(axis=1))
