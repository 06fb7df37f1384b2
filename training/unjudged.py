"""Versions that nothing could be judged on: what is told of them, and what is served.

Where there is no later period with customers enough, BG/NBD with Gamma-Gamma is served;
below the published minimum nothing is foretold. Either says so in ``score_basis``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from features.door.log import Log
from features.purchases.readiness import Readiness
from models.purchases.model import INSUFFICIENT, Basis
from models.purchases.simple import BTYD
from training.fit import Fitted
from training.plain import fit_plain
from training.schedule import Origin

Floats = npt.NDArray[np.float64]
Table = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What takes the place of a holdout: no figure, and the poorest grade.

    Parameters
    ----------
    origin : Origin
        What is foretold: no label of it is known.
    basis : Basis
    """

    origin: Origin
    basis: Basis
    churn: Table = field(default_factory=dict)
    value: Table = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    served_ranking: dict[str, float] = field(default_factory=dict)
    grade: str = "D"
    p: Floats = field(default_factory=lambda: np.empty(0))
    expected: Floats = field(default_factory=lambda: np.empty(0))
    churned: Floats = field(default_factory=lambda: np.empty(0))
    actual: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def reason(self) -> str:
        """Say what is served, and that nothing was judged."""
        served = {
            BTYD: "BG/NBD with Gamma-Gamma is served",
            INSUFFICIENT: "tiers, stages and clusters are served, and no prediction",
        }[self.basis.name]
        return f"grade {self.grade}: not judged, {served}: {self.basis.reason}"


def basis_of(readiness: Readiness) -> Basis:
    """Say what a log that cannot carry a judged model can carry, and why."""
    if readiness.ready:
        return Basis(
            BTYD,
            "BG/NBD with Gamma-Gamma: there is no later period with customers enough "
            "to judge a model on",
        )
    short = [minimum for minimum in readiness.minimums if not minimum.met]
    told = ", ".join(
        f"{minimum.name}: {minimum.found:,} of {minimum.needed:,}" for minimum in short
    )
    return Basis(INSUFFICIENT, f"the log is below what a prediction needs: {told}")


def fit_unjudged(
    log: Log, *, as_of: datetime, horizon_days: int, seed: int, readiness: Readiness
) -> tuple[Fitted, Unjudged]:
    """Fit what the log can carry, and say that it was not judged."""
    basis = basis_of(readiness)
    fitted = fit_plain(
        log, as_of=as_of, horizon_days=horizon_days, seed=seed, basis=basis
    )
    return fitted, Unjudged(fitted.schedule.target, basis)


def describe_unjudged(holdout: Unjudged) -> dict[str, Any]:
    """Return what the card says in place of a holdout's figures."""
    return {
        "holdout": None,
        "grade": holdout.grade,
        "improvements": [
            {
                "en": "A longer log of more customers: a model is trained once "
                "`regulars check` finds enough.",
                "zh": "更长、客户更多的日志：`regulars check` 认为足够时即训练模型。",
            }
        ],
        "limits": [
            {
                "en": f"Nothing was judged on a later period: {holdout.basis.reason}.",
                "zh": "没有可用于检验的后续时期，结果未经检验。",
            }
        ],
    }
