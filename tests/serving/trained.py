"""A small log, the model fitted to it and the run that it scores."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from features.door.log_files import log_from_rows
from models.bundle.bundle import Bundle, load_bundle, save_bundle
from serving.predict.customer_events import CustomerEvents
from serving.runs.score import ScoredRun, score_log
from training.fit.pair import Recipe
from training.fit.purchases import fit_customer_model

STARTS_AT = datetime(2010, 1, 1, tzinfo=UTC)
DAYS = 600
AS_OF = STARTS_AT + timedelta(days=DAYS)
HORIZON_DAYS = 60

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """What the tests of predict need.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    run : ScoredRun
        Of the whole log.
    events : dict
        What each customer did.
    """

    folder: Path
    run: ScoredRun
    events: dict[str, CustomerEvents]


class Folder:
    """A registry of one bundle folder, checked anew for each version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, version: str) -> Bundle:
        """Return the bundle or refuse it."""
        return load_bundle(self.folder, version=version)


def train_small(folder: Path) -> Trained:
    """Fit a model of few trees to a hundred customers and score them."""
    transactions = [row for number in range(100) for row in purchases(number)]
    interactions = [
        {
            "customer_id": row["customer_id"],
            "occurred_at": row["occurred_at"] + timedelta(hours=5),
            "type": "return",
            "direction": "inbound",
        }
        for row in transactions[::9]
        if row["occurred_at"] < AS_OF - timedelta(days=1)
    ]
    joined = {f"c{n:03}": STARTS_AT - timedelta(days=n) for n in range(0, 100, 2)}
    customers = [{"customer_id": c, "joined_at": at} for c, at in joined.items()]
    with log_from_rows(
        transactions=transactions,
        interactions=interactions,
        customers=customers,
        now=AS_OF,
    ) as log:
        fitted = fit_customer_model(
            log,
            as_of=AS_OF,
            horizon_days=HORIZON_DAYS,
            recipe=Recipe(0, {"n_estimators": 8}),
            progress=lambda step: None,
        )
        save_bundle(folder, fitted.model, reference=fitted.features, card={}, facts={})
        run = score_log(load_bundle(folder, version="1"), log, as_of=AS_OF)
    return Trained(folder, run, events_of(transactions, interactions, joined))


def purchases(number: int) -> Iterator[Row]:
    """Yield a customer's purchases, and a refund now and then."""
    chance = random.Random(number)
    day, gap = chance.uniform(0, 400), chance.choice([10, 20, 40, 80])
    while day < DAYS:
        amount = round(chance.lognormvariate(3, 0.5), 2)
        yield {
            "customer_id": f"c{number:03}",
            "occurred_at": STARTS_AT + timedelta(days=day),
            "amount": amount if chance.random() > 0.05 else -amount,
            "currency": "GBP",
        }
        if chance.random() < 0.05:
            return
        day += chance.expovariate(1 / gap)


def events_of(
    transactions: list[Row],
    interactions: list[Row],
    joined: Mapping[str, datetime],
) -> dict[str, CustomerEvents]:
    """Return each customer's own rows."""

    def own(rows: list[Row], customer_id: str) -> tuple[Row, ...]:
        return tuple(
            {name: value for name, value in row.items() if name != "customer_id"}
            for row in rows
            if row["customer_id"] == customer_id
        )

    ids = {row["customer_id"] for row in transactions}
    return {
        name: CustomerEvents(
            name,
            own(transactions, name),
            own(interactions, name),
            joined.get(name),
        )
        for name in sorted(ids)
    }
