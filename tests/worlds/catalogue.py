"""The worlds: a dozen ways in which customers buy.

Each is a function of a seed; the same seed gives the same world. How many customers
there are is a choice of the world too, fewer where a test wants to be quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.worlds.process import Floats, Kind, Process, Wallet
from tests.worlds.world import World, make_world

YEAR = 365
USUAL = (Wallet(1.0, 3.0, 0.6),)
AT_RANDOM = (
    Kind(8.0, leaves_after=0.02),
    Kind(20.0, leaves_after=0.04),
    Kind(50.0, leaves_after=0.06),
    Kind(120.0, leaves_after=0.08),
    Kind(300.0, leaves_after=0.15),
)
SHARES = (0.1, 0.2, 0.25, 0.25, 0.2)

Make = Callable[..., World]


def process_of(
    kinds: Sequence[Kind],
    shares: Sequence[float],
    *,
    n_days: int,
    horizon: int,
    calendar: Floats | None = None,
    arrivals: Floats | None = None,
    wallets: Sequence[Wallet] = USUAL,
) -> Process:
    """Return a process whose kinds of customers are mixed alike on all days."""
    return Process(
        kinds=kinds,
        mix=np.tile(np.array(shares), (n_days, 1)),
        arrivals=np.ones(n_days) if arrivals is None else arrivals,
        calendar=np.ones(n_days + horizon) if calendar is None else calendar,
        wallets=wallets,
    )


def peak(days: Floats, *, at: float, width: float, height: float) -> Floats:
    """Return how much more is bought around a day of the year, each year."""
    away = (days - at + YEAR / 2) % YEAR - YEAR / 2
    return np.asarray(height * np.exp(-((away / width) ** 2) / 2.0))


def regular_buyers(seed: int, n_customers: int = 1_500) -> World:
    """Let each buy by a clock of their own."""
    kinds = [
        Kind(cycle, evenness=12.0, leaves_after=0.05) for cycle in (14, 28, 45, 90, 180)
    ]
    process = process_of(kinds, (0.15, 0.25, 0.25, 0.2, 0.15), n_days=540, horizon=60)
    return make_world(process, n_customers=n_customers, seed=seed)


def irregular_buyers(seed: int, n_customers: int = 1_500) -> World:
    """Let all buy at random, and leave after a purchase: the world of BG/NBD."""
    process = process_of(AT_RANDOM, SHARES, n_days=540, horizon=90)
    return make_world(process, n_customers=n_customers, seed=seed)


def seasons(seed: int, n_customers: int = 1_500) -> World:
    """Three autumns before a fourth Christmas, which is ahead."""
    n_days = 2 * YEAR + 273
    days = np.arange(n_days + 90, dtype=np.float64)
    calendar = 0.6 + peak(days, at=345.0, width=18.0, height=4.0)
    process = process_of(
        AT_RANDOM, SHARES, n_days=n_days, horizon=90, calendar=calendar
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def growth(seed: int, n_customers: int = 1_500) -> World:
    """More customers come each month, and all buy more."""
    n_days, horizon = 720, 90
    process = process_of(
        AT_RANDOM,
        SHARES,
        n_days=n_days,
        horizon=horizon,
        arrivals=np.exp(np.arange(n_days) / 300.0),
        calendar=np.linspace(0.5, 1.6, n_days + horizon),
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def decline(seed: int, n_customers: int = 1_500) -> World:
    """Fewer come each month, and all buy less."""
    n_days, horizon = 720, 90
    process = process_of(
        AT_RANDOM,
        SHARES,
        n_days=n_days,
        horizon=horizon,
        arrivals=np.exp(-np.arange(n_days) / 300.0),
        calendar=np.exp(-np.arange(n_days + horizon) / 500.0),
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def cohorts(seed: int, n_customers: int = 1_500) -> World:
    """Those who come later are worse: most of them are gone after one order."""
    kinds = (Kind(25.0, leaves_after=0.03), Kind(60.0, leaves_after=0.75))
    n_days, horizon = 720, 90
    loyal = np.linspace(0.85, 0.15, n_days)
    process = Process(
        kinds=kinds,
        mix=np.column_stack([loyal, 1.0 - loyal]),
        arrivals=np.ones(n_days),
        calendar=np.ones(n_days + horizon),
        wallets=USUAL,
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def one_time_trade(seed: int, n_customers: int = 2_000) -> World:
    """Four in five buy once, as tourists do."""
    kinds = (Kind(30.0, leaves_after=1.0), Kind(40.0, leaves_after=0.04))
    process = process_of(kinds, (0.8, 0.2), n_days=540, horizon=90)
    return make_world(process, n_customers=n_customers, seed=seed)


def yearly_donors(seed: int, n_customers: int = 1_500) -> World:
    """Donors who give around Christmas, seven years of them; some give each month."""
    n_days = 7 * YEAR
    days = np.arange(n_days + YEAR, dtype=np.float64)
    calendar = 0.25 + peak(days, at=350.0, width=12.0, height=8.0)
    kinds = (
        Kind(380.0, leaves_after=0.12),
        Kind(380.0, leaves_after=0.6),
        Kind(40.0, evenness=8.0, leaves_after=0.02),
    )
    process = process_of(
        kinds, (0.45, 0.45, 0.1), n_days=n_days, horizon=YEAR, calendar=calendar
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def structural_break(seed: int, n_customers: int = 1_500) -> World:
    """Four months before the end all begin to buy less than half as often."""
    n_days, horizon = 720, 90
    calendar = np.where(np.arange(n_days + horizon) < n_days - 120, 1.0, 0.45)
    process = process_of(
        AT_RANDOM, SHARES, n_days=n_days, horizon=horizon, calendar=calendar
    )
    return make_world(process, n_customers=n_customers, seed=seed)


def whales(seed: int, n_customers: int = 2_000) -> World:
    """One customer in five hundred spends four hundred times as much."""
    wallets = (Wallet(0.998, 3.0, 0.6), Wallet(0.002, 9.0, 0.3))
    process = process_of(AT_RANDOM, SHARES, n_days=540, horizon=90, wallets=wallets)
    return make_world(process, n_customers=n_customers, seed=seed)


def rare_and_small(seed: int, n_customers: int = 300) -> World:
    """Three hundred customers who buy once or twice a year."""
    kinds = (Kind(180.0, leaves_after=0.08), Kind(450.0, leaves_after=0.2))
    process = process_of(kinds, (0.5, 0.5), n_days=2 * YEAR, horizon=180)
    return make_world(process, n_customers=n_customers, seed=seed)


def short_history(seed: int, n_customers: int = 1_500) -> World:
    """Open a shop that is ninety days old."""
    kinds = (
        Kind(7.0, leaves_after=0.03),
        Kind(20.0, leaves_after=0.08),
        Kind(60.0, leaves_after=0.3),
    )
    process = process_of(kinds, (0.25, 0.4, 0.35), n_days=90, horizon=28)
    return make_world(process, n_customers=n_customers, seed=seed)


WORLDS: dict[str, Make] = {
    make.__name__.replace("_", " "): make
    for make in (
        regular_buyers,
        irregular_buyers,
        seasons,
        growth,
        decline,
        cohorts,
        one_time_trade,
        yearly_donors,
        structural_break,
        whales,
        rare_and_small,
        short_history,
    )
}
