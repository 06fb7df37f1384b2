"""Customers who buy when they like: churned means that no purchase came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from features.door.bounds import notes_apart
from features.door.fingerprint import fingerprint
from features.errors import DataError
from features.purchases.build import build_features
from features.purchases.numpy.families.compile import slow_families
from features.purchases.plan import FeaturePlan, plan_features
from features.purchases.readiness import Readiness, check_readiness
from models.kind import PURCHASES
from models.purchases.simple import WORDS
from training.audit.audit import Subject
from training.audit.evidence import gather_buyers
from training.card.advice import (
    UNJUDGED_IMPROVEMENTS,
    limit_of_unjudged,
    write_improvements,
    write_limits,
)
from training.card.card import OwnFacts, describe_snapshot
from training.fit.fallback import choose_basis, fit_without_labels
from training.fit.pair import Recipe
from training.fit.purchases import Fitted, fit_customer_model
from training.fit.schedule import (
    choose_origins,
    holdout_origin,
    late_origin,
    plan_schedule,
)
from training.fit.trials import USUAL_OF_BUYERS, Trials, prepare_buyer_trials
from training.judge.baselines import score_buyers
from training.judge.holdout import Holdout, Wording, judge
from training.judge.outcome import Outcome
from training.judge.slices import slice_buyers
from training.judge.unjudged import Unjudged
from training.kinds.learner import Learner
from training.origin import NO_EMBARGO, Origin, Progress
from training.snapshots import build_snapshots
from training.version import Judged

if TYPE_CHECKING:
    from features.door.log import Log
    from features.purchases.numpy.families.places import SlowFamily


def say_instead(passed: Sequence[str], served: Mapping[str, str]) -> str:
    """Say which simple method is served for what the model is no better at."""
    methods = " and ".join(
        f"{target} is served by {WORDS[target][method]}"
        for target, method in served.items()
        if target not in passed
    )
    return f"no better than simple methods, so {methods}"


WORDING = Wording(
    grades={
        "C": {
            "en": "better at one of the two questions; a simple method answers the "
            "other",
            "zh": "两个问题中只有一个优于简单方法，另一个由简单方法给出",
        },
        "D": {
            "en": "no better than the simple methods, which are served in its place; a "
            "longer log, products and contacts would help most",
            "zh": "不优于简单方法，因此改用简单方法；"
            "更长的历史、商品和互动数据最有帮助",
        },
    },
    say_instead=say_instead,
)


class PurchaseLearner(Learner):
    """Learn churn and value from a log of purchases."""

    kind = PURCHASES

    @cached_property
    def _readiness(self) -> Readiness:
        horizon = self.options.horizon
        return check_readiness(self.log, as_of=self.as_of, horizon=horizon)

    def readiness(self) -> Readiness:
        """Compare what the log holds with what a model needs."""
        return self._readiness

    def doubts(self) -> tuple[str, ...]:
        """Say that the last purchases lie a horizon after all others."""
        log, horizon = self.log, self.options.horizon
        return notes_apart(log.con, ends_at=log.ends_at, horizon=horizon)

    def slow_families(self) -> tuple[SlowFamily, ...]:
        """Return the families of features that are worked out slowly, and why."""
        horizon = self.options.horizon
        return slow_families(plan_features(self.log, as_of=self.as_of, horizon=horizon))

    def origins(
        self, count: int, *, embargo: timedelta = NO_EMBARGO
    ) -> tuple[Origin, ...]:
        """Return the instants with snapshots to learn from, and one to judge them on.

        They look less far ahead than the horizon where the history is short.
        """
        starts_at = self.log.starts_at
        chosen = choose_origins(
            starts_at=starts_at,
            as_of=self.as_of,
            horizon_days=self.options.horizon_days,
            count=count,
        )
        return tuple(at for at in chosen if _can_fit(at, starts_at, embargo=embargo))

    def fit_before(
        self, origin: Origin, *, progress: Progress, embargo: timedelta = NO_EMBARGO
    ) -> Fitted:
        """Fit at the origin, on nothing later."""
        return fit_customer_model(
            self.log,
            as_of=origin.as_of,
            horizon_days=origin.horizon_days,
            recipe=Recipe(self.options.seed, self.options.parameters),
            progress=progress,
            embargo=embargo,
        )

    def judge(self, fitted: Fitted, origin: Origin) -> Holdout:
        """Compare it with what was bought in the time after."""
        plan = fitted.model.plan
        truth = build_snapshots(self.log, plan, as_of=origin.as_of, origins=[origin])
        labels = truth.labels[origin]
        X = fitted.model.design(fitted.features)
        days = origin.horizon_days
        outcome = Outcome.of_forecast(
            fitted.model.predict(X),
            churned=labels["churned"].to_numpy(dtype=np.float64),
            value=labels["value"].to_numpy(dtype=np.float64),
        )
        return judge(
            outcome,
            origin=origin,
            methods=score_buyers(fitted.features, X, days=days),
            slices=slice_buyers(fitted.features, horizon=timedelta(days=days)),
            gate=self.options.gate,
            wording=WORDING,
        )

    def fit_all(self, served: Mapping[str, str], *, progress: Progress) -> Fitted:
        """Fit the same recipe at the instant itself."""
        return fit_customer_model(
            self.log,
            as_of=self.as_of,
            horizon_days=self.options.horizon_days,
            recipe=Recipe(self.options.seed, self.options.parameters, served),
            progress=progress,
        )

    def fall_back(self, *, progress: Progress) -> tuple[Fitted, Unjudged]:
        """Serve BG/NBD with Gamma-Gamma; below the minimum, no prediction."""
        progress("what needs no later period to be judged on")
        basis = choose_basis(self.readiness())
        fitted = fit_without_labels(
            self.log,
            as_of=self.as_of,
            horizon_days=self.options.horizon_days,
            seed=self.options.seed,
            basis=basis,
        )
        return fitted, Unjudged(fitted.schedule.target, basis)

    def audited(self, as_of: datetime | None) -> Subject:
        """Audit the features of purchases, contacts and customers."""
        log, days = self.log, self.options.horizon_days
        instant = as_of or past_origin(log, log.ends_at, days).as_of
        origin = past_origin(log, instant, days)

        def plan(log: Log) -> FeaturePlan:
            return plan_features(log, as_of=instant, horizon=self.options.horizon)

        def build(log: Log, plan: FeaturePlan) -> pa.Table:
            return build_features(log, plan, as_of=[instant])

        return Subject(
            as_of=instant,
            tables=("transactions", "interactions", "customers"),
            plan=plan,
            build=build,
            gather=lambda plan: gather_buyers(log, plan, origin=origin),
        )

    def prepare_trials(self, *, progress: Progress) -> Trials:
        """Return trials that are judged at the later snapshot before the holdout."""
        options, starts_at = self.options, self.log.starts_at
        days = options.horizon_days
        holdout = holdout_origin(
            starts_at=starts_at, as_of=self.as_of, horizon_days=days
        )
        if holdout is None:
            raise DataError("The history is too short to tune before a holdout.")
        at = holdout.as_of
        progress(f"tuning: features before {at:%Y-%m-%d}, where the holdout starts")
        schedule = plan_schedule(
            starts_at=starts_at, as_of=at, horizon_days=holdout.horizon_days
        )
        trials = prepare_buyer_trials(self.log, schedule, seed=options.seed)
        return Trials(
            study=f"{fingerprint(self.log, as_of=at)}-{days}d",
            ends_at=at,
            judged=schedule.late or schedule.target,
            usual=USUAL_OF_BUYERS,
            rounds="num_iterations",
            judge=trials.judge,
        )

    def describe(self, fitted: Fitted, holdout: Judged) -> OwnFacts:
        """Return what the card says of the log, the level, and what would help."""
        model, readiness = fitted.model, self.readiness()
        snapshots = fitted.schedule.snapshots
        return OwnFacts(
            features=model.plan.names,
            windows_days=model.plan.windows,
            snapshots=[
                describe_snapshot(
                    origin, fitted.snapshots.labels[origin]["churned"].to_numpy()
                )
                for origin in snapshots
            ],
            training_rows=fitted.rows,
            facts=readiness.to_dict()["facts"],
            notes=readiness.notes,
            **self._advise(fitted, holdout),
            more={
                **_sample(self.log),
                "level": fitted.level.to_dict(),
                "value_blend": model.value.blend_,
                "churn_calibration": model.churn_calibration.method,
            },
        )

    def _advise(self, fitted: Fitted, holdout: Judged) -> dict[str, Any]:
        """Say what would improve it, and what it does not know."""
        if isinstance(holdout, Unjudged):
            limits = [limit_of_unjudged(holdout.basis.reason)]
            return {"improvements": UNJUDGED_IMPROVEMENTS, "limits": limits}
        readiness = self.readiness()
        label_days = max(at.horizon_days for at in fitted.schedule.snapshots)
        limits = write_limits(
            holdout,
            readiness,
            horizon_days=fitted.model.horizon_days,
            label_days=label_days,
        )
        improvements = write_improvements(holdout, readiness)
        return {"improvements": improvements, "limits": limits}


def past_origin(log: Log, as_of: datetime, days: int) -> Origin:
    """Return an origin whose future the log holds: ``as_of``, or one before it."""
    if as_of + timedelta(days=days) <= log.ends_at:
        return Origin(as_of, days)
    late = late_origin(starts_at=log.starts_at, as_of=log.ends_at, horizon_days=days)
    if late is not None:
        return late
    half = (log.ends_at - log.starts_at) // 2
    return Origin(log.starts_at + half, max(1, half.days))


def _can_fit(origin: Origin, starts_at: datetime, *, embargo: timedelta) -> bool:
    """Return whether there are snapshots to learn from, and one to judge them on."""
    if origin.as_of - embargo <= starts_at:
        return False
    schedule = plan_schedule(
        starts_at=starts_at,
        as_of=origin.as_of,
        horizon_days=origin.horizon_days,
        embargo=embargo,
    )
    return bool(schedule.snapshots and schedule.late_snapshots)


def _sample(log: Log) -> dict[str, Any]:
    """Say of how many customers those of the log are a sample, if they are one."""
    if log.sample is None:
        return {}
    n_customers, of_customers = log.sample
    return {"sample": {"n_customers": n_customers, "of_customers": of_customers}}
