"""Scores asked for now: published ones by id, fresh ones from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from features.errors import RegularsError
from serving.errors import UnknownCustomerError, UnscorableError
from serving.queries.bundles import BundleKeeper, InService
from serving.queries.runs import Run, published_run
from serving.store.engine import Store
from serving.store.tables import scores

if TYPE_CHECKING:
    import pyarrow as pa

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer to score.

    Parameters
    ----------
    transactions : tuple of mapping
        The customer's own; without any, the published score is asked for.
    """

    customer_id: str
    transactions: tuple[Event, ...] = ()
    interactions: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was found, in the order of what was asked.

    Parameters
    ----------
    run : Run
        The published run.
    found : list of str or RegularsError
        A score as JSON, or why there is none.
    """

    run: Run
    found: list[str | RegularsError]


def predict(keeper: BundleKeeper, asked: Sequence[Asked]) -> Prediction:
    """Answer for each customer: published scores by id, fresh ones from events.

    Fresh scores are as of the run of the bundle in service.

    Raises
    ------
    UnpublishedError
        If no run is published.
    BundleError
        If events are to be scored and no bundle is sound.
    """
    fresh = [one for one in asked if one.transactions]
    known = [one.customer_id for one in asked if not one.transactions]
    run, bodies = _look_up(keeper.store, known)
    if fresh:
        bodies |= _score(keeper, fresh)
    return Prediction(run, [_answer(one, bodies) for one in asked])


def _answer(one: Asked, bodies: Mapping[str, str]) -> str | RegularsError:
    body = bodies.get(one.customer_id)
    if body is not None:
        return body
    if one.transactions:
        return UnscorableError("No purchase is known before as_of.")
    return UnknownCustomerError("The customer is unknown.")


def _look_up(store: Store, customer_ids: Sequence[str]) -> tuple[Run, dict[str, str]]:
    """Return the published run and the scores that it holds of these customers."""
    with store.read() as con:
        run = published_run(con)
        query = sa.select(scores.c.customer_id, scores.c.body).where(
            scores.c.run == run.number, scores.c.customer_id.in_(customer_ids)
        )
        rows = con.execute(query).all() if customer_ids else []
    return run, {row.customer_id: row.body for row in rows}


def _score(keeper: BundleKeeper, asked: Sequence[Asked]) -> dict[str, str]:
    """Return fresh scores by customer; who cannot be scored is left out."""
    from serving.scorer import CustomerEvents, score_events
    from serving.store.bodies import score_bodies

    serving = keeper.in_service()
    events = [
        CustomerEvents(one.customer_id, one.transactions, one.interactions)
        for one in asked
    ]
    scored = score_events(serving.bundle, events, context=serving.run.restore_context())
    scored = _with_priority(keeper, serving, scored)
    ids = scored["customer_id"].to_pylist()
    return dict(zip(ids, score_bodies(scored), strict=True))


def _with_priority(
    keeper: BundleKeeper, serving: InService, scored: pa.Table
) -> pa.Table:
    """Rank each fresh score among the published ones."""
    import pyarrow as pa

    ranks = [
        None if value is None else keeper.rank(serving.run, value)
        for value in scored["value_at_risk"].to_pylist()
    ]
    place = scored.schema.get_field_index("priority")
    return scored.set_column(
        place, scored.schema.field(place), pa.array(ranks, pa.int64())
    )
