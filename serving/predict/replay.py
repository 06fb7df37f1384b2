"""Make a past score again from its run, its version and the log, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from features.door.log import AnyLog
from serving.errors import UnknownCustomerError, UnknownRunError
from serving.predict.bundle_scorers import BundleSource
from serving.predict.events import score_again
from serving.runs.published import Run, kept_run, published_run
from serving.runs.standing import Memory, remember
from serving.store.engine import Store
from serving.store.rows import COLUMNS, score_rows
from serving.store.tables import scores


@dataclass(frozen=True, slots=True)
class PastScore:
    """A score as it was published.

    Parameters
    ----------
    run : Run
    customer_id : str
    body : str
        The score as JSON, as it was served.
    """

    run: Run
    customer_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A past score beside the one that is made again.

    Parameters
    ----------
    past : PastScore
    body : str or None
        The score made again; None where the log now has no purchase to score from.
    differs : tuple of str
        The columns that are not the same, to the last bit.
    same_rows : bool or None
        Whether the log still holds the rows that the run saw; None where the run does
        not say which.
    why : tuple of str
        What may have made the difference, the likeliest first.
    """

    past: PastScore
    body: str | None
    differs: tuple[str, ...]
    same_rows: bool | None
    why: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Tell whether both are the same bytes."""
        return self.body == self.past.body

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "equal": self.equal,
            "customer_id": self.past.customer_id,
            "run_id": self.past.run.run_id,
            "as_of": self.past.run.as_of.isoformat(),
            "model_version": self.past.run.model_version,
            "same_rows": self.same_rows,
            "differs": list(self.differs),
            "why": list(self.why),
            "published": json.loads(self.past.body),
            "replayed": None if self.body is None else json.loads(self.body),
        }


def past_score(store: Store, customer_id: str, *, run_id: str | None) -> PastScore:
    """Return a customer's score in a run that is still kept.

    Parameters
    ----------
    store : Store
    customer_id : str
    run_id : str or None
        None for the published run.

    Raises
    ------
    UnknownRunError
        If there is no such run, or no longer.
    UnknownCustomerError
        If the run does not hold the customer.
    UnpublishedError
        If there is no run at all.
    """
    with store.read() as con:
        run = published_run(con) if run_id is None else kept_run(con, run_id)
        if run is None:
            raise UnknownRunError(
                f"The store keeps no run {run_id}.",
                needed="A run that `regulars score` named, not older than the last 30.",
            )
        query = sa.select(scores.c.body).where(
            scores.c.run == run.number, scores.c.customer_id == customer_id
        )
        body = None if "\0" in customer_id else con.execute(query).scalar_one_or_none()
    if body is None:
        raise UnknownCustomerError(
            f"Run {run.run_id} holds no customer {customer_id!r}.",
            needed="A customer with a purchase before its as_of.",
        )
    return PastScore(run, customer_id, body)


def replay(store: Store, source: BundleSource, log: AnyLog, past: PastScore) -> Replay:
    """Score a customer again as of a past run, with its version and its context.

    Parameters
    ----------
    store : Store
        For the rank among the other customers of the run.
    source : BundleSource
    log : Log
        As it is now; rows that the run could not see are not seen.
    past : PastScore

    Returns
    -------
    Replay

    Raises
    ------
    BundleError
        If the bundle of the run's version is refused or gone.
    """
    run = past.run
    context = run.restore_context()
    bundle = source.get(run.model_version)
    with store.read() as con:
        memory = remember(con, run, [past.customer_id])
    scored = score_again(
        bundle,
        log,
        past.customer_id,
        context=context,
        memory=memory,
    )
    body = None
    if scored.num_rows:
        ((row,),) = score_rows(_ranked(store, past, scored))
        body = row[COLUMNS.index("body")].decode()
    then, now = context.fingerprint, bundle.model.fingerprint(log, as_of=context.as_of)
    same_rows = None if then is None else then == now
    equal = body == past.body
    return Replay(
        past=past,
        body=body,
        differs=_differs(past.body, body),
        same_rows=same_rows,
        why=() if equal else (*_lost(memory), *_why(run, log, same_rows=same_rows)),
    )


def _ranked(store: Store, past: PastScore, scored: pa.Table) -> pa.Table:
    """Give the score its rank among the others of its run."""
    value = scored["value_at_risk"][0].as_py()
    if value is None:
        return scored
    with store.read() as con:
        order = store.columns.order(
            con, run=past.run.number, revision=past.run.revision, by="value_at_risk"
        )
    stored = json.loads(past.body)["value_at_risk"]
    rank = 1 + order.n_above(value) + order.n_equal_before(value, past.customer_id)
    rank -= stored is not None and stored > value  # not among the others
    place = scored.schema.get_field_index("priority")
    field = scored.schema.field(place)
    return scored.set_column(place, field, pa.array([rank], field.type))


def _differs(before: str, after: str | None) -> tuple[str, ...]:
    """Return the columns whose JSON is not the same."""
    old = json.loads(before)
    new = {} if after is None else json.loads(after)
    return tuple(
        name for name in old if json.dumps(old[name]) != json.dumps(new.get(name))
    )


def _lost(memory: Memory) -> Iterator[str]:
    if memory.is_lost:
        yield "The tier hangs on the run before this one, which is no longer kept."


def _why(run: Run, log: AnyLog, *, same_rows: bool | None) -> Iterator[str]:
    """Yield what is not as it was when the run was scored, the likeliest first."""
    context = run.restore_context()
    if same_rows is False:
        yield (
            f"The rows of the log before {run.as_of:%Y-%m-%d %H:%M} are not the ones "
            "that the run saw: some came without known_at, were changed, or are gone."
        )
    if same_rows is None:
        yield "The run keeps no fingerprint of the log: its rows may have changed."
    if context.not_products != log.not_products:
        yield "data.not_products is not what it was."
    if context.currency != log.currency:
        yield f"The log is in {log.currency}, the run was in {context.currency}."
    for name, made_with in run.model.get("made", {}).get("libraries", {}).items():
        if (installed := _installed(name)) != made_with:
            yield f"{name} is {installed}; the version was made with {made_with}."
    if same_rows is not False:
        commit = run.model.get("made", {}).get("git_commit")
        yield f"The program may be another one; the version is of commit {commit}."


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
