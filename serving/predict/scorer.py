"""Who scores customers from their events, seen without what models are made of.

A server that only looks customers up loads no pandas, no LightGBM and no scikit-learn.
They come with the first scorer that ``BundleScorers`` gives, and in no other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from features.errors import TableError
from models.score.schema import RunContext
from serving.predict.customer_events import CustomerEvents
from serving.runs.standing import NO_MEMORY, Memory


class Scorer(Protocol):
    """A verified bundle that scores customers as of a run's instant."""

    @property
    def kind(self) -> str:
        """Return the kind of churn that the model is of."""

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
