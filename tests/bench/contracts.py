"""A service's contracts and complaints, drawn week by week with known chances.

The chance to leave falls with the time as a customer, is higher in a cheap plan, in
January and after complaints; a yearly plan is left when a year is over. Some change
their plan, some come back, and how easily a customer leaves is partly its own.

``python -m tests.bench.contracts`` trains on them and compares with the true chances.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.bench.figures import Section, seeds_table, write_section

Floats = npt.NDArray[np.float64]

START = datetime(2022, 1, 3, tzinfo=UTC)
PLANS = ("Basic", "Plus", "Pro", "Year")
PRICES = np.array([9.0, 19.0, 39.0, 15.0])
HAZARDS = np.array([0.014, 0.009, 0.005, 0.25])
"""A week; of the yearly plan, when a year is over."""

YEARLY, WEEKS_A_YEAR = 3, 52

USUAL = (6000, 3)
"""Customers and seeds of the figures that are written down."""


@dataclass
class Service:
    """The customers of one week, and what is written down of them.

    Parameters
    ----------
    rng : Generator
    joined, ease : ndarray of shape (n,)
        The week that each signs up, and how easily it leaves, as log-odds.
    """

    rng: np.random.Generator
    joined: npt.NDArray[np.int64]
    ease: Floats
    week: int = 0
    active: npt.NDArray[np.bool_] = field(init=False)
    plan: npt.NDArray[np.int64] = field(init=False)
    since: npt.NDArray[np.int64] = field(init=False)
    anger: Floats = field(init=False)
    back_at: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Start with nobody."""
        n = len(self.joined)
        self.active = np.zeros(n, dtype=bool)
        self.plan = self.rng.choice(4, n, p=[0.4, 0.25, 0.15, 0.2])
        self.since = np.zeros(n, dtype=np.int64)
        self.anger = np.zeros(n)
        self.back_at = self.joined.copy()

    def copy(self, times: int, *, seed: int) -> Service:
        """Return the same customers so many times over, with a fate of their own."""
        many = replace(
            self,
            rng=np.random.default_rng(seed),
            joined=np.tile(self.joined, times),
            ease=np.tile(self.ease, times),
        )
        for name in ("active", "plan", "since", "anger", "back_at"):
            setattr(many, name, np.tile(getattr(self, name), times))
        return many

    def hazard(self) -> Floats:
        """Return each one's chance to leave this week."""
        age = (self.week - self.joined) / WEEKS_A_YEAR
        month = (self.week % WEEKS_A_YEAR) / WEEKS_A_YEAR
        season = 0.5 * np.cos(2 * np.pi * (month - 0.04))
        loyal = 0.9 * np.log1p(2 * np.maximum(age, 0))
        push = self.ease + 1.1 * self.anger + season - loyal
        weeks = self.week - self.since
        may = (self.plan != YEARLY) | ((weeks > 0) & (weeks % WEEKS_A_YEAR == 0))
        return np.where(may, np.minimum(HAZARDS[self.plan] * np.exp(push), 0.9), 0.0)

    def step(self) -> tuple[npt.NDArray[np.intp], ...]:
        """Live a week; return who starts, leaves, changes plan, and complains."""
        rng, n = self.rng, len(self.joined)
        starts = ~self.active & (self.back_at == self.week)
        leaves = self.active & (rng.random(n) < self.hazard())
        changes = self.active & ~leaves & (rng.random(n) < 0.004)
        complains = self.active & ~leaves & (rng.random(n) < 0.04)
        self.active = (self.active | starts) & ~leaves
        self.since = np.where(starts | changes, self.week, self.since)
        self.plan = np.where(changes, rng.integers(0, 4, n), self.plan)
        self.anger = 0.85 * self.anger + complains
        returns = leaves & (rng.random(n) < 0.15)
        self.back_at = np.where(
            returns, self.week + rng.integers(2, 30, n), self.back_at
        )
        self.week += 1
        return tuple(np.flatnonzero(w) for w in (starts, leaves, changes, complains))


@dataclass(frozen=True)
class Contracts:
    """What was written down, and each one's true chance to churn.

    Parameters
    ----------
    subscriptions, interactions : DataFrame
    chances : dict of datetime to Series
        Of whoever was active, by ``customer_id``.
    """

    subscriptions: pd.DataFrame
    interactions: pd.DataFrame
    chances: dict[datetime, pd.Series]


