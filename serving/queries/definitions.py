"""Definitions over the API: checked before they are kept, and when they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.errors import ConfigError
from models.rules import RuleType
from models.tiers import find_scheme_faults as find
from models.tiers import read_presets, read_schemes, split_readable
from serving.errors import DefinitionError, UnpublishedError
from serving.runs.published import Run, model
from serving.store.decisions import read_written, write_schemes
from serving.store.engine import Store
from serving.store.facts_table import stored_columns

Terms = Mapping[str, Mapping[str, Any]]


def save_schemes(store: Store, schemes: Terms, *, who: str) -> None:
    """Put schemes in the place of those that came over the API before.

    Raises
    ------
    DefinitionError
        If one is wrong, as far as the published run can tell.
    """
    if faults := find_scheme_faults(store, schemes):
        raise DefinitionError("schemes", faults)
    write_schemes(store, schemes, who=who)


def stored_scheme_faults(store: Store) -> dict[str, str]:
    """Return what is wrong by now with schemes that came over the API, by name."""
    faults = find_scheme_faults(store, read_written(store))
    return {name: str(fault) for name, fault in faults.items()}


def find_scheme_faults(store: Store, schemes: Terms) -> dict[str, ConfigError]:
    """Return what is wrong with schemes, by name.

    Columns are those of the published run; where there is none, any may come.
    """
    usable, faults = split_readable(schemes)
    run = _published(store)
    classes_besides = {name: terms["classes"] for name, terms in read_presets().items()}
    if run is not None:
        in_run = run.context.get("schemes", {}).items()
        classes_besides |= {name: terms["classes"] for name, terms in in_run}
    readable = read_schemes(usable, active=tuple(usable))
    columns = None if run is None else _columns(run)
    return {**find(readable, columns, classes_besides=classes_besides), **faults}


def _published(store: Store) -> Run | None:
    try:
        return model(store)
    except UnpublishedError:
        return None


def _columns(run: Run) -> dict[str, RuleType]:
    """Return what rules may name of a run, the features that are not kept among it."""
    features = dict.fromkeys(run.model.get("features", ()), RuleType.NUMBER)
    return {**features, **stored_columns(run.context.get("facts", {}))}
