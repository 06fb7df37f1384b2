"""Score a whole log with a bundle."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.door.log import AnyLog
from features.door.log_files import Log
from features.machine import give_back_memory
from models.actions import Catalogue, read_catalogue
from models.actions.choose import choose_actions
from models.bundle.bundle import Bundle
from models.bundle.scoring import begin_context
from models.kind import ServedModel
from models.score.fact_types import MAIN_FEATURES, SCORE_TYPES, describe_facts
from models.score.facts import build_facts, kept_facts, with_tiers
from models.score.schema import RunContext
from models.tiers import TierPlan, grade, named_columns, plan_tiers
from models.tiers.primary import rewrite_tiers
from serving.runs.parallel import put_chunks, score_chunks
from serving.store.facts import Beside
from serving.store.json.score_rows import ScoreRows

SPEND = "net_spend_365d"


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """The scores of a run, and what it knew of all its customers.

    Parameters
    ----------
    rows : ScoreRows
        One row a customer.
    context : RunContext
    facts : pyarrow.Table
        One row a customer in the same order: the score's own columns that rules may
        name, and what the store keeps beside, the class by each tier scheme as
        ``tier_NAME`` among it.
    moves : tuple of str or None
        What is remembered of each customer's classes, as JSON.
    """

    rows: ScoreRows
    context: RunContext
    facts: pa.Table
    moves: tuple[str | None, ...] = ()

    @property
    def table(self) -> pa.Table:
        """All scores in ``SCORE_SCHEMA``, read into memory."""
        return self.rows.table()

    @property
    def beside(self) -> Beside:
        """Return what the store keeps beside the scores."""
        described = self.facts.select(list(self.context.facts))
        return Beside(self.facts["customer_id"], described, self.moves)


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
    model, plan = bundle.model, tiers or plan_tiers()
    catalogue = actions or read_catalogue()
    with tempfile.TemporaryDirectory(prefix="regulars-") as folder:
        chunks = put_chunks(
            model,
            model.read_blocks(log, as_of=as_of),
            folder=Path(folder),
            is_wanted=mentioned_in(plan, catalogue),
        )
        context = begin_run(model, chunks.quantity, log, as_of=as_of)
        scores = score_chunks(bundle, chunks, context=context)
    return complete_run(
        model,
        RunFeatures(chunks.features, chunks.names, chunks.quantity),
        scores,
        log=log,
        context=context,
        rules=RunRules(plan, catalogue),
    )


def mentioned_in(plan: TierPlan, catalogue: Catalogue) -> Callable[[str], bool]:
    """Return what tells the features that a run's rules may look at, and main ones.

    It is enough that a feature's name occurs, if only as a part of another.
    """
    schemes = [asdict(scheme) for scheme in plan.schemes]
    actions = [action.to_dict() for action in catalogue.actions]
    text = json.dumps([schemes, actions], ensure_ascii=False).lower()

    def is_wanted(feature: str) -> bool:
        return feature in MAIN_FEATURES or feature.lower() in text

    return is_wanted


def begin_run(
    model: ServedModel,
    quantity: npt.NDArray[np.float64],
    log: AnyLog,
    *,
    as_of: datetime,
) -> RunContext:
    """Learn of all customers what each score depends on; refuse if there is none."""
    if not len(quantity):
        raise model.no_customer(as_of)
    return begin_context(
        quantity, as_of=as_of, currency=log.currency, not_products=log.not_products
    )


@dataclass(frozen=True, slots=True)
class RunRules:
    """What a run's rules are.

    Parameters
    ----------
    tiers : TierPlan
    actions : Catalogue
    """

    tiers: TierPlan
    actions: Catalogue


@dataclass(frozen=True, slots=True)
class RunFeatures:
    """What is known of all customers of a run besides their scores.

    Parameters
    ----------
    features : DataFrame of shape (n_customers, n_features)
        All, or only those that rules mention.
    names : sequence of str
        All features, whether they are in ``features`` or not.
    quantity : ndarray of shape (n_customers,) or None
        What tiers go by, where it may be no feature.
    """

    features: pd.DataFrame
    names: Sequence[str]
    quantity: npt.NDArray[np.float64] | None = None


def complete_run(
    model: ServedModel,
    inputs: RunFeatures,
    scores: ScoreRows,
    *,
    log: AnyLog,
    context: RunContext,
    rules: RunRules,
) -> ScoredRun:
    """Add what depends on all customers: facts, tiers, actions, the fingerprint."""
    as_of, tiers = context.as_of, rules.tiers
    own = own_features(model, inputs.features, inputs.quantity)
    all_names = dict.fromkeys([*inputs.names, *map(str, own)])
    names = [name for name in all_names if name not in model.attributes]
    facts = build_facts(scores.figures, own, log, as_of=as_of, named=names)
    give_back_memory()
    graded = grade(
        facts, tiers.schemes, as_of=as_of, before=tiers.before, manual=tiers.manual
    )
    context = replace(
        context,
        fingerprint=model.fingerprint(log, as_of=as_of),
        primary=tiers.primary,
        schemes=graded.summary,
        overrides=tuple(decision.to_dict() for decision in tiers.manual),
        before=tiers.before.run_id if tiers.before else None,
    )
    new = rewrite_tiers(
        scores.figures["tier"], graded, tiers.primary_scheme, context=context
    )
    scores = scores if new is None else scores.with_words(new)
    chosen = choose_actions(with_tiers(graded.facts, scores.figures), rules.actions)
    stored = kept_facts(chosen.facts, tuple(names), named=named_columns(tiers.schemes))
    context = replace(context, facts=describe_facts(stored), actions=chosen.summary)
    columns = [*SCORE_TYPES, *stored.column_names]
    give_back_memory()
    return ScoredRun(scores, context, chosen.facts.select(columns), tuple(graded.moves))


def own_features(
    model: ServedModel,
    features: pd.DataFrame,
    quantity: npt.NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Leave out the columns that are attributes: facts have them from the log.

    Where nobody purchases, what tiers go by (twelve months' amounts) is a customer's
    yearly spend, so that schemes, lists and reports need not know the kind of churn.
    """
    own = features[[str(n) for n in features if n not in model.attributes]]
    if quantity is None or SPEND in own or not quantity.any():
        return own
    return own.assign(**{SPEND: quantity})
