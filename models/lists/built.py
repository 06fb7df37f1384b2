"""What becomes of a list in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MEMBERS = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        ("owner_id", pa.string()),
        ("expected_profit", pa.float64()),
    ]
)
"""One row a member, in order. ``source`` is ``filter``, ``backfill`` or ``pick`` (by a
manual list or a snapshot); ``expected_profit`` is that of the list's action."""


@dataclass(frozen=True, slots=True)
class BuiltList:
    """A list's members in a run, and what became of the others.

    ``n_candidates`` is always the members, those left out and those beyond the limit.

    Parameters
    ----------
    members : pyarrow.Table
        ``MEMBERS``.
    n_candidates : int
        Who met the condition, or a rule of backfill that was needed.
    excluded : mapping of str to int
        Reason to customers left out for it; each counts once, under the first reason.
    n_beyond : int
        Who met all, but came after the last.
    unchecked : tuple of str
        Guardrails, and rules of backfill, whose columns the log does not have.
    needs : tuple of str
        Columns without which the list cannot be made; it then has no members.
    fault : str or None
        What is wrong with its rules in this run; where they cannot be read, it has no
        members.
    """

    members: pa.Table
    n_candidates: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    n_beyond: int = 0
    unchecked: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def n_members(self) -> int:
        """Return how many members there are."""
        return int(self.members.num_rows)

    @property
    def n_backfilled(self) -> int:
        """Return how many members fill the list up."""
        return pc.sum(pc.equal(self.members["source"], "backfill")).as_py() or 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the members."""
        return {
            "n_members": self.n_members,
            "n_candidates": self.n_candidates,
            "n_backfilled": self.n_backfilled,
            "n_beyond": self.n_beyond,
            "excluded": dict(self.excluded),
            "unchecked": list(self.unchecked),
            "needs": list(self.needs),
            "fault": self.fault,
        }


def without_members(
    *, needs: tuple[str, ...] = (), fault: str | None = None
) -> BuiltList:
    """Return the list that cannot be made."""
    return BuiltList(MEMBERS.empty_table(), needs=needs, fault=fault)
