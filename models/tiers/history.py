"""What a run remembers of its customers' classes, for the next to start from.

It is read and written for all customers at once: with a million of them a step for each
takes minutes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.tiers.cuts import code_names
from models.tiers.definition.dependencies import PREFIX
from models.tiers.definition.scheme import Scheme
from models.tiers.standing import CAUSES, RULE, Classified, Days, Moved, Past

BATCH = 20_000
"""Customers whose JSON is in memory at once."""

Places = npt.NDArray[np.intp]
Told = dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class Standings:
    """Where customers stood in a run.

    Parameters
    ----------
    table : Table of shape (n_customers, 2 + n_schemes)
        ``customer_id``; ``moves``, JSON or null; ``tier_NAME``, the class by each
        scheme.
    run_id : str or None
        Of which run, where a store knows.
    """

    table: pa.Table
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Where the customers of a run stood in the one before.

    Parameters
    ----------
    n : int
        Customers of this run.
    classes : mapping of str to Array
        Scheme to the class of each that was there, before.
    rows : array of int, shape (n_both,)
        Places, in this run, of those who were there.
    moved : mapping of str to (rows, facts)
        Scheme to places in this run, and what was remembered of them.
    """

    n: int
    rows: Places = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    classes: Mapping[str, pa.Array] = field(default_factory=dict)
    moved: Mapping[str, tuple[list[int], Told]] = field(default_factory=dict)

    def of(self, scheme: Scheme) -> Past:
        """Return where customers stood by one scheme."""
        past = Past.none(self.n)
        if scheme.name not in self.classes:
            return past
        past.codes[self.rows] = code_names(self.classes[scheme.name], scheme.classes)
        if scheme.name in self.moved:
            rows, remembered = self.moved[scheme.name]
            past.since[rows] = _days(remembered["since"])
            past.lifted[rows] = _days(remembered["lifted"])
            was = pa.array(remembered["was"], pa.string())
            past.was[rows] = code_names(was, scheme.classes)
        return past


def _days(written: list[str | None]) -> Days:
    days = (
        pa.array(written, pa.string()).cast(pa.date32()).to_numpy(zero_copy_only=False)
    )
    return np.asarray(days, dtype="datetime64[D]")


def read_history(before: Standings | None, ids: pa.ChunkedArray) -> History:
    """Lay the customers of a run beside those of the one before.

    Parameters
    ----------
    before : Standings or None
        Without them nobody has a history.
    ids : array of str, shape (n_customers,)
        Of this run.
    """
    if before is None:
        return History(len(ids))
    table = before.table
    places = pc.index_in(table["customer_id"], value_set=ids).to_numpy()
    there = ~np.isnan(places)
    classes = {
        name.removeprefix(PREFIX): table[name].filter(pa.array(there))
        for name in table.column_names
        if name.startswith(PREFIX)
    }
    rows = places[there].astype(np.intp)
    moves = table["moves"].filter(pa.array(there))
    return History(len(ids), rows, classes, _read_moves(moves, rows))


def _read_moves(
    moves: pa.ChunkedArray, rows: Places
) -> dict[str, tuple[list[int], Told]]:
    is_valid = moves.is_valid().to_numpy()
    moved: dict[str, tuple[list[int], Told]] = defaultdict(
        lambda: ([], {"since": [], "was": [], "lifted": []})
    )
    for row, by_scheme in zip(rows[is_valid].tolist(), _parsed(moves), strict=True):
        for name, facts in by_scheme.items():
            places, columns = moved[name]
            places.append(row)
            for key, values in columns.items():
                values.append(facts.get(key))
    return moved


def _parsed(moves: pa.ChunkedArray) -> Iterator[dict[str, dict[str, str]]]:
    for batch in pa.table({"moves": moves.drop_null()}).to_batches(BATCH):
        yield from json.loads(f"[{','.join(batch['moves'].to_pylist())}]")


def write_moves(
    schemes: Sequence[Scheme], results: Mapping[str, tuple[Classified, Moved]], n: int
) -> list[str | None]:
    """Write what is to be known of customers beside their classes, as JSON."""
    inside = [""] * n if results else []
    for scheme in schemes:
        if scheme.name not in results:
            continue
        rows, texts, kinds = _told(scheme, *results[scheme.name])
        named = [f"{json.dumps(scheme.name)}: {text}" for text in texts]
        for row, kind in zip(rows.tolist(), kinds.tolist(), strict=True):
            before = inside[row]
            inside[row] = f"{before}, {named[kind]}" if before else named[kind]
    return [f"{{{text}}}" if text else None for text in inside]


def _told(
    scheme: Scheme, classified: Classified, moved: Moved
) -> tuple[Places, list[str], Places]:
    """Return of whom something is told, the texts there are, and whose is which."""
    past = moved.past
    is_remembered = (
        ~np.isnat(past.since) | (moved.causes != RULE) | ~np.isnat(past.lifted)
    )
    rows = np.flatnonzero(is_remembered)
    differs = moved.codes[rows] != classified.codes[rows]
    parts = (
        moved.causes[rows],
        past.since[rows].astype(np.int64),
        past.was[rows],
        past.lifted[rows].astype(np.int64),
        np.where(differs, classified.codes[rows], -1),
    )
    key = np.zeros(len(rows), dtype=np.int64)
    for part in parts:
        kinds = pa.array(part).dictionary_encode()
        key = key * len(kinds.dictionary) + kinds.indices.to_numpy()
    same = pa.array(key).dictionary_encode().indices.to_numpy()
    first = np.zeros(same.max(initial=-1) + 1, dtype=np.intp)
    first[same[::-1]] = np.arange(len(rows))[::-1]
    texts = [_text(scheme, *(int(part[row]) for part in parts)) for row in first]
    return rows, texts, same


def _text(
    scheme: Scheme, cause: int, since: int, was: int, lifted: int, by_rule: int
) -> str:
    facts = {"cause": CAUSES[cause]}
    days = {"since": np.datetime64(since, "D"), "lifted": np.datetime64(lifted, "D")}
    names = {"was": was, "by_rule": by_rule}
    facts |= {key: str(day) for key, day in days.items() if not np.isnat(day)}
    facts |= {key: scheme.classes[code] for key, code in names.items() if code >= 0}
    return json.dumps(facts, ensure_ascii=False)
