"""Scores asked for now: published ones by id, fresh ones from events."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import pyarrow as pa
import sqlalchemy as sa

from features.errors import DataError, RegularsError, TableError
from serving.errors import UnknownCustomerError, UnscorableError
from serving.predict.customer_events import CustomerEvents, Event
from serving.predict.keeper import InService, ModelKeeper
from serving.runs.published import Run, kept_run, published_run
from serving.runs.standing import remember
from serving.store.engine import Store
from serving.store.json.by_row import score_bodies
from serving.store.tables import scores

Answer: TypeAlias = str | RegularsError
"""A score as JSON, or why there is none."""

Answers: TypeAlias = dict[str, Answer]
AnswersOfRun: TypeAlias = dict[str, tuple[Run, Answer]]
"""By customer; the latter with the run that the answer is of."""

UNKNOWN = UnknownCustomerError("The customer is unknown.")


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answers to a request, in its order.

    Parameters
    ----------
    run : Run
        That all answers are of.
    answers : list of str or RegularsError
        A score as JSON, or why there is none.
    """

    run: Run
    answers: list[Answer]


def predict(keeper: ModelKeeper, customers: Sequence[CustomerEvents]) -> Prediction:
    """Answer for each customer: published scores by id, fresh ones from events.

    Where events are to be scored, all answers are of the run of the model in service,
    so that a request sees one run and one version even while another is published.
    What is wrong with one customer's events spoils no other's answer.

    Raises
    ------
    UnpublishedError
        If no run is published.
    BundleError
        If events are to be scored and no bundle is sound.
    """
    if any(customer.is_fresh for customer in customers):
        return collect(customers, submit(keeper, customers).result())
    ids = [customer.customer_id for customer in customers]
    run, bodies = _look_up(keeper.store, ids, None)
    return Prediction(run, [bodies.get(name) or UNKNOWN for name in ids])


def submit(
    keeper: ModelKeeper, customers: Sequence[CustomerEvents]
) -> Future[AnswersOfRun]:
    """Answer as ``predict`` does, in a micro-batch with others who ask now.

    The run and its model are looked up once a batch, after all of it were asked for.
    """
    return keeper.batcher.submit(partial(_answer_batch, keeper), customers)


def collect(customers: Sequence[CustomerEvents], answers: AnswersOfRun) -> Prediction:
    """Return the answers for customers, in their order."""
    own = [answers[customer.customer_id] for customer in customers]
    return Prediction(own[0][0], [answer for _, answer in own])


def _answer_batch(
    keeper: ModelKeeper, customers: Sequence[CustomerEvents]
) -> AnswersOfRun:
    """Answer for the customers of one micro-batch; all of one run."""
    serving = keeper.in_service()
    by_id = [customer.customer_id for customer in customers if not customer.is_fresh]
    run, answers = _look_up(keeper.store, by_id, serving)
    answers |= _score(keeper, serving, [one for one in customers if one.is_fresh])
    ids = [customer.customer_id for customer in customers]
    return {name: (run, answers.get(name) or UNKNOWN) for name in ids}


def _look_up(
    store: Store, customer_ids: Sequence[str], serving: InService | None
) -> tuple[Run, Answers]:
    """Return a run and the scores that it holds of these customers.

    It is the run in service as long as its rows are kept, else the published one.
    """
    with store.read() as con:
        in_service = serving and kept_run(con, serving.run.run_id)
        run = in_service or published_run(con)
        query = sa.select(scores.c.customer_id, scores.c.body).where(
            scores.c.run == run.number, scores.c.customer_id.in_(customer_ids)
        )
        rows = con.execute(query).all() if customer_ids else []
    return run, {row.customer_id: row.body for row in rows}


