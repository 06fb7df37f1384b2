"""The steps of a query as columns in numpy: sums by hand, the rest compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from sqlglot import exp

from features.purchases.numpy.families.row_sums import RowSums
from features.purchases.numpy.families.selects import ROW, made_of, rows_of, tables_of
from features.purchases.numpy.families.steps import changes
from features.purchases.numpy.formulas.expressions import WRITERS
from features.purchases.numpy.formulas.formulas import Formulas
from features.purchases.numpy.formulas.tape import GRAINS, Place, Tape
from features.purchases.numpy.formulas.values import Type, UnknownError, Value
from features.purchases.numpy.sums import AS_OF, ROWS, STEPS
from features.purchases.numpy.sums.leaf import Step
from features.purchases.numpy.sums.rows import Rows

PARTS = frozenset({"expressions", "from_", "joins", "where", "with_"})
"""What a select may have whose columns are compiled."""


@dataclass(slots=True)
class Relation:
    """A step of a query, of which columns are written onto a tape when they are read.

    Parameters
    ----------
    there : Place or None
        Of which customers it has a row; None for all.
    """

    name: str
    formulas: Formulas
    columns: Mapping[str, exp.Expr]
    there: Place | None = None
    _written: dict[str, Value] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Tell whether there is such a column."""
        return name.lower() in self.columns

    def read(self, name: str) -> Value:
        """Return a column.

        Raises
        ------
        UnknownError
            If something in it is not known in numpy.
        """
        key = name.lower()
        if key not in self._written:
            try:
                self._written[key] = self.formulas.value(self.columns[key])
            except UnknownError as error:
                if error.column is None:
                    error.step, error.column = self.name, name
                raise
        return self._written[key]


