"""The lists that are there without a config."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from models.lists.definition import ListDefinition


@cache
def presets() -> Mapping[str, ListDefinition]:
    """Return the lists of ``presets.toml``."""
    return {
        name: ListDefinition.model_validate(values)
        for name, values in _written().items()
    }


def lay_over(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list's keys over those of the preset of its name, if there is one.

    >>> found = lay_over("new", {"limit": 50})
    >>> found["limit"], found["filter"]
    (50, "lifecycle_stage = 'new'")
    """
    below = _written().get(name, {})
    keys = {**below, **values}
    for part in ("guardrails", "action", "cadence_days"):
        if isinstance(values.get(part), Mapping):
            keys[part] = {**below.get(part, {}), **values[part]}
    return keys


def with_presets(values: dict[str, Any]) -> dict[str, Any]:
    """Lay the lists of a config over the presets, leaving what is no table alone."""
    lists = values.get("lists")
    if not isinstance(lists, dict):
        return values
    laid = {
        name: lay_over(name, keys) if isinstance(keys, dict) else keys
        for name, keys in lists.items()
    }
    return {**values, "lists": laid}


@cache
def _written() -> dict[str, Any]:
    return tomllib.loads(
        files("models.lists").joinpath("presets.toml").read_text("utf-8")
    )
