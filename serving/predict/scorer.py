"""Who scores customers from their events, seen without what models are made of.

A server that only looks customers up loads no pandas, no LightGBM and no scikit-learn.
They come with the first scorer that ``BundleScorers`` gives, and in no other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from features.errors import TableError
from models.score.schema import RunContext
from serving.predict.customer_events import CustomerEvents
from serving.runs.standing import NO_MEMORY, Memory

if TYPE_CHECKING:
    from features.purchases.numpy.families.places import SlowFamily  # with DuckDB


class ScoredKind(Protocol):
    """The kind of churn that a model is of, and what is said of customers."""

    @property
    def scored_from(self) -> str:
        """The part of a request that a customer is scored from."""

    @property
    def unseen(self) -> str:
        """What is said of a customer of whom the model sees nothing."""

    @property
    def needed(self) -> str:
        """What such a customer needs."""


class Scorer(Protocol):
    """A verified bundle that scores customers as of a run's instant."""

    @property
    def kind(self) -> ScoredKind:
        """Return the kind of churn that the model is of."""

    @property
    def slow_families(self) -> tuple[SlowFamily, ...]:
        """Return the families of features that only their SQL can work out."""

    def score(
        self,
        customers: Sequence[CustomerEvents],
        *,
        context: RunContext,
        memory: Memory = NO_MEMORY,
    ) -> pa.Table:
        """Return scores in ``SCORE_SCHEMA``; no row for who cannot be scored."""

    def find_faults(
        self, customers: Sequence[CustomerEvents], *, context: RunContext
    ) -> Mapping[str, TableError]:
        """Return what is wrong with customers' own rows, by customer."""


class ScorerSource(Protocol):
    """Where scorers come from."""

    def get(self, version: str) -> Scorer:
        """Return the scorer of a version; raise BundleError if it is refused."""
