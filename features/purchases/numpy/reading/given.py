"""Rows that are at hand, by column, as the door would take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.door.rows.casts import NO_VALUE
from features.door.rows.columns import TABLES, Kind
from features.door.rows.faults import CLOCK_SKEW, EARLIEST, MAX_ID_CHARS, MAX_NUMBER
from features.purchases.numpy.grains.runs import (
    MICROSECOND,
    SPREAD,
    Bools,
    Codes,
    Floats,
    Ints,
    to_micros,
)

Row = Mapping[str, Any]

NONE = type(None)
TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.ID: frozenset({str}),
    Kind.TEXT: frozenset({str, NONE}),
    Kind.NUMBER: frozenset({float, int, NONE}),
    Kind.INSTANT: frozenset({datetime, NONE}),
}
"""What each kind of column may hold."""

CASELESS = frozenset({"currency", "direction"})
NEVER = np.iinfo(np.int64).min


class AskDoorError(Exception):
    """The door would not take a row as it is."""


@dataclass(frozen=True, slots=True)
class GivenRows:
    """The rows of one table, by column, checked as the door would check them."""

    names: Sequence[str]
    who: Ints
    texts: dict[str, list[Any]]
    numbers: dict[str, Floats]
    instants: dict[str, Ints]

    @classmethod
    def of(cls, table: str, own_rows: Mapping[str, Sequence[Row]], *, now: int) -> Self:
        """Read the rows of each customer."""
        names = list(own_rows)
        check_ids(names)
        rows = list(chain.from_iterable(own_rows.values()))
        kinds = {column.name: column.kind for column in TABLES[table]}
        present: set[str] = set().union(*rows)
        if not kinds.keys() >= present or "customer_id" in present:
            raise AskDoorError
        rows_given = cls(
            names,
            np.repeat(np.arange(len(names)), [*map(len, own_rows.values())]),
            *({}, {}, {}),
        )
        needed = {column.name for column in TABLES[table] if column.needed}
        for name in (present | needed) - {"customer_id"}:
            values = [row.get(name) for row in rows]
            types = set(map(type, values))
            if not TYPES[kinds[name]] >= types or (name in needed and NONE in types):
                raise AskDoorError
            rows_given._add(name, values, kinds[name], now=now)
        return rows_given

    def _add(self, name: str, values: list[Any], kind: Kind, *, now: int) -> None:
        if kind is Kind.TEXT:
            self.texts[name] = check_texts(name, values)
        elif kind is Kind.NUMBER:
            numbers = np.array(values, np.float64)
            if not (np.isnan(numbers) | (np.abs(numbers) <= MAX_NUMBER)).all() or (
                name == "amount" and np.isnan(numbers).any()
            ):
                raise AskDoorError
            self.numbers[name] = numbers + 0.0  # -0 is 0
        else:
            self.instants[name] = check_instants(name, values, now=now)

    def are_seen(self, latest: int) -> Bools:
        """Tell which rows had happened, and were known, before an instant."""
        if not len(self.who):
            return np.zeros(0, np.bool_)
        is_seen = self.instants["occurred_at"] < latest
        if "known_at" in self.instants:
            is_seen &= self.instants["known_at"] < latest
        return is_seen

    def take(self, chosen: Bools, places: Mapping[str, int]) -> GivenRows:
        """Leave out rows, and all customers but some, who are numbered anew."""
        to = np.array([places.get(name, -1) for name in self.names], np.int64)
        who = to[self.who] if len(self.who) else self.who
        rows = np.flatnonzero(chosen & (who >= 0))
        chosen_places = rows.tolist()
        return GivenRows(
            list(places),
            who[rows],
            {
                name: [values[at] for at in chosen_places]
                for name, values in self.texts.items()
            },
            {name: values[rows] for name, values in self.numbers.items()},
            {name: values[rows] for name, values in self.instants.items()},
        )

    def times(self) -> dict[str, npt.NDArray[Any]]:
        """Return whose each row is, when it happened, and when it was known besides."""
        at = self.instants["occurred_at"]
        known_at = self.instants.get("known_at", at)
        seen_at = at if (known_at <= at).all() else np.maximum(at, known_at)
        return {"customer_no": self.who, "at_us": at, "seen_us": seen_at}

    def text(self, name: str) -> list[Any]:
        """Return a column of text, None where the rows have none."""
        return self.texts.get(name) or [None] * len(self.who)

    def number(self, name: str) -> Floats:
        """Return a column of numbers, NaN where the rows have none."""
        numbers = self.numbers.get(name)
        return np.full(len(self.who), np.nan) if numbers is None else numbers

    def codes(self, name: str) -> Codes:
        """Return a number for each different text, 0 for none."""
        if name not in self.texts:
            return np.zeros(len(self.who), np.uint64)
        values = self.texts[name]
        different = dict.fromkeys(values)
        different.pop(None, None)
        numbers = {text: at for at, text in enumerate(different, start=1)}
        codes = np.array([numbers.get(text, 0) for text in values], np.uint64)
        return codes * SPREAD


def check_ids(names: Sequence[str]) -> None:
    """Make sure that the door takes these customers as they are."""
    for name in names:
        if not isinstance(name, str) or len(name) > MAX_ID_CHARS:
            raise AskDoorError
        if not name.isprintable() or not _is_plain(name):
            raise AskDoorError


def check_texts(name: str, values: list[Any]) -> list[Any]:
    """Make sure that the door takes these texts as they are; return what it keeps."""
    different = set(values)
    different.discard(None)
    if not all(map(_is_plain, different)):
        raise AskDoorError
    if name in CASELESS and not all(map(str.isascii, different)):
        raise AskDoorError  # what is upper and lower case is told in two ways
    if name == "currency" and len({text.upper() for text in different}) > 1:
        raise AskDoorError  # rows in another currency than most are set aside
    if name == "direction":
        return [text and text.lower() for text in values]
    return values


def _is_plain(text: str) -> bool:
    """Tell whether a text is no word for nothing and has no blanks around it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    is_something = bool(text) and text.lower() not in NO_VALUE
    return is_something and text == text.strip() and "\0" not in text


def check_instants(name: str, values: list[Any], *, now: int) -> Ints:
    """Make sure that the door takes these instants; return microseconds."""
    try:
        array = pa.array(values, pa.timestamp("us"))
    except (pa.ArrowInvalid, OverflowError) as exc:
        raise AskDoorError from exc
    micros = array.cast(pa.int64()).fill_null(NEVER).to_numpy()
    if name in EARLIEST:
        earliest = to_micros(datetime.fromisoformat(EARLIEST[name]))
        latest = now + CLOCK_SKEW // MICROSECOND
        if not ((micros >= earliest) & (micros <= latest)).all():
            raise AskDoorError
    return np.asarray(micros)
