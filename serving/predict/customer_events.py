"""What one customer did, as it is sent to be scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerEvents:
    """A customer to score: from what is sent, or, by the id alone, as published.

    Parameters
    ----------
    customer_id : str
    transactions, interactions : tuple of mapping
        Column to value, as the tables at the door name them.
    joined_at : datetime or None
        When the customer signed up, where the log says so of its customers.
    attributes : mapping or None
        The customer's own, for a model of attributes.
    subscriptions : tuple of mapping
        The customer's contracts, for a model of contracts.
    """

    customer_id: str
    transactions: tuple[Event, ...] = ()
    interactions: tuple[Event, ...] = ()
    joined_at: datetime | None = None
    attributes: Mapping[str, Any] | None = None
    subscriptions: tuple[Event, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Tell whether there is anything to score from."""
        return bool(self.transactions or self.subscriptions) or (
            self.attributes is not None
        )
