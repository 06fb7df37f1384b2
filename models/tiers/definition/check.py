"""What is wrong with schemes that somebody writes, before a run takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from features.errors import ConfigError, RuleError
from features.suggest import did_you_mean
from models.rules import Rule, RuleType, parse_amount, parse_rule
from models.score.fact_types import FACT_TYPES, OPTIONAL_ATTRIBUTES, type_of
from models.tiers.definition.class_names import find_unknown_class
from models.tiers.definition.dependencies import PREFIX, named_schemes, split_circles
from models.tiers.definition.scheme import LIMITED, Scheme

Columns = Mapping[str, RuleType]
NO_COLUMN = "there is no such column"


def find_scheme_faults(
    schemes: Sequence[Scheme],
    columns: Columns | None,
    *,
    classes_besides: Mapping[str, Sequence[str]],
) -> dict[str, ConfigError]:
    """Return what is wrong with each scheme, by name.

    Parameters
    ----------
    schemes : sequence of Scheme
    columns : mapping of str to RuleType or None
        What the published run has; None where there is none yet, and no column can be
        said to be lacking.
    classes_besides : mapping of str to sequence of str
        The classes of the schemes that there are besides.
    """
    classes = {**classes_besides, **{scheme.name: scheme.classes for scheme in schemes}}
    tiers = dict.fromkeys((f"{PREFIX}{name}" for name in classes), RuleType.TEXT)
    shipped = {
        name: kind
        for name, arrow in OPTIONAL_ATTRIBUTES.items()
        if (kind := type_of(arrow)) is not None
    }
    kinds = {**shipped, **FACT_TYPES, **(columns or {}), **tiers}
    _, circles = split_circles(schemes)
    faults = dict(circles)
    for scheme in schemes:
        for fault in _faults_of(scheme, kinds, classes, is_whole=columns is not None):
            faults.setdefault(scheme.name, fault)
    return faults


def _faults_of(
    scheme: Scheme,
    columns: Columns,
    classes: Mapping[str, Sequence[str]],
    *,
    is_whole: bool,
) -> Iterator[ConfigError]:
    for name in named_schemes(scheme):
        if name not in classes:
            yield ConfigError(
                f"[tiers.{scheme.name}] There is no tier scheme {name!r}.",
                todo=did_you_mean(name, classes),
            )
    yield from _cell_faults(scheme, classes)
    columns_of = {f"{PREFIX}{name}": names for name, names in classes.items()}
    try:
        unknown = find_unknown_class(_parse(scheme, columns), columns_of)
        if unknown is not None:
            yield ConfigError(
                f"[tiers.{scheme.name}] {unknown.problem}",
                needed=unknown.needed,
                todo=unknown.todo,
            )
    except RuleError as error:
        if is_whole or not error.fault.endswith(NO_COLUMN):
            yield named_fault(scheme, error)
    for name in (scheme.by, scheme.group, *scheme.needs):
        if is_whole and name and name not in columns:
            yield ConfigError(
                f"[tiers.{scheme.name}] There is no column {name!r}.",
                todo=did_you_mean(name, columns),
            )


def _cell_faults(
    scheme: Scheme, classes: Mapping[str, Sequence[str]]
) -> Iterator[ConfigError]:
    """Name the classes that a matrix names and that its schemes do not have."""
    rows = scheme.cells.values()
    named = (
        (scheme.rows, list(scheme.cells)),
        (scheme.columns, [column for row in rows for column in row]),
        (scheme.name, [target for row in rows for target in row.values()]),
    )
    for name, words in named:
        for word in words:
            if name in classes and word not in classes[name]:
                yield ConfigError(
                    f"[tiers.{scheme.name}] cells names {word!r}, and {name} has no"
                    " such class.",
                    needed=f"One of {', '.join(classes[name])}.",
                    todo=did_you_mean(word, classes[name]),
                )


def _parse(scheme: Scheme, columns: Columns) -> list[Rule]:
    if scheme.kind in LIMITED:
        parse_amount(scheme.quantity, columns)
    lifts = [override.when for override in (scheme.growth, scheme.failing) if override]
    return [parse_rule(text, columns) for text in (*scheme.rules, *lifts)]


def named_fault(scheme: Scheme, error: RuleError) -> ConfigError:
    """Say in which scheme a rule's fault is."""
    return ConfigError(
        f"[tiers.{scheme.name}] {error.problem}", needed=error.needed, todo=error.todo
    )
