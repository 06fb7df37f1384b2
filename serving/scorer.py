"""Score customers with a bundle: a whole log, or events that somebody sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.copies import copy_log
from features.engine import build_features
from features.errors import DataError
from features.fingerprint import fingerprint
from features.frame import to_frame
from features.tables import Log, log_from_rows
from models.bundle import Bundle
from models.facts import build_facts, describe_facts, kept_facts
from models.scores import SCORE_SCHEMA, RunContext
from models.scoring import open_run, score_customers, without_rank
from serving.crowd import score_crowd


@dataclass(frozen=True, slots=True)
class CustomerEvents:
    """What one customer did, as it is sent to be scored.

    Parameters
    ----------
    customer_id : str
    transactions, interactions : tuple of mapping
        Column to value, as the tables at the door name them.
    joined_at : datetime or None
        When the customer signed up, where the log says so of its customers.
    """

    customer_id: str
    transactions: tuple[Mapping[str, Any], ...]
    interactions: tuple[Mapping[str, Any], ...] = ()
    joined_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """The scores of a run, and what it knew of all its customers.

    Parameters
    ----------
    table : pyarrow.Table
        One row a customer, in ``SCORE_SCHEMA``.
    context : RunContext
    facts : pyarrow.Table
        One row a customer in the same order: all that rules may name.
    """

    table: pa.Table
    context: RunContext
    facts: pa.Table


def score_log(bundle: Bundle, log: Log, *, as_of: datetime) -> ScoredRun:
    """Score every customer with a purchase before ``as_of``.

    Parameters
    ----------
    bundle : Bundle
    log : Log
    as_of : datetime
        UTC.

    Returns
    -------
    ScoredRun

    Raises
    ------
    DataError
        If nobody bought before ``as_of``.
    """
    table = build_features(log, bundle.model.plan, as_of=[as_of])
    if not table.num_rows:
        raise DataError(
            f"Nobody has bought anything before {as_of:%Y-%m-%d}.",
            needed="At least one purchase.",
            todo="Choose a later --as-of.",
        )
    features = to_frame(table).droplevel("as_of")
    context = open_run(
        features, as_of=as_of, currency=log.currency, not_products=log.not_products
    )
    scores = score_crowd(bundle, features, context=context)
    facts = build_facts(scores, features, log, as_of=as_of)
    context = replace(
        context,
        fingerprint=fingerprint(log, as_of=as_of),
        facts=describe_facts(kept_facts(facts, bundle.model.plan.names)),
    )
    return ScoredRun(scores, context, facts)


def score_events(
    bundle: Bundle, customers: Sequence[CustomerEvents], *, context: RunContext
) -> pa.Table:
    """Score customers from their own events, as of the run's instant.

    Parameters
    ----------
    bundle : Bundle
        That scored the run.
    customers : sequence of CustomerEvents
    context : RunContext
        Of the run: the same events give the same row.

    Returns
    -------
    Table of shape (n_scored, 22)
        In ``SCORE_SCHEMA``, ``priority`` unknown. A customer without a purchase before
        the run's instant has no row.
    """

    def rows(kind: str) -> list[dict[str, Any]]:
        return [
            {**row, "customer_id": customer.customer_id}
            for customer in customers
            for row in getattr(customer, kind)
        ]

    with log_from_rows(
        transactions=rows("transactions"),
        interactions=rows("interactions"),
        customers=[
            {"customer_id": customer.customer_id, "joined_at": customer.joined_at}
            for customer in customers
            if customer.joined_at is not None
        ],
        now=datetime.now(UTC),
        not_products=context.not_products,
    ) as log:
        return _score_apart(bundle, log, context=context)


def score_again(
    bundle: Bundle, log: Log, customer_id: str, *, context: RunContext
) -> pa.Table:
    """Score one customer of a log, as a run that is past did.

    Parameters
    ----------
    bundle : Bundle
        That scored the run.
    log : Log
    customer_id : str
    context : RunContext
        Of the run: what came or was known later is not seen.

    Returns
    -------
    Table of shape (0 or 1, 22)
        In ``SCORE_SCHEMA``, ``priority`` unknown. No row without a purchase before the
        run's instant.
    """
    with copy_log(log, customer_id=customer_id, threads=1) as own:
        return _score_apart(bundle, own, context=context)


def _score_apart(bundle: Bundle, log: Log, *, context: RunContext) -> pa.Table:
    """Score customers who are not a whole run."""
    table = build_features(log, bundle.model.plan, as_of=[context.as_of])
    features = to_frame(table).droplevel("as_of")
    if features.empty:
        return SCORE_SCHEMA.empty_table()
    scores = score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )
    return without_rank(scores)
