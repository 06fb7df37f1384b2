"""Search LightGBM's parameters, judged on later labels and never on the holdout.

All of it is seen as of the start of the holdout: trials are fitted on the snapshots
before the later snapshot, and judged at that. What is found is used only where it beats
the usual parameters there by ``MARGIN``, with another seed too.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from features.door.fingerprint import fingerprint
from features.door.log import Log
from features.errors import ConfigError, DataError
from models.parts.boosting import PARAMETERS
from models.purchases.churn import ChurnModel
from training.bench import Bench, make_bench
from training.schedule import Schedule, holdout_origin, plan_schedule

if TYPE_CHECKING:
    import optuna

Progress = Callable[[str], None]

MARGIN = 0.003
"""By how much the mean of AUC and Gini has to be better, with either seed."""

STARTERS = 8
"""Trials drawn by chance before the search learns from them."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to search, and how often at most.

    Parameters
    ----------
    time : timedelta
        No trial is begun that would not end in it.
    trials : int or None
    """

    time: timedelta
    trials: int | None = None


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a search came to.

    Parameters
    ----------
    study : str
        Its name; the same data and horizon go on with it.
    as_of : str
        End of what it saw, exclusive: the holdout starts there.
    judged_at, judged_days : str, int
        The later snapshot.
    n_trials : int
        Of all searches of the study.
    default_value, best_value : float
        Mean of AUC and Gini by the usual and by the best parameters.
    confirmed_gain : float
        What the best gains with another seed; 0 where it was not asked.
    best_parameters : dict
    is_used : bool
        Whether they beat the usual ones by ``MARGIN``, twice.
    """

    study: str
    as_of: str
    judged_at: str
    judged_days: int
    n_trials: int
    default_value: float
    best_value: float
    confirmed_gain: float
    best_parameters: dict[str, Any]
    is_used: bool

    @property
    def parameters(self) -> dict[str, Any] | None:
        """Return what to train with; None for the usual parameters."""
        return self.best_parameters if self.is_used else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "margin": MARGIN}


def tune(
    log: Log,
    *,
    as_of: datetime,
    horizon: timedelta,
    seed: int,
    budget: Budget,
    storage: str,
    progress: Progress = lambda step: None,
) -> Tuning:
    """Search for better parameters than the usual ones, going on where it stopped.

    Parameters
    ----------
    log : Log
    as_of : datetime
        Of the training; what is seen ends where its holdout starts.
    horizon : timedelta
    seed : int
    budget : Budget
    storage : str
        URL of the database that keeps the study.
    progress : callable
        Told what is done next.

    Returns
    -------
    Tuning

    Raises
    ------
    ConfigError
        If optuna is not installed.
    DataError
        If the history is too short.
    """
    began = time.monotonic()
    days = round(horizon / timedelta(days=1))
    schedule = _schedule(log, as_of, days)
    at = schedule.target.as_of
    progress(f"tuning: features before {at:%Y-%m-%d}, where the holdout starts")
    bench = make_bench(log, schedule, seed=seed)
    name = f"{fingerprint(log, as_of=at)}-{days}d"
    study = _open_study(name, storage, seed=seed)
    with threadpool_limits(1, "blas"):
        progress("tuning: the usual parameters")
        default = _judge_usual(study, bench, seed=seed)
        _search(study, bench, seed=seed, budget=budget, began=began, progress=progress)
        best, value = dict(study.best_trial.params), float(study.best_value)
        gain = 0.0
        if value >= default + MARGIN:
            progress("tuning: the best again, with another seed")
            other = seed + 1
            gain = bench.judge(best, seed=other) - bench.judge(None, seed=other)
    late = schedule.late or schedule.target
    return Tuning(
        study=name,
        as_of=at.isoformat(),
        judged_at=late.as_of.isoformat(),
        judged_days=late.horizon_days,
        n_trials=len(study.trials),
        default_value=default,
        best_value=value,
        confirmed_gain=gain,
        best_parameters=best,
        is_used=gain >= MARGIN,
    )


def search_space() -> dict[str, Any]:
    """Return the distributions that parameters are drawn from."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    return {
        "num_leaves": IntDistribution(3, 31, log=True),
        "learning_rate": FloatDistribution(0.01, 0.1, log=True),
        "num_iterations": IntDistribution(100, 600, log=True),
        "feature_fraction": FloatDistribution(0.1, 0.9),
        "min_data_in_leaf": IntDistribution(20, 400, log=True),
        "lambda_l2": FloatDistribution(0.1, 100.0, log=True),
        "extra_trees": CategoricalDistribution([True, False]),
    }


def _schedule(log: Log, as_of: datetime, days: int) -> Schedule:
    """Return the schedule of the fit that is judged on the holdout."""
    holdout = holdout_origin(starts_at=log.starts_at, as_of=as_of, horizon_days=days)
    if holdout is None:
        raise DataError("The history is too short to tune before a holdout.")
    return plan_schedule(
        starts_at=log.starts_at, as_of=holdout.as_of, horizon_days=holdout.horizon_days
    )


def _open_study(name: str, storage: str, *, seed: int) -> optuna.Study:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # optuna's own, on import
            import optuna
    except ModuleNotFoundError as exc:
        raise ConfigError(
            "optuna is not installed.",
            needed="It, for --tune.",
            todo="pip install 'regulars[ds]'.",
        ) from exc
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=name, storage=storage, direction="maximize", load_if_exists=True
    )
    study.sampler = optuna.samplers.TPESampler(
        seed=seed + len(study.trials), n_startup_trials=STARTERS
    )
    return study


def _judge_usual(study: optuna.Study, bench: Bench, *, seed: int) -> float:
    """Return the value of the usual parameters: the first trial of the study."""
    if not study.trials:
        from optuna.trial import create_trial

        space = search_space()
        usual = {"num_iterations": ChurnModel().n_rounds, **PARAMETERS}
        value = bench.judge(None, seed=seed)
        params = {name: usual[name] for name in space}
        study.add_trial(create_trial(params=params, distributions=space, value=value))
    return float(study.trials[0].value or 0.0)


def _search(
    study: optuna.Study,
    bench: Bench,
    *,
    seed: int,
    budget: Budget,
    began: float,
    progress: Progress,
) -> None:
    """Run trials while there is time for one as long as the longest."""
    longest, n_done = 0.0, 0
    seconds = budget.time.total_seconds()
    while budget.trials is None or n_done < budget.trials:
        now = time.monotonic()
        if now - began + longest >= seconds:
            return
        progress(f"tuning: trial {len(study.trials)}, best {study.best_value:.4f}")
        trial = study.ask(search_space())
        study.tell(trial, bench.judge(trial.params, seed=seed))
        longest, n_done = max(longest, time.monotonic() - now), n_done + 1
