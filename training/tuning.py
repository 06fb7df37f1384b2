"""Search LightGBM's parameters, judged on later labels and never on the holdout.

All of it is seen as of the start of the holdout: trials are fitted on the snapshots
before the later snapshot, and judged at that. What is found is used only where it beats
the usual parameters there by ``MARGIN``, with another seed too.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from features.errors import ConfigError
from training.fit.trials import Trials, search_space
from training.kinds import find_learner
from training.kinds.learner import TrainOptions
from training.origin import Progress, silent

if TYPE_CHECKING:
    import optuna

    from features.door.log import Log

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
    options: TrainOptions,
    budget: Budget,
    storage: str,
    progress: Progress = silent,
) -> Tuning:
    """Search for better parameters than the usual ones, going on where it stopped.

    Parameters
    ----------
    log : Log
    as_of : datetime
        Of the training; what is seen ends where its holdout starts.
    options : TrainOptions
        Of the training.
    budget : Budget
    storage : str
        URL of the database that keeps the study.
    progress : callable
        Is called with what is done next.

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
    learner = find_learner(options.kind, act="tune")
    trials = learner(log, as_of=as_of, options=options).prepare_trials(
        progress=progress
    )
    seed = options.seed
    study = _open_study(trials.study, storage, seed=seed)
    with threadpool_limits(1, "blas"):
        progress("tuning: the usual parameters")
        default = _judge_usual(study, trials, seed=seed)
        _search(study, trials, seed=seed, budget=budget, began=began, progress=progress)
        best, value = dict(study.best_trial.params), float(study.best_value)
        gain = 0.0
        if value >= default + MARGIN:
            progress("tuning: the best again, with another seed")
            other = seed + 1
            gain = trials.judge(best, seed=other) - trials.judge(None, seed=other)
    return Tuning(
        study=trials.study,
        as_of=trials.ends_at.isoformat(),
        judged_at=trials.judged.as_of.isoformat(),
        judged_days=trials.judged.horizon_days,
        n_trials=len(study.trials),
        default_value=default,
        best_value=value,
        confirmed_gain=gain,
        best_parameters=best,
        is_used=gain >= MARGIN,
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


def _judge_usual(study: optuna.Study, trials: Trials, *, seed: int) -> float:
    """Return the value of the usual parameters: the first trial of the study."""
    if not study.trials:
        from optuna.trial import create_trial

        space = search_space(trials.rounds)
        value = trials.judge(None, seed=seed)
        params = {name: trials.usual[name] for name in space}
        study.add_trial(create_trial(params=params, distributions=space, value=value))
    return float(study.trials[0].value or 0.0)


def _search(
    study: optuna.Study,
    trials: Trials,
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
        trial = study.ask(search_space(trials.rounds))
        study.tell(trial, trials.judge(trial.params, seed=seed))
        longest, n_done = max(longest, time.monotonic() - now), n_done + 1
