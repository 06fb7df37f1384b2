"""What each table at the door is made of, and how a file's columns become ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from features.errors import ConfigError
from features.suggest import closest, did_you_mean, fold


class Kind(StrEnum):
    """What a column holds, and so which faults it can have."""

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    INSTANT = "instant"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class Column:
    """One of our columns.

    Parameters
    ----------
    name : str
        Our name of it.
    kind : Kind
        What it holds.
    needed : bool
        Whether each file must have it and each row must fill it.
    """

    name: str
    kind: Kind
    needed: bool = False


def _columns(kind: Kind, names: str, *, needed: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, kind, needed) for name in names.split())


TABLES: Mapping[str, tuple[Column, ...]] = {
    "transactions": (
        *_columns(Kind.ID, "customer_id", needed=True),
        *_columns(Kind.INSTANT, "occurred_at", needed=True),
        *_columns(Kind.NUMBER, "amount", needed=True),
        *_columns(Kind.TEXT, "order_id product_id category"),
        *_columns(Kind.NUMBER, "quantity discount cost"),
        *_columns(Kind.TEXT, "channel currency"),
        *_columns(Kind.INSTANT, "known_at"),
    ),
    "interactions": (
        *_columns(Kind.ID, "customer_id", needed=True),
        *_columns(Kind.INSTANT, "occurred_at", needed=True),
        *_columns(Kind.TEXT, "type", needed=True),
        *_columns(Kind.TEXT, "direction channel"),
        *_columns(Kind.NUMBER, "value"),
        *_columns(Kind.TEXT, "owner_id"),
        *_columns(Kind.NUMBER, "minutes cost"),
        *_columns(Kind.INSTANT, "known_at"),
    ),
    "customers": (
        *_columns(Kind.ID, "customer_id", needed=True),
        *_columns(Kind.INSTANT, "joined_at"),
    ),
    "subscriptions": (
        *_columns(Kind.ID, "customer_id", needed=True),
        *_columns(Kind.INSTANT, "starts_at", needed=True),
        *_columns(Kind.INSTANT, "ends_at"),
        *_columns(Kind.NUMBER, "amount"),
        *_columns(Kind.TEXT, "plan currency"),
        *_columns(Kind.INSTANT, "known_at"),
    ),
}
"""The tables and their columns, in order. ``customers`` takes any attribute besides."""

OPEN_TABLE = "customers"
"""The table whose further columns are all read, as attributes."""

TEXT_ATTRIBUTES = frozenset({"customer_type", "region", "industry", "source"})
"""Attributes that are text even where every value looks like a number."""

ALIASES: Mapping[str, str] = {
    "customer_id": "customer client user member account buyer shopper household "
    "clientid userid memberid accountid buyerid householdid custid customerno "
    "customernumber",
    "occurred_at": "timestamp date datetime time invoicedate orderdate purchasedate "
    "transactiondate createdat orderedat eventtime day",
    "amount": "total revenue sales spend price value net gross totalprice ordertotal "
    "salesvalue linetotal paid sum",
    "type": "event eventtype action kind activity name",
    "starts_at": "start startdate startedat begin begindate startson subscriptionstart "
    "contractstart signupdate",
}
"""Other usual names of our needed columns, folded; suggested, never assumed."""


def check_mapping(table: str, mapping: Mapping[str, str]) -> None:
    """Refuse a mapping of a column that the table does not have.

    Raises
    ------
    ConfigError
        If one of our names is unknown. ``customers`` may name any attribute.
    """
    names = [column.name for column in TABLES[table]]
    for ours in mapping:
        if table != OPEN_TABLE and ours not in names:
            raise ConfigError(
                f"[data.columns.{table}] maps {ours!r}, which is no column of ours.",
                needed=f"The columns of {table} are {', '.join(names)}.",
                todo=did_you_mean(ours, names) or "Remove it or write one of these.",
            )


def theirs_for(ours: str, header: Iterable[str]) -> str | None:
    """Return the file's column that probably is the one we call ``ours``.

    Examples
    --------
    >>> theirs_for("occurred_at", ["InvoiceDate", "Price"])
    'InvoiceDate'
    """
    candidates = list(header)
    aliases = [fold(ours), *ALIASES.get(ours, "").split()]
    for alias in aliases:
        for name in candidates:
            if fold(name) == alias:
                return name
    return closest(ours, candidates)
