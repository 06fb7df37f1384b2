"""What takes the place of a holdout where a version could not be judged."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.purchases.simple import BTYD
from models.score.forecast import INSUFFICIENT, Basis
from training.judge.outcome import Outcome
from training.origin import Origin

Table = dict[str, dict[str, float]]


def _nobody() -> Outcome:
    return Outcome(*(np.empty(0) for _ in range(6)))


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What takes the place of a holdout: no figure, and the poorest grade.

    Parameters
    ----------
    origin : Origin
        What is predicted: no label of it is known.
    basis : Basis
    """

    origin: Origin
    basis: Basis
    outcome: Outcome = field(default_factory=_nobody)
    churn: Table = field(default_factory=dict)
    value: Table = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    served_ranking: dict[str, float] = field(default_factory=dict)
    grade: str = "D"

    @property
    def reason(self) -> str:
        """Say what is served, and that nothing was judged."""
        served = {
            BTYD: "BG/NBD with Gamma-Gamma is served",
            INSUFFICIENT: "tiers, stages and clusters are served, and no prediction",
        }[self.basis.name]
        return f"grade {self.grade}: not judged, {served}: {self.basis.reason}"

    def to_dict(self) -> None:
        """Return nothing: there is no figure."""
