"""The steps of a query as columns in numpy: sums by hand, the rest compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
from sqlglot import exp

from features.purchases.numpy.families.steps import changes, made_of, rows_of
from features.purchases.numpy.formulas.formulas import Formulas
from features.purchases.numpy.formulas.tape import GRAINS, Place, Tape
from features.purchases.numpy.formulas.values import UnknownError, Value
from features.purchases.numpy.sums import AS_OF, STEPS

ROW = "row_no"
"""Which row of a step is whose."""

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

    step: str
    formulas: Formulas
    columns: Mapping[str, exp.Expr]
    there: Place | None = None
    _values: dict[str, Value] = field(default_factory=dict)

    def read(self, name: str) -> Value:
        """Return a column.

        Raises
        ------
        UnknownError
            If something in it is not known in numpy.
        """
        key = name.lower()
        if key not in self._values:
            try:
                self._values[key] = self.formulas.value(self.columns[key])
            except UnknownError as error:
                if error.column is None:
                    error.step, error.column = self.step, name
                raise
        return self._values[key]


class Relations:
    """The steps of a query, those within others among them."""

    def __init__(self, tape: Tape, query: exp.Select) -> None:
        self._tape = tape
        self._steps: dict[str, exp.Expr] = {}
        self._files: dict[str, str] = {}
        self._relations: dict[str, Relation | UnknownError] = {}
        for file in query.ctes:
            for step in file.find_all(exp.CTE):
                if step.alias in self._steps:
                    raise UnknownError(f"two steps are called {step.alias}")
                self._steps[step.alias], self._files[step.alias] = step.this, file.alias

    def find(self, name: str) -> Relation:
        """Return a step of the query.

        Raises
        ------
        UnknownError
            If what it does is not known in numpy.
        """
        if name not in self._relations:
            try:
                self._relations[name] = self._make(name)
            except UnknownError as error:
                error.step = error.step or self._files.get(name, name)
                self._relations[name] = error
        relation = self._relations[name]
        if isinstance(relation, UnknownError):
            raise relation
        return relation

    def _make(self, name: str) -> Relation:
        query = self._steps.get(name)
        if query is None:
            raise UnknownError(f"the table {name} is read by a family")
        if not isinstance(query, exp.Select):
            raise UnknownError(f"{query.key} is not known in numpy", query)
        if name == "rows_seen":
            self._check(name)
            formulas = Formulas(self._tape, lambda _: AS_OF.value(self._tape))
            return Relation(name, formulas, {"as_of": exp.column("as_of")})
        if query.args.get("group") is not None:
            return self._sums(self._files[name], query)
        return self._select(self._files[name], query)

    def _sums(self, file: str, query: exp.Select) -> Relation:
        sums = STEPS.get(rows_of(query))
        if sums is None:
            raise UnknownError("sums of such rows are not known in numpy")
        for table in query.find_all(exp.Table):
            if table.parent_select is query:
                self._check(table.name)
        there = self._tape.write(sums.is_there, GRAINS) if sums.is_there else None

        def leaf(node: exp.Expr) -> Value | None:
            if not isinstance(node, exp.Filter | exp.AggFunc | exp.Coalesce):
                if isinstance(node, exp.Column):
                    raise UnknownError(f"{node.sql()} is no sum", node)
                return None
            value = sums.find(node, self._tape)
            if value is None and not isinstance(node, exp.Coalesce):
                raise UnknownError("this sum is not known in numpy", node)
            return value

        formulas = Formulas(self._tape, leaf)
        return Relation(file, formulas, dict(_named(query.selects)), there)

    def _check(self, name: str) -> None:
        """Make sure that rows are what numpy takes them for, and what they are of."""
        for step, query in made_of(name, self._steps):
            reason = changes(step, query)
            if reason:
                error = UnknownError(reason)
                error.step = self._files[step]
                raise error

    def _select(self, file: str, query: exp.Select) -> Relation:
        for name, part in query.args.items():
            if part and name not in PARTS:
                raise UnknownError(f"{name.strip('_')} is not known in numpy")
        sources = {
            table.alias_or_name.lower(): (self.find(table.name), is_left)
            for table, is_left in _tables_of(query)
        }
        there = [
            relation.there
            for relation, is_left in sources.values()
            if relation.there is not None and not is_left
        ]
        formulas = Formulas(self._tape, self._reader(sources))
        if query.args.get("where") is not None:
            there.append(formulas.truth(query.args["where"].this).true)
        all_there = None
        if there:
            all_there = reduce(
                lambda a, b: a if a == b else self._tape.write(np.logical_and, a, b),
                there,
            )
        columns = dict(_named(_expanded(query, sources)))
        return Relation(file, formulas, columns, all_there)

    def _reader(
        self, sources: Mapping[str, tuple[Relation, bool]]
    ) -> Callable[[exp.Expr], Value | None]:
        """Return what reads the columns that a select names of its tables."""

        def read(node: exp.Expr) -> Value | None:
            if not isinstance(node, exp.Column):
                return None
            for name, (relation, is_left) in sources.items():
                is_its = node.name.lower() in relation.columns
                if is_its and node.table.lower() in ("", name):
                    value = relation.read(node.name)
                    return self._beside(value, relation.there) if is_left else value
            raise UnknownError(f"where {node.sql()} comes from is not known", node)

        return read

    def _beside(self, value: Value, there: Place | None) -> Value:
        """Return a column of a table that may have no row of some customers."""
        if there is None or (value.scale is None and value.is_blank):
            return value
        write = self._tape.write
        if value.scale is None:
            at = write(np.where, there, value.at, self._tape.constant(np.nan))
            return replace(value, at=at)
        absent = write(np.logical_not, there)
        if value.null is not None:
            absent = write(np.logical_or, absent, value.null)
        return replace(value, null=absent)


def _tables_of(query: exp.Select) -> Iterator[tuple[exp.Table, bool]]:
    """Yield the tables of a select, and whether each may have no row."""
    first = query.args.get("from_")
    if first is None or not isinstance(first.this, exp.Table):
        raise UnknownError("what it reads from is not known in numpy")
    yield first.this, False
    for join in query.args.get("joins") or ():
        parts = {name for name, part in join.args.items() if part}
        using = [column.name for column in join.args.get("using") or ()]
        is_plain = parts <= {"this", "using", "side", "kind"} and using == [ROW]
        is_plain &= join.side in ("", "LEFT") and join.kind in ("", "INNER")
        if not isinstance(join.this, exp.Table) or not is_plain:
            raise UnknownError("only joins using (row_no) are known in numpy", join)
        yield join.this, join.side == "LEFT"


def _named(selects: list[exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
    for part in selects:
        name = part.alias_or_name.lower()
        if name != ROW:
            yield name, part
        elif not isinstance(part, exp.Column):
            raise UnknownError("another row_no is not known in numpy", part)


def _expanded(
    query: exp.Select, sources: Mapping[str, tuple[Relation, bool]]
) -> list[exp.Expr]:
    """Return the columns of a select, those of its tables in place of a star."""
    selects: list[exp.Expr] = []
    for part in query.selects:
        if not part.is_star:
            selects.append(part)
            continue
        if isinstance(part, exp.Star) and any(part.args.values()):
            raise UnknownError("a star that leaves out columns is not known", part)
        table = part.table.lower() if isinstance(part, exp.Column) else ""
        for name, (relation, _) in sources.items():
            if table in ("", name):
                selects += [exp.column(key, table=name) for key in relation.columns]
    return selects