class Relations:
    """The steps of a query.

    Parameters
    ----------
    tape : Tape
    steps : mapping of str to Expr
        By name.
    """

    def __init__(self, tape: Tape, steps: Mapping[str, exp.Expr]) -> None:
        self._tape, self._steps = tape, steps
        self._relations: dict[str, Relation | UnknownError] = {}
        self._changes: dict[int, str | None] = {}

    def find(self, name: str) -> Relation:
        """Return a step of the query.

        Raises
        ------
        UnknownError
            If what it does is not known in numpy.
        """
        if name not in self._relations:
            self._relations[name] = self._try(name)
        relation = self._relations[name]
        if isinstance(relation, UnknownError):
            raise relation
        return relation

    def _try(self, name: str) -> Relation | UnknownError:
        try:
            return self._make(name, name, self._steps)
        except UnknownError as error:
            error.step = error.step or name
            return error

    def _make(self, name: str, step: str, scope: Mapping[str, exp.Expr]) -> Relation:
        """Return what a name stands for within a step."""
        query = scope.get(name)
        if query is None:
            raise UnknownError(f"the table {name} is read by a family", None)
        if not isinstance(query, exp.Select):
            raise UnknownError(f"{query.key} is not known in numpy", query)
        scope = {**scope, **{cte.alias: cte.this for cte in query.ctes}}
        if name == "rows_seen":
            self._check(name, scope)
            return self._rows_seen()
        if query.args.get("group") is not None:
            return self._sums(query, step, scope)
        return self._select(query, step, scope)

    def _rows_seen(self) -> Relation:
        as_of = AS_OF.value(self._tape, ())
        formulas = Formulas(self._tape, _no_column, WRITERS, lambda _: as_of)
        return Relation("rows_seen", formulas, {"as_of": exp.column("as_of")})

    def _sums(
        self, query: exp.Select, step: str, scope: Mapping[str, exp.Expr]
    ) -> Relation:
        sums, rows = STEPS.get(rows_of(query)), ROWS.get(rows_of(query))
        if sums is None:
            raise UnknownError("sums of such rows are not known in numpy", None)
        for table in query.find_all(exp.Table):
            if table.parent_select is query:
                self._check(table.name, scope)

        leaf = _Leaf(self._tape, sums, rows).find
        there = self._tape.write(sums.is_there, GRAINS) if sums.is_there else None
        formulas = Formulas(self._tape, _no_column, WRITERS, leaf)
        return Relation(step, formulas, dict(_named(query.selects)), there)

    def _select(
        self, query: exp.Select, step: str, scope: Mapping[str, exp.Expr]
    ) -> Relation:
        for name, part in query.args.items():
            if part and name not in PARTS:
                raise UnknownError(f"{name.strip('_')} is not known in numpy", None)
        sources: dict[str, tuple[Relation, bool]] = {}
        there: list[Place] = []
        for table, is_left in tables_of(query):
            relation = self._source(table.name, step, scope)
            sources[table.alias_or_name.lower()] = relation, is_left
            if relation.there is not None and not is_left:
                there.append(relation.there)
        columns: dict[str, exp.Expr] = {}
        formulas = Formulas(
            self._tape, _Reader(self._tape, sources, columns).read, WRITERS
        )
        columns |= _expanded(query, sources)
        where = query.args.get("where")
        if where is not None:
            there.append(formulas.truth(where.this).true)
        return Relation(step, formulas, columns, _all_of(self._tape, there))

    def _check(self, name: str, scope: Mapping[str, exp.Expr]) -> None:
        """Make sure that rows are what numpy takes them for, and what they are of."""
        for step, query in made_of(name, scope):
            if id(query) not in self._changes:
                change = None if is_sum(query) else changes(step, query)
                self._changes[id(query)] = change
            reason = self._changes[id(query)]
            if reason:
                error = UnknownError(reason, None)
                error.step = step
                raise error

    def _source(self, name: str, step: str, scope: Mapping[str, exp.Expr]) -> Relation:
        if scope.get(name) is self._steps.get(name):
            return self.find(name)
        return self._make(name, step, scope)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Finds sums in the formulas of a step, by hand or else row by row."""

    tape: Tape
    sums: Step
    rows: Rows | None

    def find(self, node: exp.Expr) -> Value | None:
        if not isinstance(node, exp.Filter | exp.AggFunc | exp.Coalesce):
            return None
        by_hand = self.sums.find(node)
        if by_hand is not None:
            sum_, numbers = by_hand
            return sum_.value(self.tape, numbers)
        if isinstance(node, exp.Coalesce):
            return None
        if self.rows is None:
            raise UnknownError("this sum is not known in numpy", node)
        return RowSums(self.tape, self.rows).value(node)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the columns that a select names, of its tables or of its own."""

    tape: Tape
    sources: Mapping[str, tuple[Relation, bool]]
    own: Mapping[str, exp.Expr]

    def read(self, node: exp.Column) -> Value:
        table = node.table.lower()
        for name, (relation, is_left) in self.sources.items():
            if (not table or table == name) and relation.has(node.name):
                value = relation.read(node.name)
                if is_left and relation.there is not None:
                    return self._beside(value, relation.there)
                return value
        raise UnknownError(f"where {node.sql()} comes from is not known", node)

    def _beside(self, value: Value, there: Place) -> Value:
        """Return a column of a table that has no row of some customers."""
        absent = self.tape.write(np.logical_not, there)
        if value.type in (Type.DOUBLE, Type.ROUNDED):
            if value.is_blank:
                return value
            nothing = self.tape.constant(np.nan)
            at = self.tape.write(np.where, there, value.at, nothing)
            return replace(value, at=at, is_blank=True)
        if value.null is None:
            return replace(value, null=absent)
        null = self.tape.write(np.logical_or, absent, value.null)
        return replace(value, null=null)


def _all_of(tape: Tape, places: list[Place]) -> Place | None:
    all_of: Place | None = None
    for place in dict.fromkeys(places):
        all_of = place if all_of is None else tape.write(np.logical_and, all_of, place)
    return all_of


def _named(selects: list[exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    for part in selects:
        name = part.alias_or_name.lower()
        if name != ROW:
            yield name, part
        elif not isinstance(part, exp.Column):
            raise UnknownError("another row_no is not known in numpy", part)


def _expanded(
    query: exp.Select, sources: Mapping[str, tuple[Relation, bool]]
) -> dict[str, exp.Expr]:
    """Return the columns of a select, those of its tables in place of a star."""
    columns: dict[str, exp.Expr] = {}
    for part in query.selects:
        if not part.is_star:
            columns |= dict(_named([part]))
            continue
        if isinstance(part, exp.Star) and any(part.args.values()):
            raise UnknownError("a star that leaves out columns is not known", part)
        table = part.table.lower() if isinstance(part, exp.Column) else ""
        for name, (relation, _) in sources.items():
            if table in ("", name):
                columns |= {
                    column: exp.column(column, table=name)
                    for column in relation.columns
                }
    return columns


def is_sum(query: exp.Expr) -> bool:
    """Tell whether a step only sums rows that are looked at themselves."""
    return isinstance(query, exp.Select) and rows_of(query) in STEPS


def _no_column(node: exp.Column) -> Value:
    raise UnknownError(f"{node.sql()} is no sum", node)
