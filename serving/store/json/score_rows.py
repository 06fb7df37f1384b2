"""The scores of a run: figures in memory, words on disk until they are written on.

Of a million customers the reasons alone are two gigabytes. They are read back some
customers at a time, each time they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.score.schema import SCORE_SCHEMA
from models.score.splice import splice
from models.tiers.primary import Rewritten
from serving.store.json.around_rank import HALVES
from serving.store.json.by_row import check_columns

WORDS = (
    "tier_reason",
    "gap_to_next_tier",
    "cluster_name",
    "churn_reasons",
    "value_reasons",
)
"""The columns of a score that are long."""

FIGURES = tuple(name for name in SCORE_SCHEMA.names if name not in WORDS)
"""The others."""

GAP_AMOUNT = "gap_amount"


@dataclass(frozen=True, slots=True)
class Part:
    """Some customers' scores: a table in memory, or a file with all its columns.

    Parameters
    ----------
    source : Table or OSFile
        In ``SCORE_SCHEMA``, of a file with or without ``HALVES`` beside. An open file
        stays readable when its name is gone.
    """

    source: pa.Table | pa.OSFile

    @property
    def names(self) -> list[str]:
        """Return the columns that are there."""
        if isinstance(self.source, pa.Table):
            return list(self.source.column_names)
        return list(pa.ipc.open_file(self.source).schema.names)

    def read(self, names: Sequence[str]) -> pa.Table:
        """Return columns; of a file, no others are read."""
        if isinstance(self.source, pa.Table):
            return self.source.select(list(names))
        stored_names = self.names
        places = [stored_names.index(name) for name in names]
        options = pa.ipc.IpcReadOptions(included_fields=places)
        table = pa.ipc.open_file(self.source, options=options).read_all()
        return table.select(list(names))


@dataclass(frozen=True, slots=True)
class ScoreRows:
    """The rows of a run.

    Parameters
    ----------
    figures : Table of shape (n_customers, 18)
        ``FIGURES``, and what is missing to the next tier as ``gap_amount``.
    parts : tuple of Part
        Where the words of all customers are, in the same order.
    rewritten : Rewritten or None
        The words that have changed since.
    """

    figures: pa.Table
    parts: tuple[Part, ...]
    rewritten: Rewritten | None = None

    @classmethod
    def of(cls, table: pa.Table) -> ScoreRows:
        """Take a table in ``SCORE_SCHEMA``."""
        return cls._of((Part(table),))

    @classmethod
    def stored(cls, paths: Sequence[Path]) -> ScoreRows:
        """Take files, as ``Part`` tells of them; their names may go then."""
        return cls._of(tuple(Part(pa.OSFile(str(path), "rb")) for path in paths))

    @classmethod
    def _of(cls, parts: tuple[Part, ...]) -> ScoreRows:
        tables = []
        for part in parts:
            read = part.read((*FIGURES, "gap_to_next_tier"))
            gap = pc.struct_field(read["gap_to_next_tier"], "amount")
            tables.append(read.select(list(FIGURES)).append_column(GAP_AMOUNT, gap))
        return cls(pa.concat_tables(tables).combine_chunks(), parts)

    @property
    def num_rows(self) -> int:
        """Return how many customers there are."""
        return int(self.figures.num_rows)

    def with_figures(self, columns: Mapping[str, pa.Array]) -> ScoreRows:
        """Return the rows with other figures."""
        figures = self.figures
        for name, values in columns.items():
            place = figures.schema.get_field_index(name)
            figures = figures.set_column(place, figures.schema.field(place), values)
        return replace(self, figures=figures)

    def with_words(self, rewritten: Rewritten) -> ScoreRows:
        """Return the rows with other tiers, and what is said of them."""
        amounts = pc.struct_field(rewritten.gap_to_next_tier, "amount")
        gaps = splice(self.figures[GAP_AMOUNT], rewritten.rows, amounts)
        regraded = self.with_figures({"tier": rewritten.tier, GAP_AMOUNT: gaps})
        return replace(regraded, rewritten=rewritten)

    def chunks(self) -> Iterator[pa.Table]:
        """Yield the rows in ``SCORE_SCHEMA``, some at a time, in order."""
        start = 0
        for part in self.parts:
            words = self._words(part, start)
            figures = self.figures.slice(start, words.num_rows)
            start += words.num_rows
            yield _whole(figures, words)

    def chunks_to_store(self) -> Iterator[pa.Table]:
        """Yield the rows in order: figures with ``HALVES``, or in ``SCORE_SCHEMA``.

        The latter where words have changed since their JSON was written, or it was not.
        """
        start = 0
        for part in self.parts:
            chunk = self._figures_with_halves(part, start)
            if chunk is None:
                words = self._words(part, start)
                chunk = _whole(self.figures.slice(start, words.num_rows), words)
            start += chunk.num_rows
            yield chunk

    def table(self) -> pa.Table:
        """Return all rows in ``SCORE_SCHEMA``; they have to fit in memory."""
        return pa.concat_tables(self.chunks())

    def take(self, places: Sequence[int]) -> pa.Table:
        """Return a few rows in ``SCORE_SCHEMA``, in the order asked for."""
        rows: dict[int, pa.Table] = {}
        start = 0
        for chunk in self.chunks():
            for place in places:
                if start <= place < start + chunk.num_rows:
                    rows[place] = chunk.take([place - start])
            start += chunk.num_rows
        in_order = [rows[place] for place in places]
        return pa.concat_tables([SCORE_SCHEMA.empty_table(), *in_order])

    def _figures_with_halves(self, part: Part, start: int) -> pa.Table | None:
        """Return None where the JSON is not there, or has been overtaken."""
        if not {*HALVES} <= {*part.names}:
            return None
        halves = part.read(HALVES)
        first, last = self._rewritten_among(start, halves.num_rows)
        if first < last:
            return None
        chunk = self.figures.slice(start, halves.num_rows)
        for name in HALVES:
            chunk = chunk.append_column(name, halves[name])
        return chunk

    def _words(self, part: Part, start: int) -> pa.Table:
        words = part.read(WORDS)
        first, last = self._rewritten_among(start, words.num_rows)
        if self.rewritten is None or first == last:
            return words
        rows = self.rewritten.rows[first:last] - start
        for name in ("tier_reason", "gap_to_next_tier"):
            new = getattr(self.rewritten, name).slice(first, last - first)
            place = words.schema.get_field_index(name)
            spliced = splice(words[name], rows, new)
            words = words.set_column(place, SCORE_SCHEMA.field(name), spliced)
        return words

    def _rewritten_among(self, start: int, n: int) -> tuple[int, int]:
        """Return where the words that have changed of ``n`` rows begin and end."""
        if self.rewritten is None:
            return 0, 0
        first, last = np.searchsorted(self.rewritten.rows, [start, start + n])
        return int(first), int(last)


def _whole(figures: pa.Table, words: pa.Table) -> pa.Table:
    columns = [
        words[name] if name in WORDS else figures[name] for name in SCORE_SCHEMA.names
    ]
    return pa.Table.from_arrays(columns, schema=SCORE_SCHEMA)


def as_rows(scored: pa.Table | ScoreRows) -> ScoreRows:
    """Take scores either way.

    Raises
    ------
    DataError
        If the table is not one of scores.
    """
    if isinstance(scored, ScoreRows):
        return scored
    check_columns(scored)
    return ScoreRows.of(scored)
