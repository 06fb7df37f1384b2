"""Customers who have contracts: churned means that none is active any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features.contracts.plan import (
    PLAN,
    TENURE,
    ContractPlan,
    build_contracts,
    plan_contracts,
)
from features.door.fingerprint import fingerprint
from features.purchases.readiness import Readiness
from models.kind import CONTRACTS
from models.recurring.model import MONTH_DAYS
from training.audit.audit import Subject
from training.audit.evidence import gather_holders
from training.card.card import OwnFacts, describe_snapshot
from training.fit.contract_look import ContractLook, look_at_contracts
from training.fit.contract_past import (
    TENURE_AND_PLAN,
    ContractRecipe,
    read_outcomes,
)
from training.fit.contract_schedule import choose_contract_origins
from training.fit.contracts import (
    ContractFit,
    fit_contracts,
    prepare_contract_trials,
    simple_score,
)
from training.fit.recurring import LOGISTIC_METHOD, MIN_CUSTOMERS, MIN_OF_EACH
from training.fit.trials import USUAL_OF_PAYERS, Trials
from training.judge.holdout import Holdout, SimpleMethods, judge
from training.judge.outcome import Outcome
from training.judge.slices import slice_payers
from training.judge.survival import BY_PLAN, KAPLAN_MEIER, survive
from training.kinds.learner import Learner
from training.kinds.payers import (
    LIMITS,
    WORDING,
    improve,
    logistic_score,
    say_readiness,
    whole_amount,
)
from training.origin import MODEL, NO_EMBARGO, Origin, Progress
from training.version import Judged

if TYPE_CHECKING:
    from features.door.log import Log

MAX_SLICED_PLANS = 8

HOW = {
    "en": "All customers with a contract on a later day, which nothing had seen.",
    "zh": "较晚一天所有有合同的客户，此前任何拟合与选择均未见过。",
}

MORE_INTERACTIONS = {
    "en": "Interactions with their dates: calls, complaints, tickets.",
    "zh": "带日期的互动记录：通话、投诉、工单。",
}
OWN_LIMITS = (
    {
        "en": "It knows contracts, and interactions where they are given: no use, and "
        "no prices to come.",
        "zh": "模型只了解合同及（如提供）互动记录：不知道使用情况和未来价格。",
    },
    {
        "en": "An end that lies ahead is not looked at, also where it is agreed: a log "
        "tells of the past when contracts did end, not when that was known.",
        "zh": "未来的到期日一律不看，即使已约定："
        "日志记录的是合同何时结束，而非何时得知。",
    },
)


class ContractLearner(Learner):
    """Learn churn from a log of contracts."""

    kind = CONTRACTS

    @cached_property
    def look(self) -> ContractLook:
        """Return what the log holds."""
        horizon_days = self.options.horizon_days
        return look_at_contracts(self.log, as_of=self.as_of, horizon_days=horizon_days)

    def readiness(self) -> Readiness:
        """Compare what the contracts hold with what a model needs."""
        look, horizon_days = self.look, self.options.horizon_days
        stayed = look.n_customers - look.n_churned
        return say_readiness(
            (
                ("days of contracts", look.needed_days, look.history_days),
                ("customers with a contract then", MIN_CUSTOMERS, look.n_customers),
                ("of them churned", MIN_OF_EACH, look.n_churned),
                ("of them stayed", MIN_OF_EACH, stayed),
                ("customers with a contract now", 1, look.n_now),
            ),
            facts={
                "customers": look.n_now,
                "history_days": look.history_days,
                "learnt_days": look.days,
                "plans": list(look.plans),
            },
            notes=look.notes(horizon_days),
        )

    def origins(
        self, count: int, *, embargo: timedelta = NO_EMBARGO
    ) -> tuple[Origin, ...]:
        """Return the days that lie as far back as is learnt from, and before them."""
        return choose_contract_origins(
            starts_at=self.log.starts_at,
            as_of=self.as_of,
            horizon_days=self.options.horizon_days,
            count=count,
            embargo=embargo,
        )

    def fit_before(
        self, origin: Origin, *, progress: Progress, embargo: timedelta = NO_EMBARGO
    ) -> ContractFit:
        """Fit at the origin, on nothing later."""
        progress(f"as of {origin.as_of:%Y-%m-%d}, to be judged on what followed")
        recipe = self._recipe(origin.horizon_days)
        return fit_contracts(self.log, at=origin, recipe=recipe, embargo=embargo)

    def judge(self, fitted: ContractFit, origin: Origin) -> Holdout:
        """Compare it with the contracts that ended in the time after."""
        model, X = fitted.model, fitted.features
        truth = read_outcomes(
            self.log, fitted.plan, X, origin=origin, known_before=self.as_of
        )
        levels = model.plan.categories.get(PLAN, ())
        return judge(
            Outcome.of_forecast(
                model.predict(model.design(X)), churned=truth.churned, value=truth.value
            ),
            origin=origin,
            methods=self._methods(fitted, origin),
            slices=slice_payers(
                model, X, by=[PLAN] if 1 < len(levels) <= MAX_SLICED_PLANS else []
            ),
            gate=self.options.gate,
            wording=WORDING,
            how=HOW,
        )

    def fit_all(self, served: Mapping[str, str], *, progress: Progress) -> ContractFit:
        """Fit the same recipe with all contracts."""
        progress("the same with all contracts")
        return fit_contracts(
            self.log,
            at=Origin(self.as_of, self.options.horizon_days),
            recipe=self._recipe(self.look.days, served=served["churn"]),
        )

    def fall_back(self, *, progress: Progress) -> tuple[ContractFit, Judged]:
        """Refuse: nothing can be served without contracts that ended."""
        raise self.look.refuse(as_of=self.as_of)

    def audited(self, as_of: datetime | None) -> Subject:
        """Audit the features of contracts and contacts."""
        log, days = self.log, self.look.days or self.options.horizon_days
        instant = as_of or log.ends_at - timedelta(days=days)
        ends_at = min(instant, log.ends_at - timedelta(days=days))
        origin = Origin(ends_at, days)

        def plan(log: Log) -> ContractPlan:
            horizon_days = self.options.horizon_days
            return plan_contracts(log, as_of=instant, horizon_days=horizon_days)

        def build(log: Log, plan: ContractPlan) -> pa.Table:
            frame = build_contracts(log, plan, as_of=[instant])
            return pa.Table.from_pandas(frame.droplevel("as_of").reset_index())

        return Subject(
            as_of=instant,
            tables=("subscriptions", "interactions"),
            plan=plan,
            build=build,
            gather=lambda plan: gather_holders(log, plan, origin=origin),
        )

    def prepare_trials(self, *, progress: Progress) -> Trials:
        """Return trials that are judged at the later snapshot before the holdout."""
        origins = self.origins(1) if self.readiness().ready else ()
        if not origins:
            raise self.look.refuse(as_of=self.as_of)
        (at,), days = origins, self.options.horizon_days
        progress(f"tuning: contracts before {at.as_of:%Y-%m-%d}, of the holdout")
        recipe = self._recipe(at.horizon_days)
        trials = prepare_contract_trials(self.log, at=at, recipe=recipe)
        hash_of_rows = fingerprint(self.log, as_of=at.as_of)
        return Trials(
            study=f"{self.kind.name}-{hash_of_rows}-{days}d",
            ends_at=at.as_of,
            judged=Origin(at.as_of - timedelta(days=at.horizon_days), at.horizon_days),
            usual=USUAL_OF_PAYERS,
            rounds="n_rounds",
            judge=trials.judge,
        )

    def describe(self, fitted: ContractFit, holdout: Judged) -> OwnFacts:
        """Return what the card says of the contracts."""
        plan = fitted.model.plan
        snapshots = [
            describe_snapshot(origin, fitted.past[origin].churned)
            for origin in fitted.origins.snapshots
        ]
        return OwnFacts(
            features=plan.used,
            windows_days=(),
            snapshots=snapshots,
            training_rows=sum(snapshot["n_customers"] for snapshot in snapshots),
            facts={
                "customers": len(fitted.features),
                "plans": list(plan.categories.get(PLAN, ())),
                "has_amounts": plan.amount is not None,
                "months_in_horizon": self.options.horizon_days / MONTH_DAYS,
                "season_shift": fitted.season,
            },
            notes=(),
            improvements=[
                *improve(plan, holdout),
                *([] if plan.windows else [MORE_INTERACTIONS]),
            ],
            limits=[*OWN_LIMITS, *LIMITS],
            more={"kind": self.kind.name, "value_blend": {}},
        )

    def _recipe(self, days: int, *, served: str = MODEL) -> ContractRecipe:
        options = self.options
        return ContractRecipe(days, options.seed, options.parameters, served)

    def _methods(self, fitted: ContractFit, origin: Origin) -> SimpleMethods:
        """Return what simple methods say that were fitted at the same instant."""
        X = fitted.features
        curves = survive(self.log, fitted.plan, X, origin=origin)
        rate = float(fitted.past[fitted.origins.late].churned.mean())
        stand_ins = {
            LOGISTIC_METHOD: logistic_score(fitted.model, X),
            TENURE_AND_PLAN: simple_score(fitted, X),
        }
        whole = whole_amount(fitted.model, X)
        stays = 1.0 - curves.get(BY_PLAN, curves[KAPLAN_MEIER])
        return SimpleMethods(
            churn={
                "base_rate": (np.full(len(X), rate),),
                "tenure": (-X[TENURE].to_numpy(dtype=np.float64),),
                **{name: (curve,) for name, curve in curves.items()},
                **{name: (score,) for name, score in reversed(stand_ins.items())},
            },
            value={"amount": (whole,), KAPLAN_MEIER: (whole * stays,)},
            stand_ins={"churn": stand_ins},
        )
