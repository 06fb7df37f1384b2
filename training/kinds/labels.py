"""Customers of whom a label says who churned, beside their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from features.attributes.plan import build_attributes
from features.attributes.survey import plan_attributes, survey_attributes
from features.door.fingerprint import fingerprint
from features.purchases.readiness import Readiness
from models.kind import LABELS
from models.recurring.model import MONTH_DAYS
from training.audit.leaky_label import find_leaks
from training.card.card import OwnFacts
from training.fit.labels import (
    LabelFit,
    Labelled,
    fit_labels,
    hold_out,
    prepare_label_trials,
)
from training.fit.recurring import LOGISTIC_METHOD, MIN_CUSTOMERS, MIN_OF_EACH
from training.fit.trials import USUAL_OF_PAYERS, Trials
from training.judge.holdout import Holdout, SimpleMethods, judge
from training.judge.labels import best_attribute, judge_out_of_fold
from training.judge.outcome import Outcome
from training.judge.slices import slice_payers
from training.kinds.learner import Learner, TrainOptions
from training.kinds.payers import (
    LIMITS,
    WORDING,
    improve,
    logistic_score,
    say_readiness,
    whole_amount,
)
from training.origin import NO_EMBARGO, Origin, Progress
from training.version import Judged

if TYPE_CHECKING:
    from features.door.log import Log

Floats = npt.NDArray[np.float64]

ATTRIBUTE = "best_attribute"
MIN_LEVELS, MAX_LEVELS, MAX_CATEGORIES = 3, 6, 2
"""Values of a category to slice by, and how many categories."""

HOW = {
    "en": "A quarter of the labelled customers, who churned evenly among them, which "
    "nothing had seen before.",
    "zh": "四分之一带标签的客户，流失比例一致，此前任何拟合与选择均未见过。",
}
WITH_DATES = {
    "en": "The contracts or purchases with their dates: what changed before a customer "
    "left tells more than what is.",
    "zh": "带日期的合同或购买记录：流失前的变化比现状更有信息。",
}
OWN_LIMITS = (
    {
        "en": "The label says who left, not when: attributes may have been written "
        "down after it. What knows the answer too well is left out, what knows it a "
        "little cannot be told.",
        "zh": "标签只说明谁流失，不说明何时：属性可能在流失后才记录。"
        "过于了解答案的属性已剔除，仅略有泄露的无法识别。",
    },
    {
        "en": "The probability is of the time that the label covers. The value takes "
        "it for the whole horizon.",
        "zh": "流失概率对应标签所覆盖的时间，价值计算将其视为整个预测期的概率。",
    },
)
NO_DATES = "labels and attributes have no dates"


class LabelLearner(Learner):
    """Learn churn from labels and attributes."""

    kind = LABELS
    cannot = {
        "audit": f"{NO_DATES}, so no row can be told to lie ahead",
        "backtest": f"{NO_DATES}, so there is no earlier day to look back from",
    }

    @cached_property
    def labelled(self) -> Labelled:
        """Return the table as numbers, without what knows the answer."""
        return read_labelled(self.log, as_of=self.as_of, options=self.options)

    @cached_property
    def _is_out(self) -> npt.NDArray[np.bool_]:
        return hold_out(self.labelled, seed=self.options.seed)

    def readiness(self) -> Readiness:
        """Compare what the table holds with what a model needs."""
        labelled, used = self.labelled, self.labelled.plan.used
        n, n_churned = len(labelled.labels), int(labelled.labels.sum())
        return say_readiness(
            (
                ("customers with a label", MIN_CUSTOMERS, n),
                ("of them churned", MIN_OF_EACH, n_churned),
                ("of them stayed", MIN_OF_EACH, n - n_churned),
                ("attributes to learn from", 1, len(used)),
            ),
            facts={
                **self.labelled.counts(),
                "used": list(used),
                "left_out": dict(labelled.plan.left_out),
            },
            notes=labelled.notes(has_purchases="transactions" in self.log.reports),
        )

    def origins(
        self, count: int, *, embargo: timedelta = NO_EMBARGO
    ) -> tuple[Origin, ...]:
        """Return the instant itself: what is held out are customers, not a time."""
        return (Origin(self.as_of, self.options.horizon_days),)

    def fit_before(
        self, origin: Origin, *, progress: Progress, embargo: timedelta = NO_EMBARGO
    ) -> LabelFit:
        """Choose out of fold and fit, without the customers that are held out."""
        progress("choosing out of fold, without the customers held out")
        return self._fit(~self._is_out & self.labelled.has_label)

    def judge(self, fitted: LabelFit, origin: Origin) -> Holdout:
        """Compare it with the labels of the customers that were held out."""
        model, labelled = fitted.model, self.labelled
        X, churned = labelled.X[self._is_out], labelled.survey.churned[self._is_out]
        attribute, rate = best_attribute(
            labelled.survey, labelled.plan.used, fitted.rows, is_out=self._is_out
        )
        base_rate = float(labelled.survey.churned[fitted.rows].mean())
        logistic, whole = logistic_score(model, X), whole_amount(model, X)
        return judge(
            Outcome.of_forecast(
                model.predict(model.design(X)),
                churned=churned,
                value=whole * (1.0 - churned),
            ),
            origin=origin,
            methods=SimpleMethods(
                churn={
                    "base_rate": (np.full(len(X), base_rate),),
                    ATTRIBUTE: (rate,),
                    LOGISTIC_METHOD: (logistic,),
                },
                value={"amount": (whole,), ATTRIBUTE: (whole * (1.0 - rate),)},
                stand_ins={"churn": {LOGISTIC_METHOD: logistic}},
            ),
            slices=slice_payers(model, X, by=_sliced_by(model.plan.categories)),
            gate=self.options.gate,
            wording=WORDING,
            how=HOW | {"best_attribute": attribute},
        )

    def fit_all(self, served: Mapping[str, str], *, progress: Progress) -> LabelFit:
        """Fit the same recipe on all labelled customers."""
        progress("the same on all labelled customers")
        return self._fit(self.labelled.has_label, served=served["churn"])

    def fall_back(self, *, progress: Progress) -> tuple[LabelFit, Judged]:
        """Refuse: nothing can be served without labels and attributes."""
        raise self.labelled.refuse()

    def prepare_trials(self, *, progress: Progress) -> Trials:
        """Return trials that are judged out of fold, without who is held out."""
        if not self.readiness().ready:
            raise self.labelled.refuse()
        progress("tuning: out of fold, without the customers held out")
        mask = ~self._is_out & self.labelled.has_label
        seed, days = self.options.seed, self.options.horizon_days
        trials = prepare_label_trials(self.labelled, mask, seed=seed)
        hash_of_rows = fingerprint(self.log, as_of=self.as_of, attributes=True)
        return Trials(
            study=f"{self.kind.name}-{hash_of_rows}-{days}d",
            ends_at=self.as_of,
            judged=Origin(self.as_of, days),
            usual=USUAL_OF_PAYERS,
            rounds="n_rounds",
            judge=trials.judge,
        )

    def describe(self, fitted: LabelFit, holdout: Judged) -> OwnFacts:
        """Return what the card says of the attributes."""
        labelled, plan = self.labelled, self.labelled.plan
        labels = labelled.labels
        warnings = labelled.warnings
        snapshot = {
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.options.horizon_days,
            "n_customers": len(labels),
            "churn_rate": float(labels.mean()),
        }
        return OwnFacts(
            features=plan.used,
            windows_days=(),
            snapshots=[snapshot],
            training_rows=len(fitted.rows),
            facts={
                **self.labelled.counts(),
                "months_in_horizon": self.options.horizon_days / MONTH_DAYS,
            },
            notes=warnings,
            improvements=[*improve(plan, holdout), WITH_DATES],
            limits=[*OWN_LIMITS, *LIMITS],
            more={
                "kind": self.kind.name,
                "value_blend": {},
                "attributes": {
                    "used": list(plan.used),
                    "left_out": dict(plan.left_out),
                    "sensitive": list(labelled.survey.sensitive),
                },
                "warnings": warnings,
                **judge_out_of_fold(labelled.survey, fitted.rows, fitted.choice.p),
            },
        )

    def _fit(self, mask: npt.NDArray[np.bool_], **served: str) -> LabelFit:
        options = self.options
        return fit_labels(
            self.labelled,
            mask,
            seed=options.seed,
            parameters=options.parameters,
            **served,
        )


def read_labelled(log: Log, *, as_of: datetime, options: TrainOptions) -> Labelled:
    """Read the table, and set aside what knows the answer."""
    survey = survey_attributes(log, options.attributes, as_of=as_of)
    plan = plan_attributes(survey, horizon_days=options.horizon_days)
    X = build_attributes(log, plan, as_of=as_of)
    labelled = Labelled(survey, plan, X, leaks={})
    leaks: dict[str, str] = {}
    if plan.used and labelled.is_enough:
        seen = X.loc[labelled.has_label, list(plan.used)]
        with threadpool_limits(1, "blas"):  # small matrices: threads only wait
            leaks = find_leaks(survey, seen, seed=options.seed)
    if leaks:
        plan = plan_attributes(survey, horizon_days=plan.horizon_days, suspects=leaks)
        X = X[list(plan.names)]
    return Labelled(survey, plan, X, leaks)


def _sliced_by(categories: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the first categories of a few values."""
    few = [n for n, v in categories.items() if MIN_LEVELS <= len(v) <= MAX_LEVELS]
    return few[:MAX_CATEGORIES]
