"""Contracts as a table of numbers: who has one at an instant, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from features.instants import seen_sql, to_naive_utc
from features.purchases.plan import set_as_ofs
from features.purchases.render import QueryWriter, slugs
from features.purchases.survey import find_interaction_types

if TYPE_CHECKING:
    from features.door.log import Log

MONTH_SECONDS = 365 * 86_400 // 12
WINDOWS = (30, 90)
"""Days that contacts are counted over."""

PLAN, AMOUNT, TENURE = "plan", "contract_amount", "contract_tenure_days"
MAX_PLANS, MIN_CONTRACTS_PER_PLAN = 60, 5
"""Most plans that are levels of their own, and fewest contracts of each."""

SEEN = seen_sql("$at", at="starts_at")


@dataclass(frozen=True, slots=True)
class ContractPlan:
    """What is computed of a customer's contracts.

    Parameters
    ----------
    horizon_days : int
    levels : tuple of str
        The plans that are levels of their own, the most common first.
    interaction_types : tuple of (str, str)
        Type and direction of the interactions that are counted separately.
    has_amount, has_interactions : bool
        Whether there are amounts, and interactions.
    whole_days : bool
        Whether a contract lasts through the day that it ends on.
    names, used : tuple of str
        The feature columns, and those that the model sees.
    sql : str
        In DuckDB's dialect.
    """

    horizon_days: int
    levels: tuple[str, ...]
    interaction_types: tuple[tuple[str, str], ...]
    has_amount: bool
    has_interactions: bool
    whole_days: bool
    names: tuple[str, ...]
    used: tuple[str, ...]
    sql: str

    @property
    def amount(self) -> str | None:
        """The column with a month's amount."""
        return AMOUNT if self.has_amount else None

    @property
    def tenure(self) -> str | None:
        """The column with the time as a customer."""
        return TENURE

    @property
    def tenure_days(self) -> float:
        """The days in its unit."""
        return 1.0

    @property
    def windows(self) -> tuple[int, ...]:
        """The days that contacts are counted over."""
        return WINDOWS if self.has_interactions else ()

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """The values of each category that the model sees."""
        return {PLAN: self.levels} if PLAN in self.used else {}

    @property
    def known(self) -> frozenset[str]:
        """No attribute: contracts alone describe a customer."""
        return frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ContractPlan:
        """Restore a plan from ``to_dict``, directly or through JSON."""
        types = tuple((str(a), str(b)) for a, b in fields["interaction_types"])
        tuples = {name: tuple(fields[name]) for name in ("levels", "names", "used")}
        return cls(**{**fields, **tuples, "interaction_types": types})


def plan_contracts(log: Log, *, as_of: datetime, horizon_days: int) -> ContractPlan:
    """Choose plans and interaction types from what is known at ``as_of``."""
    instant = to_naive_utc(as_of)
    levels = _find_plans(log, instant)
    parameters = {"at": instant}
    ((n_amounts,),) = log.con.execute(
        f"select count(amount) from subscriptions where {SEEN}", parameters
    ).fetchall()
    types = find_interaction_types(log.con, instant)
    plan = ContractPlan(
        horizon_days=horizon_days,
        levels=levels if len(levels) > 1 else (),
        interaction_types=types,
        has_amount=n_amounts > 0,
        has_interactions=bool(types),
        whole_days=_lasts_whole_days(log, instant),
        names=(),
        used=(),
        sql="",
    )
    set_as_ofs(log.con, [as_of])
    writer = contract_writer(plan)
    sql = writer.write("contracts")
    names = tuple(writer.describe_numbers(log.con, "contracts"))
    return replace(plan, names=names, used=names, sql=sql)


def write_contract_query(plan: ContractPlan, step: str, **more: object) -> str:
    """Return the plan's query for a step."""
    return contract_writer(plan, **more).write(step)


def contract_writer(plan: ContractPlan, **more: object) -> QueryWriter:
    """Return the writer of the plan's queries."""
    ends = "ends_at + interval 1 day" if plan.whole_days else "ends_at"
    return QueryWriter(
        {
            "ends": f"({ends})",
            "has_amount": plan.has_amount,
            "has_interactions": plan.has_interactions,
            "interaction_types": list(slugs(plan.interaction_types)),
            "levels": plan.levels,
            "windows": WINDOWS,
            "month_seconds": MONTH_SECONDS,
            **more,
        }
    )


def build_contracts(
    log: Log, plan: ContractPlan, *, as_of: Sequence[datetime]
) -> pd.DataFrame:
    """Return the plan's columns of whoever has an active contract.

    Returns
    -------
    DataFrame of shape (n_customers x n_as_of, n_names)
        Indexed by ``as_of`` (naive UTC) and ``customer_id``, sorted; NaN where not
        known.
    """
    set_as_ofs(log.con, as_of)
    frame: pd.DataFrame = log.con.sql(plan.sql).to_arrow_table().to_pandas()
    return frame.set_index(["as_of", "customer_id"]).astype("float64")


def build_outcomes(
    log: Log, plan: ContractPlan, *, as_of: datetime, days: int, known_before: datetime
) -> pd.DataFrame:
    """Return what became of each customer with a contract.

    Parameters
    ----------
    log : Log
    plan : ContractPlan
    as_of : datetime
    days : int
        Length of the label window.
    known_before : datetime
        Rows known at or after it are not seen.

    Returns
    -------
    DataFrame of shape (n_customers, 2), indexed by ``customer_id``
        ``churned``: 1 where no contract is active at the end of the window; and the
        ``value`` of its days, or without amounts its months.
    """
    set_as_ofs(log.con, [as_of])
    sql = write_contract_query(
        plan,
        "contract_outcomes",
        until=f"as_of + interval {int(days)} day",
        known=f"timestamp '{to_naive_utc(known_before)}'",
    )
    table = log.con.sql(sql).to_arrow_table().drop_columns(["as_of"])
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_index("customer_id").astype("float64")


def build_spells(log: Log, plan: ContractPlan, *, as_of: datetime) -> pd.DataFrame:
    """Return the periods in which customers had contracts without a gap.

    Returns
    -------
    DataFrame of shape (n_spells, 3)
        ``days`` long so far, whether it ``has_ended``, and the ``plan`` at its end.
    """
    set_as_ofs(log.con, [as_of])
    sql = write_contract_query(plan, "contract_spells")
    frame: pd.DataFrame = log.con.sql(sql).to_arrow_table().to_pandas()
    days = (frame["until"] - frame["starts_at"]).dt.total_seconds() / 86_400
    return frame[["has_ended", "plan"]].assign(days=days)


def _find_plans(log: Log, instant: datetime) -> tuple[str, ...]:
    rows = log.con.execute(
        f"select plan, count(*) as n from subscriptions where plan is not null and "
        f"{SEEN} group by plan having n >= {MIN_CONTRACTS_PER_PLAN} "
        f"order by n desc, plan limit {MAX_PLANS}",
        {"at": instant},
    ).fetchall()
    return tuple(str(name) for name, _ in rows)


def _lasts_whole_days(log: Log, instant: datetime) -> bool:
    """Tell whether most contracts that are followed end on the day before the next."""
    ((touching, day_before),) = log.con.execute(
        f"""with pairs as (
            select
                ends_at,
                lead(starts_at) over (
                    partition by customer_id order by starts_at, ends_at
                ) as next_at
            from subscriptions where {SEEN}
        )
        select
            count(*) filter (next_at = ends_at),
            count(*) filter (next_at = ends_at + interval 1 day)
        from pairs where ends_at < $at""",
        {"at": instant},
    ).fetchall()
    return int(day_before) > int(touching)
