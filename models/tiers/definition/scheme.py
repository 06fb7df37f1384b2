"""A tier scheme as it is written in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

TIERS = ("VIP", "A", "B", "C")
"""The classes of kind ``abc``, from the top down."""

LIMITED = {
    "abc": 0,
    "share": "shares of the whole, made by the class and those above it",
    "top": "how many customers, those above it among them",
    "top_percent": "percent of all customers, those above it among them",
    "top_of_group": "how many customers of each group",
    "thresholds": "the least quantity of each class",
    "quantiles": "the share of customers below each class",
    "average": "percent above the average",
}
"""Kinds that cut a quantity, and what their limits are."""

RULED = ("rules", "all_of", "any_of")
KINDS = (*LIMITED, *RULED, "matrix")
UNITS = ("money", "orders", "share", "days", "")


@dataclass(frozen=True, slots=True)
class Override:
    """Customers who are put into another class than the scheme's own.

    Parameters
    ----------
    when : str
        A rule.
    to : str
        The class.
    days : int
        After so long the override ends.
    approval : bool
        Whether it is only proposed, until somebody overrides by hand.
    """

    when: str
    to: str
    days: int = 90
    approval: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """How customers are put into classes, the highest first.

    Parameters
    ----------
    name : str
    kind : str
        One of ``KINDS``.
    classes : tuple of str
        From the top down; who fits none is in the last.
    title : str
    source : tuple of str
        The rows of the requirements that it comes from.
    quantity : str
        A number, where the kind cuts one.
    unit : str
        One of ``UNITS``: how the quantity is written.
    limits : tuple of float
        One for each class but the last, from the top down.
    by : str
        A column whose values may have limits of their own.
    overrides : mapping of str to tuple of float
        The limits of some values of ``by``.
    group : str
        The column of the groups of ``top_of_group``.
    rules : tuple of str
        One for each class but the last; all for the first with all_of and any_of.
    rows, columns : str
        The schemes of a matrix.
    cells : mapping
        Class of the rows to class of the columns to class.
    needs : tuple of str
        Facts without which the scheme says nothing.
    hysteresis : float
        Share of a limit by which it must be passed before a customer moves.
    min_stay_days : int
        Days in a class before the next move.
    growth, failing : Override or None
        Who is put higher for potential, or lower for failing.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    title: str = ""
    source: tuple[str, ...] = ()
    quantity: str = ""
    unit: str = ""
    limits: tuple[float, ...] = ()
    by: str = ""
    overrides: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    group: str = ""
    rules: tuple[str, ...] = ()
    rows: str = ""
    columns: str = ""
    cells: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    hysteresis: float = 0.0
    min_stay_days: int = 0
    growth: Override | None = None
    failing: Override | None = None

    @property
    def has_history(self) -> bool:
        """Tell whether a class hangs on the one before."""
        moved = self.hysteresis or self.min_stay_days
        return bool(moved or self.growth or self.failing)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without what is left at its default."""
        plain = Scheme(self.name, self.kind, self.classes)
        return {
            name: value
            for name, value in asdict(self).items()
            if name in {"name", "kind", "classes"} or value != getattr(plain, name)
        }
