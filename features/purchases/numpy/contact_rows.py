"""Interactions of a block of customers."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.purchases.numpy.runs import Bools, Codes, Floats, Ints, money


@dataclass(frozen=True, slots=True)
class Contacts:
    """Interactions, by customer and then by time.

    Parameters
    ----------
    who : array of int
        Place of the customer in the block.
    at, seen_at : array of int
        Microseconds.
    type : array of uint64
        A number for the type's name.
    type_no : array of int
        Place of the type and direction among those counted apart, 0 for others.
    is_inbound, has_value : array of bool
    value, minutes, cost : array of int
        Ten-thousandths, 0 for none.
    """

    who: Ints
    at: Ints
    seen_at: Ints
    type: Codes
    type_no: Ints
    is_inbound: Bools
    has_value: Bools
    value: Ints
    minutes: Ints
    cost: Ints

    def take(self, rows: Ints) -> Contacts:
        """Return these rows, by place."""
        return Contacts(*(getattr(self, field.name)[rows] for field in fields(self)))

    def values(self, rows: Ints) -> Floats:
        """Return the values of these rows, NaN for none."""
        return np.where(self.has_value[rows], money(self.value[rows]), np.nan)
