"""Score customers who are not a whole run: by events that are sent, or once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain

import pandas as pd
import pyarrow as pa

from features.door.log import AnyLog
from features.door.log_files import Log, log_from_rows
from features.errors import TableError
from features.purchases.numpy.families.places import SlowFamily
from features.purchases.numpy.rows import OwnRows
from models.bundle.bundle import Bundle
from models.bundle.scoring import score_customers, without_rank
from models.kind import ServedModel
from models.score.fact_types import unknown
from models.score.facts import build_facts
from models.score.schema import SCORE_SCHEMA, RunContext
from models.tiers import ManualOverride, apply_primary, grade, plan_again
from serving.predict.customer_events import CustomerEvents
from serving.predict.customer_rows import find_faults, rows_by_table
from serving.predict.scorer import ScoredKind
from serving.runs.score import own_features
from serving.runs.standing import NO_MEMORY, Memory

WITHOUT_HISTORY = {
    "en": " By the terms alone: where the customer stood before is no longer kept.",
    "zh": "仅按条款判定：此前的等级已不再保存。",
}


@dataclass(frozen=True, slots=True)
class BundleScorer:
    """A ``Scorer`` by a bundle."""

    bundle: Bundle

    @property
    def kind(self) -> ScoredKind:
        """Return the kind of churn that the model is of."""
        return self.bundle.kind

    @property
    def slow_families(self) -> tuple[SlowFamily, ...]:
        """Return the families of features that only their SQL can work out."""
        return self.bundle.model.slow_families

    def score(
        self,
        customers: Sequence[CustomerEvents],
        *,
        context: RunContext,
        memory: Memory = NO_MEMORY,
    ) -> pa.Table:
        """Score customers as ``score_events`` does."""
        return score_events(self.bundle, customers, context=context, memory=memory)

    def find_faults(
        self, customers: Sequence[CustomerEvents], *, context: RunContext
    ) -> dict[str, TableError]:
        """Return what is wrong with customers' own rows, by customer."""
        return find_faults(self.bundle.model, customers, context=context)


def score_events(
    bundle: Bundle,
    customers: Sequence[CustomerEvents],
    *,
    context: RunContext,
    memory: Memory = NO_MEMORY,
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
    now = datetime.now(UTC)
    features = _read_own_rows(bundle.model, customers, context=context, now=now)
    if features is not None:
        return without_rank(_score(bundle, features, context=context))

    rows = {
        table: list(chain.from_iterable(own.values()))
        for table, own in rows_by_table(bundle.model, customers).items()
    }
    not_products = context.not_products
    with log_from_rows(**rows, now=now, not_products=not_products) as log:
        return _score_log(bundle, log, context=context, memory=memory)


def _read_own_rows(
    model: ServedModel,
    customers: Sequence[CustomerEvents],
    *,
    context: RunContext,
    now: datetime,
) -> pd.DataFrame | None:
    """Return the features of customers without a log, None where one is needed."""
    own = {one.customer_id: one for one in customers}
    if len(own) < len(customers):
        return None
    if any(one.subscriptions for one in customers) or not _keeps_tiers(context):
        return None  # nobody else reads contracts, and other tiers ask for facts
    return model.read_rows(
        OwnRows(
            {name: one.transactions for name, one in own.items()},
            {name: one.interactions for name, one in own.items()},
            {n: one.joined_at for n, one in own.items() if one.joined_at is not None},
        ),
        as_of=context.as_of,
        now=now,
        not_products=context.not_products,
    )


def _keeps_tiers(context: RunContext) -> bool:
    """Tell whether the tiers of scores are those of the run's primary scheme."""
    if context.primary != "abc" or context.overrides:
        return False
    return not plan_again(context.schemes, context.primary).has_history


def score_again(
    bundle: Bundle,
    log: AnyLog,
    customer_id: str,
    *,
    context: RunContext,
    memory: Memory = NO_MEMORY,
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
    with log.copy(customer_id=customer_id, threads=1) as own:
        return _score_log(bundle, own, context=context, memory=memory)


def _score_log(
    bundle: Bundle, log: Log, *, context: RunContext, memory: Memory
) -> pa.Table:
    """Score customers who are not a whole run."""
    features = bundle.model.read(log, as_of=context.as_of)
    scores = _score(bundle, features, context=context)
    if not len(scores):
        return scores
    facts = partial(_facts, scores, features, log, model=bundle.model, context=context)
    return without_rank(_with_primary(scores, facts, context=context, memory=memory))


def _score(bundle: Bundle, features: pd.DataFrame, *, context: RunContext) -> pa.Table:
    """Score customers; their tiers are those of their own figures."""
    if features.empty:
        return SCORE_SCHEMA.empty_table()
    return score_customers(
        bundle.model,
        features,
        version=bundle.version,
        context=context,
        reasons=bundle.reasons,
    )


def _with_primary(
    scores: pa.Table,
    facts: Callable[[], pa.Table],
    *,
    context: RunContext,
    memory: Memory,
) -> pa.Table:
    """Put customers who are not a whole run into the classes of the run's scheme.

    Its cuts are the run's, where they stood is what the run went on from, and what was
    set by hand holds.
    """
    if _keeps_tiers(context):
        return scores
    plan = plan_again(context.schemes, context.primary)
    graded = grade(
        facts(),
        plan.schemes,
        as_of=context.as_of,
        before=memory.before,
        manual=[ManualOverride.from_dict(terms) for terms in context.overrides],
        summary_before=context.schemes,
    )
    scores = apply_primary(scores, graded, plan.primary_scheme, context=context)
    return _label_lost(scores) if memory.is_lost else scores


def _facts(
    scores: pa.Table,
    features: pd.DataFrame,
    log: Log,
    *,
    model: ServedModel,
    context: RunContext,
) -> pa.Table:
    """Return what rules may name of customers; what the run had besides is unknown."""
    own = own_features(model, features, model.tier_quantity(features))
    facts = build_facts(scores, own, log, as_of=context.as_of)
    for name, kind in context.facts.items():
        if name not in facts.column_names and not name.startswith("tier_"):
            facts = facts.append_column(name, unknown(kind, facts.num_rows))
    return facts


def _label_lost(scores: pa.Table) -> pa.Table:
    """Say in the reason of each tier that it is one without its history."""
    place = SCORE_SCHEMA.get_field_index("tier_reason")
    field = SCORE_SCHEMA.field(place)
    reasons = [
        {lang: text + WITHOUT_HISTORY[lang] for lang, text in row.items()}
        for row in scores["tier_reason"].to_pylist()
    ]
    return scores.set_column(place, field, pa.array(reasons, field.type))
