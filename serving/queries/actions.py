"""What to do for a customer, as the published run chose it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.actions import Action, tell_action
from serving.errors import UnknownCustomerError
from serving.runs.published import Run, published_run
from serving.store.engine import Store
from serving.store.facts_table import read_facts
from serving.store.tables import SCORES_AND_FACTS, facts, scores

CHOSEN = ("action_1", "action_2", "action_3")


@dataclass(frozen=True, slots=True)
class CustomerActions:
    """Up to three actions, the best first, and the run that chose them."""

    run_id: str
    as_of: datetime
    model_version: str
    customer_id: str
    currency: str | None
    actions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RunActions:
    """The catalogue of a run.

    Parameters
    ----------
    actions : list of dict
        Each with its terms and how many customers have it.
    left_out : dict of str to str
        Shipped actions whose rule the log's columns cannot answer, and why.
    """

    run_id: str
    as_of: datetime
    model_version: str
    currency: str | None
    actions: list[dict[str, Any]]
    left_out: dict[str, str]


def customer_actions(store: Store, customer_id: str) -> CustomerActions:
    """Return what to do for a customer, with the reasons.

    Raises
    ------
    UnknownCustomerError
        If the run does not hold the customer.
    UnpublishedError
        If there is no run.
    """
    if "\0" in customer_id:
        raise UnknownCustomerError("The customer is unknown.")
    with store.read() as con:
        run = published_run(con)
        own = _read_facts(con, run, customer_id)
    catalogue = run.context.get("actions", {}).get("actions", {})
    chosen = [catalogue[own[name]] for name in CHOSEN if own.get(name) in catalogue]
    return CustomerActions(
        run_id=run.run_id,
        as_of=run.as_of,
        model_version=run.model_version,
        customer_id=customer_id,
        currency=run.context.get("currency"),
        actions=[
            tell_action(Action.from_dict(terms), own, n_facts=tuple(terms["facts"]))
            for terms in chosen
        ],
    )


def run_actions(store: Store) -> RunActions:
    """Return the catalogue that the published run chose from.

    Raises
    ------
    UnpublishedError
        If there is no run.
    """
    with store.read() as con:
        run = published_run(con)
    catalogue = run.context.get("actions", {})
    return RunActions(
        run_id=run.run_id,
        as_of=run.as_of,
        model_version=run.model_version,
        currency=run.context.get("currency"),
        actions=list(catalogue.get("actions", {}).values()),
        left_out=dict(catalogue.get("left_out", {})),
    )


def chosen_titles(
    con: Connection, run: Run, customers: Sequence[str], *, language: str
) -> dict[str, dict[str, str]]:
    """Return what to do for some customers of a run, in words.

    Returns
    -------
    dict of str to dict
        Customer to ``action_1`` to ``action_3``, as far as there are any.
    """
    described = run.context.get("facts", {})
    if not customers or CHOSEN[0] not in described:
        return {}
    choices = read_facts(
        con, run=run.number, described=described, names=CHOSEN, customers=customers
    )
    titles = {
        name: (terms["title_zh"] if language == "zh" else "") or terms["title"]
        for name, terms in run.context["actions"]["actions"].items()
    }
    return {
        row["customer_id"]: {
            name: titles[row[name]] for name in CHOSEN if row[name] in titles
        }
        for row in choices.to_pylist()
    }


def _read_facts(con: Connection, run: Run, customer_id: str) -> dict[str, Any]:
    """Return a customer's score and facts by name."""
    query = (
        sa.select(scores.c.body, sa.cast(facts.c.facts, sa.Text).label("facts"))
        .select_from(SCORES_AND_FACTS)
        .where(scores.c.run == run.number, scores.c.customer_id == customer_id)
    )
    row = con.execute(query).one_or_none()
    if row is None:
        raise UnknownCustomerError("The customer is unknown.")
    beside = json.loads(row.facts) if row.facts else []
    names = list(run.context.get("facts", {}))[: len(beside)]
    return {**json.loads(row.body), **dict(zip(names, beside, strict=True))}
