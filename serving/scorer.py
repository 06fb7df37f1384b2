"""Score a whole log with a bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from features.tables import Log
from models.actions import Catalogue, read_catalogue
from models.actions.choose import choose_actions
from models.bundle import Bundle
from models.facts import (
    build_facts,
    describe_facts,
    kept_facts,
    with_tiers,
)
from models.kinds import ServedModel
from models.schemes import (
    TierPlan,
    apply_primary,
    grade,
    named_columns,
    plan_tiers,
)
from models.scores import RunContext
from models.scoring import open_run
from serving.crowd import score_crowd
from serving.store.facts import Beside

if TYPE_CHECKING:
    from features.spark.log import AnyLog


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """The scores of a run, and what it knew of all its customers.

    Parameters
    ----------
    table : pyarrow.Table
        One row a customer, in ``SCORE_SCHEMA``.
    context : RunContext
    facts : pyarrow.Table
        One row a customer in the same order: all that rules may name, and the class by
        each tier scheme as ``tier_NAME``.
    moves : tuple of str or None
        What is remembered of each customer's classes, as JSON.
    """

    table: pa.Table
    context: RunContext
    facts: pa.Table
    moves: tuple[str | None, ...] = ()

    @property
    def beside(self) -> Beside:
        """Return what the store keeps beside the scores."""
        kept = self.facts.select(list(self.context.facts))
        return Beside(self.facts["customer_id"], kept, self.moves)


def score_log(
    bundle: Bundle,
    log: Log,
    *,
    as_of: datetime,
    tiers: TierPlan | None = None,
    actions: Catalogue | None = None,
) -> ScoredRun:
    """Score every customer with a purchase before ``as_of``.

    Parameters
    ----------
    bundle : Bundle
    log : Log
    as_of : datetime
        UTC.
    tiers : TierPlan or None
        None for the schemes that are shipped, without history.
    actions : Catalogue or None
        None for the actions that are shipped.

    Returns
    -------
    ScoredRun

    Raises
    ------
    DataError
        If nobody bought before ``as_of``.
    """
    features = bundle.model.read(log, as_of=as_of)
    context = begin_run(bundle.model, features, log, as_of=as_of)
    scores = score_crowd(bundle, features, context=context)
    return complete_run(
        bundle.model,
        features,
        scores,
        log=log,
        context=context,
        tiers=tiers,
        actions=actions,
    )


def begin_run(
    model: ServedModel, features: pd.DataFrame, log: AnyLog, *, as_of: datetime
) -> RunContext:
    """Learn of all customers what each score hangs on; refuse if there is none."""
    if features.empty:
        raise model.no_customer(as_of)
    return open_run(
        model,
        features,
        as_of=as_of,
        currency=log.currency,
        not_products=log.not_products,
    )


def complete_run(
    model: ServedModel,
    features: pd.DataFrame,
    scores: pa.Table,
    *,
    log: AnyLog,
    context: RunContext,
    tiers: TierPlan | None,
    actions: Catalogue | None,
) -> ScoredRun:
    """Add what hangs on all customers: facts, tiers, actions, the fingerprint."""
    as_of = context.as_of
    own = own_features(model, features)
    facts = build_facts(scores, own, log, as_of=as_of)
    plan = tiers or plan_tiers()
    graded = grade(
        facts, plan.schemes, as_of=as_of, before=plan.before, manual=plan.manual
    )
    context = replace(
        context,
        fingerprint=model.fingerprint(log, as_of=as_of),
        primary=plan.primary,
        schemes=graded.summary,
        overrides=tuple(each.to_dict() for each in plan.manual),
        before=plan.before.run_id if plan.before else None,
    )
    scores = apply_primary(scores, graded, plan.primary_scheme, context=context)
    chosen = choose_actions(
        with_tiers(graded.facts, scores), actions or read_catalogue()
    )
    context = replace(
        context,
        facts=describe_facts(
            kept_facts(
                chosen.facts, tuple(map(str, own)), named=named_columns(plan.schemes)
            )
        ),
        actions=chosen.summary,
    )
    return ScoredRun(scores, context, chosen.facts, tuple(graded.moves))


def own_features(model: ServedModel, features: pd.DataFrame) -> pd.DataFrame:
    """Leave out the columns that are attributes: facts have them from the log."""
    return features[[str(n) for n in features if n not in model.attributes]]
