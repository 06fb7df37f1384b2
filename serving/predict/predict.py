"""Scores asked for now: published ones by id, fresh ones from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from features.errors import DataError, RegularsError, TableError
from serving.errors import UnknownCustomerError, UnscorableError
from serving.predict.bundles import BundleKeeper, Found, InService
from serving.runs.current import Run, kept_run, published_run
from serving.runs.standing import remember
from serving.store.engine import Store
from serving.store.tables import scores

if TYPE_CHECKING:
    import pyarrow as pa

    from serving.predict.customer_rows import CustomerEvents

Event = Mapping[str, Any]
Told = dict[str, tuple[Run, str | RegularsError]]
"""By customer: the run that the answer is of, and a score as JSON or why none."""

UNKNOWN = UnknownCustomerError("The customer is unknown.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer to score.

    Parameters
    ----------
    transactions, subscriptions : tuple of mapping
    attributes : mapping or None
        The customer's own; without any of the three, the published score is asked for.
    """

    customer_id: str
    transactions: tuple[Event, ...] = ()
    interactions: tuple[Event, ...] = ()
    joined_at: datetime | None = None
    attributes: Mapping[str, Any] | None = None
    subscriptions: tuple[Event, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Tell whether a score is to be made of what is given."""
        return bool(self.transactions or self.subscriptions) or (
            self.attributes is not None
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was found, in the order of what was asked.

    Parameters
    ----------
    run : Run
        That all answers are of.
    found : list of str or RegularsError
        A score as JSON, or why there is none.
    """

    run: Run
    found: list[str | RegularsError]


def predict(keeper: BundleKeeper, asked: Sequence[Asked]) -> Prediction:
    """Answer for each customer: published scores by id, fresh ones from events.

    Where events are to be scored, all answers are of the run of the bundle in
    service, so that a request sees one run and one version even while another is
    published. What is wrong with one customer's events spoils no other's answer.

    Raises
    ------
    UnpublishedError
        If no run is published.
    BundleError
        If events are to be scored and no bundle is sound.
    """
    if any(one.is_fresh for one in asked):
        return collect(asked, foretell(keeper, asked).result())
    run, found = _look_up(keeper.store, [one.customer_id for one in asked], None)
    return Prediction(run, [found.get(one.customer_id) or UNKNOWN for one in asked])


def foretell(keeper: BundleKeeper, asked: Sequence[Asked]) -> Future[Told]:
    """Answer ``predict`` in a turn that is shared with others who ask now.

    The run and its bundle are looked up once a turn, after all of it were asked for.
    """
    return keeper.gatherer.ask(partial(_take_turn, keeper), asked)


def collect(asked: Sequence[Asked], told: Told) -> Prediction:
    """Return what was told, in the order of what was asked."""
    found = [told[one.customer_id] for one in asked]
    return Prediction(found[0][0], [answer for _, answer in found])


def _take_turn(keeper: BundleKeeper, asked: Sequence[Asked]) -> Told:
    """Answer for the customers of one turn; all of one run."""
    serving = keeper.in_service()
    known = [one.customer_id for one in asked if not one.is_fresh]
    run, found = _look_up(keeper.store, known, serving)
    found |= _score(keeper, serving, [one for one in asked if one.is_fresh])
    ids = [one.customer_id for one in asked]
    return {name: (run, found.get(name) or UNKNOWN) for name in ids}


def _look_up(
    store: Store, customer_ids: Sequence[str], serving: InService | None
) -> tuple[Run, Found]:
    """Return a run and the scores that it holds of these customers.

    It is the run in service as long as its rows are kept, else the published one.
    """
    with store.read() as con:
        held = serving and kept_run(con, serving.run.run_id)
        run = held or published_run(con)
        query = sa.select(scores.c.customer_id, scores.c.body).where(
            scores.c.run == run.number, scores.c.customer_id.in_(customer_ids)
        )
        rows = con.execute(query).all() if customer_ids else []
    return run, {row.customer_id: row.body for row in rows}


def _score(keeper: BundleKeeper, serving: InService, asked: Sequence[Asked]) -> Found:
    """Return a fresh score for each customer, or why there is none."""
    currency = serving.run.context.get("currency")
    found: Found = {}
    alike = []
    for one in asked:
        if lacking := _lacks(serving, one):
            found[one.customer_id] = lacking
        elif _is_in(one, currency):
            alike.append(one)
        else:
            found[one.customer_id] = UnscorableError(
                "Amounts are in another currency.",
                needed=f"Amounts in {currency}, as in the log.",
            )
    return found | _score_sound(keeper, serving, alike) if alike else found


def _lacks(serving: InService, one: Asked) -> UnscorableError | None:
    """Say what is missing that the model in service scores from."""
    needed = serving.bundle.kind.scored_from
    given = {
        "transactions": bool(one.transactions),
        "attributes": one.attributes is not None,
        "subscriptions": bool(one.subscriptions),
    }
    if given[needed]:
        return None
    return UnscorableError(
        f"The model in service scores from {needed}, and none are given.",
        needed=f"The customer's own {needed}, or the id alone.",
    )


def _is_in(one: Asked, currency: str | None) -> bool:
    """Tell whether a customer's amounts are in the currency of the run."""
    rows = (*one.transactions, *one.subscriptions)
    given = {row["currency"] for row in rows if row.get("currency")}
    return currency is None or given <= {currency}


def _score_sound(
    keeper: BundleKeeper, serving: InService, asked: Sequence[Asked]
) -> Found:
    """Score customers together, all but those whose own rows are at fault."""
    from serving.predict.customer_rows import find_faults

    try:
        return _score_together(keeper, serving, asked)
    except (DataError, TableError) as exc:
        if len(asked) == 1:
            return {asked[0].customer_id: _unscorable(exc)}
    context = serving.run.restore_context()
    faults = find_faults(serving.bundle, _events(asked), context=context)
    sound = [_without_currency(one) for one in asked if one.customer_id not in faults]
    scores = _score_together(keeper, serving, sound) if sound else {}
    return scores | {name: _unscorable(fault) for name, fault in faults.items()}


def _without_currency(one: Asked) -> Asked:
    """Leave out the one currency of a customer; others may have another."""
    return replace(
        one,
        transactions=_without(one.transactions, "currency"),
        subscriptions=_without(one.subscriptions, "currency"),
    )


def _without(events: tuple[Event, ...], name: str) -> tuple[Event, ...]:
    return tuple({k: v for k, v in event.items() if k != name} for event in events)


def _unscorable(error: RegularsError) -> UnscorableError:
    return UnscorableError(error.problem, needed=error.needed, todo=error.todo)


def _events(asked: Sequence[Asked]) -> list[CustomerEvents]:
    from serving.predict.customer_rows import CustomerEvents

    return [
        CustomerEvents(
            one.customer_id,
            one.transactions,
            one.interactions,
            one.joined_at,
            attributes=one.attributes or {},
            subscriptions=one.subscriptions,
        )
        for one in asked
    ]


def _score_together(
    keeper: BundleKeeper, serving: InService, asked: Sequence[Asked]
) -> Found:
    """Return scores by customer, and which have no purchase in sight."""
    from serving.predict.events import Past, score_events
    from serving.store.json.rows import score_bodies

    ids = [one.customer_id for one in asked]
    with keeper.store.read() as con:
        memory = remember(con, serving.run, ids)
    told = tuple(each.to_dict() for each in memory.manual)
    scored = score_events(
        serving.bundle,
        _events(asked),
        context=replace(serving.run.restore_context(), overrides=told),
        past=Past(memory.before, is_lost=memory.is_lost),
    )
    scored = _with_priority(keeper, serving, scored)
    ids = scored["customer_id"].to_pylist()
    kind = serving.bundle.kind
    why = UnscorableError(kind.unseen, needed=kind.needed)
    unseen: Found = dict.fromkeys((one.customer_id for one in asked), why)
    return unseen | dict(zip(ids, score_bodies(scored), strict=True))


def _with_priority(
    keeper: BundleKeeper, serving: InService, scored: pa.Table
) -> pa.Table:
    """Rank each fresh score among the published ones."""
    import pyarrow as pa

    values = scored["value_at_risk"].to_pylist()
    named = zip(scored["customer_id"].to_pylist(), values, strict=True)
    known = [(name, value) for name, value in named if value is not None]
    found = iter(keeper.ranks(serving.run, known))
    ranks = [None if value is None else next(found) for value in values]
    place = scored.schema.get_field_index("priority")
    return scored.set_column(
        place, scored.schema.field(place), pa.array(ranks, pa.int64())
    )
