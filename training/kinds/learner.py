"""What training asks of a kind of churn: each is one file beside this one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from features.attributes.survey import AttributeWish
from features.door.bounds import notes_beyond
from features.errors import ConfigError
from features.purchases.readiness import Readiness
from models.kind import ChurnKind
from training.audit.audit import Subject
from training.card.card import OwnFacts
from training.fit.trials import Trials
from training.judge.gate import Gate
from training.judge.holdout import Holdout
from training.origin import NO_EMBARGO, Origin, Progress
from training.version import FittedModel, Judged

if TYPE_CHECKING:
    from features.door.log import AnyLog, Log
    from features.purchases.numpy.families.places import SlowFamily

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How to train.

    Parameters
    ----------
    horizon : timedelta
        Length of the time that is predicted.
    seed : int
    gate : Gate
    parameters : dict or None
        LightGBM's, where they differ.
    tuning : dict or None
        What the card says of how they were found.
    kind : str
        Which kind of churn: a name of ``models.kind.KINDS``.
    attributes : AttributeWish
        What the user says of the attributes, where churn is learnt from labels.
    """

    horizon: timedelta
    seed: int = 0
    gate: Gate = Gate()
    parameters: dict[str, Any] | None = None
    tuning: dict[str, Any] | None = None
    kind: str = "purchases"
    attributes: AttributeWish = AttributeWish()

    @property
    def horizon_days(self) -> int:
        """The horizon in whole days."""
        return round(self.horizon / DAY)


ACTS: Mapping[str, str] = {
    "audit": "regulars audit",
    "backtest": "regulars backtest",
    "tune": "regulars train --tune",
}
"""What not every kind can do, and what a user types for it."""


class Learner(ABC):
    """One kind of churn, learnt from one log as of an instant.

    Attributes
    ----------
    kind : ChurnKind
        Its served half.
    cannot : mapping of str to str
        Which of ``ACTS`` makes no sense for the kind, and why.
    """

    kind: ClassVar[ChurnKind]
    cannot: ClassVar[Mapping[str, str]] = {}

    def __init__(self, log: Log, *, as_of: datetime, options: TrainOptions) -> None:
        self.log = log
        self.as_of = as_of
        self.options = options

    @classmethod
    def check(cls, log: AnyLog, *, options: TrainOptions) -> Readiness:
        """Compare an open log with what a model needs, as of its end.

        Beside ``readiness`` it notes what lies far beyond the end, and what looks odd.
        """
        learner = cls(cast("Log", log), as_of=log.ends_at, options=options)
        readiness = learner.readiness()
        beyond = notes_beyond(log.con, ends_at=log.ends_at)
        notes = (*readiness.notes, *beyond, *learner.doubts())
        return replace(readiness, notes=notes)

    def doubts(self) -> tuple[str, ...]:
        """Say what of the log looks odd: nothing."""
        return ()

    def slow_families(self) -> tuple[SlowFamily, ...]:
        """Return the families of features that are worked out slowly: none."""
        return ()

    @abstractmethod
    def readiness(self) -> Readiness:
        """Compare what the tables hold with what a model needs."""

    @abstractmethod
    def origins(
        self, count: int, *, embargo: timedelta = NO_EMBARGO
    ) -> tuple[Origin, ...]:
        """Return where the recipe can be judged, the newest last; at most so many."""

    @abstractmethod
    def fit_before(
        self, origin: Origin, *, progress: Progress, embargo: timedelta = NO_EMBARGO
    ) -> FittedModel:
        """Fit the recipe without anything that it is going to be judged by."""

    @abstractmethod
    def judge(self, fitted: Any, origin: Origin) -> Holdout:
        """Compare what ``fit_before`` gave with what came, beside simple methods."""

    @abstractmethod
    def fit_all(self, served: Mapping[str, str], *, progress: Progress) -> FittedModel:
        """Fit on all there is what a holdout chose to serve."""

    @abstractmethod
    def fall_back(self, *, progress: Progress) -> tuple[FittedModel, Judged]:
        """Fit what needs no judgement; a DataError where nothing can be served."""

    @abstractmethod
    def describe(self, fitted: Any, holdout: Judged) -> OwnFacts:
        """Return what the card says of this kind alone."""

    @abstractmethod
    def prepare_trials(self, *, progress: Progress) -> Trials:
        """Return what trials of parameters are judged by: never the holdout."""

    def audited(self, as_of: datetime | None) -> Subject:
        """Return what an audit looks at; None for the last instant with an answer."""
        raise refuse(type(self), "audit")


def refuse(learner: type[Learner], act: str) -> ConfigError:
    """Say that an act makes no sense for a kind, and why."""
    return ConfigError(
        f'`{ACTS[act]}` was asked for with [model] kind = "{learner.kind.name}".',
        needed=f"Another kind: {learner.cannot[act]}.",
        todo="`regulars train` judges this kind and shows how in its card.",
    )