def _score(
    keeper: ModelKeeper, serving: InService, customers: Sequence[CustomerEvents]
) -> Answers:
    """Return a fresh score for each customer, or why there is none."""
    currency = serving.run.context.get("currency")
    answers: Answers = {}
    scorable = []
    for customer in customers:
        if fault := _find_unscorable(serving, customer, currency):
            answers[customer.customer_id] = fault
        else:
            scorable.append(customer)
    return answers | (_score_sound(keeper, serving, scorable) if scorable else {})


def _find_unscorable(
    serving: InService, customer: CustomerEvents, currency: str | None
) -> UnscorableError | None:
    """Say what keeps the model in service from scoring a customer."""
    needed = serving.scorer.kind.scored_from
    is_sent = {
        "transactions": bool(customer.transactions),
        "attributes": customer.attributes is not None,
        "subscriptions": bool(customer.subscriptions),
    }
    if not is_sent[needed]:
        return UnscorableError(
            f"The model in service scores from {needed}, and none are given.",
            needed=f"The customer's own {needed}, or the id alone.",
        )
    rows = (*customer.transactions, *customer.subscriptions)
    currencies = {row["currency"] for row in rows if row.get("currency")}
    if currency is None or currencies <= {currency}:
        return None
    return UnscorableError(
        "Amounts are in another currency.",
        needed=f"Amounts in {currency}, as in the log.",
    )


def _score_sound(
    keeper: ModelKeeper, serving: InService, customers: Sequence[CustomerEvents]
) -> Answers:
    """Score customers together, all but those whose own rows are at fault."""
    try:
        return _score_together(keeper, serving, customers)
    except (DataError, TableError) as exc:
        if len(customers) == 1:
            return {customers[0].customer_id: _unscorable(exc)}
    context = serving.run.restore_context()
    faults = serving.scorer.find_faults(customers, context=context)
    sound = [_without_currency(c) for c in customers if c.customer_id not in faults]
    answers = _score_together(keeper, serving, sound) if sound else {}
    return answers | {name: _unscorable(fault) for name, fault in faults.items()}


def _without_currency(customer: CustomerEvents) -> CustomerEvents:
    """Leave out the one currency of a customer; others may have another."""
    return replace(
        customer,
        transactions=_without(customer.transactions, "currency"),
        subscriptions=_without(customer.subscriptions, "currency"),
    )


def _without(events: tuple[Event, ...], name: str) -> tuple[Event, ...]:
    return tuple({k: v for k, v in event.items() if k != name} for event in events)


def _unscorable(error: RegularsError) -> UnscorableError:
    return UnscorableError(error.problem, needed=error.needed, todo=error.todo)


def _score_together(
    keeper: ModelKeeper, serving: InService, customers: Sequence[CustomerEvents]
) -> Answers:
    """Return scores by customer, and which have no purchase in sight."""
    ids = [customer.customer_id for customer in customers]
    with keeper.store.read() as con:
        memory = remember(con, serving.run, ids)
    overrides = tuple(decision.to_dict() for decision in memory.manual)
    scored = serving.scorer.score(
        customers,
        context=replace(serving.run.restore_context(), overrides=overrides),
        memory=memory,
    )
    scored = _with_priority(keeper, serving, scored)
    kind = serving.scorer.kind
    why = UnscorableError(kind.unseen, needed=kind.needed)
    unseen: Answers = dict.fromkeys(ids, why)
    bodies = score_bodies(scored)
    return unseen | dict(zip(scored["customer_id"].to_pylist(), bodies, strict=True))


def _with_priority(
    keeper: ModelKeeper, serving: InService, scored: pa.Table
) -> pa.Table:
    """Rank each fresh score among the published ones."""
    values = scored["value_at_risk"].to_pylist()
    named = zip(scored["customer_id"].to_pylist(), values, strict=True)
    ranked = [(name, value) for name, value in named if value is not None]
    ranks = iter(keeper.ranks(serving.run, ranked))
    priorities = [None if value is None else next(ranks) for value in values]
    place = scored.schema.get_field_index("priority")
    return scored.set_column(
        place, scored.schema.field(place), pa.array(priorities, pa.int64())
    )
