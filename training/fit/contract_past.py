"""What was known of contracts at an instant: what a fit learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.contracts.plan import (
    PLAN,
    ContractPlan,
    build_contracts,
    build_outcomes,
    plan_contracts,
)
from features.instants import to_naive_utc
from training.fit.choice import Parameters
from training.fit.contract_schedule import ContractOrigins, plan_origins
from training.fit.season import ContractRows
from training.origin import MODEL, NO_EMBARGO, Origin, ThinHistoryError

if TYPE_CHECKING:
    from features.door.log import Log

MAX_ROWS = 60_000
"""Rows beyond which more add no accuracy, only time."""

TENURE_AND_PLAN = "tenure_and_plan"
OF_TENURE = ("contract_tenure_days", "contract_spell_days", "contract_days", PLAN)
"""What the simple model sees."""


@dataclass(frozen=True, slots=True)
class ContractRecipe:
    """What is fitted, and how.

    Parameters
    ----------
    days : int
        That are learnt from.
    seed : int
    parameters : mapping or None
        LightGBM's, where they differ.
    served : str
        ``model``, or ``logistic`` or ``tenure_and_plan`` for a simple model in its
        place.
    """

    days: int
    seed: int
    parameters: Parameters | None = None
    served: str = MODEL


@dataclass(frozen=True, slots=True)
class ContractPast:
    """What was known of contracts at an instant.

    Parameters
    ----------
    plan : ContractPlan
        With the columns that the model sees.
    origins : ContractOrigins
    features : DataFrame
        At the instant itself.
    rows : dict of Origin to ContractRows
        Of earlier instants, with what became of the customers.
    """

    plan: ContractPlan
    origins: ContractOrigins
    features: pd.DataFrame
    rows: dict[Origin, ContractRows]

    def check_both(self) -> None:
        """Refuse where nobody churned, or all did: there is nothing to learn.

        Raises
        ------
        ThinHistoryError
        """
        early = [self.rows[origin].churned for origin in self.origins.early]
        for churned in (np.concatenate(early), self.rows[self.origins.late].churned):
            if not len(churned) or churned.min() == churned.max():
                raise ThinHistoryError(
                    f"Before {self.origins.late.ends_at:%Y-%m-%d} too few contracts "
                    "ended to learn from.",
                    needed="Customers who churned, and customers who stayed.",
                    todo="Bring older contracts, or look back from a later day.",
                )


def read_outcomes(
    log: Log,
    plan: ContractPlan,
    X: pd.DataFrame,
    *,
    origin: Origin,
    known_before: datetime,
) -> ContractRows:
    """Return what became of customers, as it was known at an instant."""
    outcomes = build_outcomes(
        log,
        plan,
        as_of=origin.as_of,
        days=origin.horizon_days,
        known_before=known_before,
    ).reindex(X.index)
    return ContractRows(X, outcomes["churned"].to_numpy(), outcomes["value"].to_numpy())


def read_past(
    log: Log,
    *,
    at: Origin,
    recipe: ContractRecipe,
    embargo: timedelta = NO_EMBARGO,
) -> ContractPast:
    """Read what a fit for the customers of an instant learns from.

    Parameters
    ----------
    log : Log
    at : Origin
        The instant, and the days that are predicted from there.
    recipe : ContractRecipe
    embargo : timedelta
        Outcomes have to be over so long before the instant.
    """
    cutoff = at.as_of
    plan = plan_contracts(log, as_of=cutoff, horizon_days=at.horizon_days)
    origins = plan_origins(
        starts_at=log.starts_at, cutoff=cutoff - embargo, days=recipe.days
    )
    frame = build_contracts(log, plan, as_of=[*origins.instants(), cutoff])
    rows = {
        origin: read_outcomes(
            log, plan, _at(frame, origin.as_of), origin=origin, known_before=cutoff
        )
        for origin in origins.every()
    }
    plan = choose_columns(plan, rows, served=recipe.served)
    return ContractPast(plan, origins, _at(frame, cutoff), rows)


def stack_rows(
    past: dict[Origin, ContractRows], origins: Sequence[Origin], *, seed: int
) -> ContractRows:
    """Return the rows of several snapshots, or a draw of them."""
    X = pd.concat([past[origin].X for origin in origins])
    churned = np.concatenate([past[origin].churned for origin in origins])
    value = np.concatenate([past[origin].value for origin in origins])
    if len(X) > MAX_ROWS:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(X))[:MAX_ROWS])
        X, churned, value = X.iloc[rows], churned[rows], value[rows]
    return ContractRows(X, churned, value)


def choose_columns(
    plan: ContractPlan, past: dict[Origin, ContractRows], *, served: str
) -> ContractPlan:
    """Leave out what is the same for all."""
    rows = pd.concat([snapshot.X for snapshot in past.values()])
    low, high = rows.min(), rows.max()
    varied = [name for name in plan.names if low[name] < high[name]]
    if served == TENURE_AND_PLAN:
        varied = [name for name in varied if name in OF_TENURE]
    return replace(plan, used=tuple(varied or plan.names[:1]))


def _at(frame: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    instant = pd.Timestamp(to_naive_utc(as_of))
    return frame[frame.index.get_level_values("as_of") == instant].droplevel("as_of")
