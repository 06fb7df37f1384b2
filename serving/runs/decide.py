"""Decisions by hand: kept, and at once seen in the published run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from features.errors import ConfigError
from models.lists.reading import ReadList, read_list
from models.score.fact_types import SCORE_TYPES
from models.tiers import ManualOverride, regrade
from serving.errors import UnknownCustomerError, UnknownSchemeError
from serving.runs.published import Run, published_run
from serving.runs.standing import Memory, remember
from serving.store.decisions import (
    Revised,
    add_override,
    bump,
    forget_builds,
    read_overrides,
    revise,
)
from serving.store.engine import Store
from serving.store.facts_table import read_facts, stored_columns
from serving.store.json.by_row import read_body
from serving.store.lists import read_lists
from serving.store.rows import COLUMNS, score_rows
from serving.store.tables import SCORES_AND_FACTS, facts, published, scores


def override(store: Store, decided: ManualOverride) -> Run:
    """Remember a class that somebody set by hand, and put the customer into it.

    The customer's score, facts and history in the published run say so at once, and
    lists that name a tier are made anew when they are next asked for.

    Returns
    -------
    Run
        The published one.

    Raises
    ------
    UnknownCustomerError
        If the published run does not hold the customer.
    UnknownSchemeError
        If it has no such scheme.
    ConfigError
        If the scheme has no such class.
    """
    with store.write() as con:
        run = _locked_run(con)
        _check(con, run, decided)
        add_override(con, decided)
        _rewrite(con, run, [decided.customer_id])
    return run


def settle(store: Store) -> int:
    """Put into the published run what was decided while it was scored.

    Returns
    -------
    int
        Customers whose rows were written anew.
    """
    with store.write() as con:
        run = _locked_run(con)
        in_run = {_key(terms) for terms in run.context.get("overrides", ())}
        valid = {_key(one.to_dict()) for one in read_overrides(con, at=run.as_of)}
        late = sorted({customer for customer, *_ in in_run ^ valid})
        query = sa.select(scores.c.customer_id).where(
            scores.c.run == run.number, scores.c.customer_id.in_(late)
        )
        customers = list(con.scalars(query)) if late else []
        if customers:
            _rewrite(con, run, customers)
    return len(customers)


def _key(terms: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(terms[name] for name in ("customer_id", "scheme", "tier", "until"))


def _locked_run(con: Connection) -> Run:
    """Return the published run; nobody publishes another meanwhile."""
    con.execute(sa.select(published.c.run).with_for_update())
    return published_run(con)


def _check(con: Connection, run: Run, decided: ManualOverride) -> None:
    query = sa.select(scores.c.run).where(
        scores.c.run == run.number, scores.c.customer_id == decided.customer_id
    )
    if "\0" in decided.customer_id or con.execute(query).one_or_none() is None:
        raise UnknownCustomerError("The customer is unknown.")
    schemes = run.context.get("schemes", {})
    if decided.scheme not in schemes:
        raise UnknownSchemeError(f"There is no tier scheme {decided.scheme!r}.")
    classes = schemes[decided.scheme]["classes"]
    if decided.tier not in classes:
        raise ConfigError(
            f"{decided.scheme} has no class {decided.tier!r}.",
            needed=f"One of {', '.join(classes)}.",
        )


def _rewrite(con: Connection, run: Run, customers: Sequence[str]) -> None:
    """Grade customers again with what was decided, and write what has changed."""
    context = run.context
    changed: set[str] = set()
    overrides = context.get("overrides", ())
    others = [terms for terms in overrides if terms["customer_id"] not in customers]
    for customer_id in customers:
        memory = remember(con, run, [customer_id], every=True)
        others += [decision.to_dict() for decision in memory.manual]
        new = _regraded(con, run, customer_id, memory)
        changed |= {"tier", *new.facts}
        revise(con, run.number, new, described=context.get("facts", {}))
    bump(con, run.number, {**context, "overrides": others})
    forget_builds(con, run.number, _lists_that_name(con, run, changed))


def _regraded(con: Connection, run: Run, customer_id: str, memory: Memory) -> Revised:
    """Return what a decision makes of one customer."""
    described = run.context.get("facts", {})
    query = (
        sa.select(scores.c.body, facts.c.moves)
        .select_from(SCORES_AND_FACTS)
        .where(scores.c.run == run.number, scores.c.customer_id == customer_id)
    )
    body, moves = con.execute(query).one()
    regraded = regrade(
        read_facts(
            con,
            run=run.number,
            described=described,
            names=[*SCORE_TYPES, *described],
            customers=[customer_id],
        ),
        read_body(body),
        moves=moves,
        context=run.restore_context(),
        before=memory.before,
        manual=memory.manual,
    )
    ((row,),) = score_rows(regraded.scores)
    tier, written = (row[COLUMNS.index(name)] for name in ("tier", "body"))
    return Revised(customer_id, tier, written.decode(), regraded.facts, regraded.moves)


def _lists_that_name(con: Connection, run: Run, changed: set[str]) -> set[str]:
    """Return the lists that look at what has changed; a snapshot stays as taken."""
    columns = stored_columns(run.context.get("facts", {}))
    names = set()
    for name, stored in read_lists(con).items():
        read = read_list(stored.definition, columns)
        if stored.picks is not None or not isinstance(read, ReadList):
            continue
        if read.columns() & changed:
            names.add(name)
    return names