def make_contracts(
    n: int = 6000,
    *,
    seed: int = 0,
    n_weeks: int = 156,
    looks: tuple[int, ...] = (),
    horizon_weeks: int = 13,
    futures: int = 200,
) -> Contracts:
    """Draw the log, and at some weeks the true chances by many futures."""
    rng = np.random.default_rng(seed)
    joined = rng.integers(0, n_weeks, n)
    service = Service(rng, joined, rng.normal(0, 0.4, n))
    rows: list[dict[str, object]] = []
    open_at: dict[int, int] = {}
    heard: list[dict[str, object]] = []
    chances: dict[datetime, pd.Series] = {}
    for week in range(n_weeks):
        if week in looks:
            chances[_day(week)] = _true_chances(
                service, horizon_weeks, futures=futures, seed=seed + week
            )
        starts, leaves, changes, complains = service.step()
        for who in (*leaves, *changes):
            rows[open_at.pop(who)]["ends_at"] = _day(week) + timedelta(hours=12)
        for who in (*starts, *changes):
            plan, price = service.plan[who], PRICES[service.plan[who]]
            open_at[who] = len(rows)
            rows.append(
                {
                    "customer_id": f"C{who:05d}",
                    "starts_at": _day(week) + timedelta(hours=12),
                    "ends_at": pd.NaT,
                    "amount": round(price * (1 + 0.1 * rng.integers(0, 3)), 2),
                    "plan": PLANS[plan],
                }
            )
        at = _day(week) + timedelta(days=2)
        heard += [
            {"customer_id": f"C{who:05d}", "occurred_at": at, "type": "complaint"}
            for who in complains
        ]
    return Contracts(pd.DataFrame(rows), pd.DataFrame(heard), chances)


def _day(week: int) -> datetime:
    return START + timedelta(weeks=week)


def _true_chances(
    service: Service, weeks: int, *, futures: int, seed: int
) -> pd.Series:
    many = service.copy(futures, seed=seed)
    for _ in range(weeks):
        many.step()
    gone = ~many.active.reshape(futures, -1)
    who = np.flatnonzero(service.active)
    index = pd.Index([f"C{each:05d}" for each in who], name="customer_id")
    return pd.Series(gone[:, who].mean(axis=0), index)


def write_contracts(folder: Path, drawn: Contracts) -> None:
    """Write both tables as Parquet."""
    drawn.subscriptions.to_parquet(folder / "contracts.parquet", index=False)
    drawn.interactions.to_parquet(folder / "complaints.parquet", index=False)


def report(n: int, seed: int) -> dict[str, float]:
    """Train on a log, and compare with the true chances of the holdout."""
    from sklearn.metrics import roc_auc_score

    from features.door.log_files import LogSource, TableSource, read_log
    from training.train import TrainOptions, train

    n_weeks, horizon = 156, 13
    drawn = make_contracts(n, seed=seed, n_weeks=n_weeks, looks=(n_weeks - horizon,))
    as_of = _day(n_weeks)
    ((then, chance),) = drawn.chances.items()
    with tempfile.TemporaryDirectory() as folder:
        write_contracts(Path(folder), drawn)
        source = LogSource(
            subscriptions=TableSource(f"{folder}/contracts.parquet", {}),
            interactions=TableSource(f"{folder}/complaints.parquet", {}),
        )
        with read_log(source, now=as_of + timedelta(days=1)) as log:
            version = train(
                log,
                as_of=as_of,
                folder=Path(folder) / "bundle",
                options=TrainOptions(
                    horizon=timedelta(weeks=horizon), kind="subscriptions"
                ),
            )
    holdout = version.holdout
    assert holdout.origin.as_of == then
    found = {f"AUC {name}": each["auc"] for name, each in holdout.churn.items()}
    truth = chance.to_numpy()
    found["AUC truth"] = float(roc_auc_score(holdout.outcome.churned, truth))
    found["mean distance from truth"] = float(np.abs(holdout.outcome.p - truth).mean())
    model, value = holdout.churn["model"], holdout.value
    found |= {"churned": float(holdout.outcome.churned.mean()), "ECE": model["ece"]}
    found |= {f"Gini {name}": each["gini"] for name, each in value.items()}
    found["coverage"] = value["model"]["coverage"]
    found["total error"] = value["model"]["total_error"]
    found["season shift"] = version.card["data"]["facts"]["season_shift"]
    return found


def main() -> None:
    """Print the figures of some logs; the usual ones go into ``docs/figures.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=USUAL[0])
    parser.add_argument("--seeds", type=int, default=USUAL[1])
    options = parser.parse_args()
    reports = [report(options.customers, seed) for seed in range(options.seeds)]
    body = seeds_table(reports)
    sys.stdout.write(f"{body}\n")
    if (options.customers, options.seeds) == USUAL:
        command = "python -m tests.bench.contracts"
        write_section(Section("contracts", command, body))


if __name__ == "__main__":
    main()
