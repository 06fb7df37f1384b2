"""What is wrong in a config, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError

from features.errors import ConfigError
from features.suggest import did_you_mean
from regulars.settings.toml_file import TomlFile


def explain(
    error: ValidationError,
    root: type[BaseModel],
    *,
    file: TomlFile,
    places: Mapping[tuple[str, ...], str],
) -> ConfigError:
    """Put the first fault in words, with its place."""
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    keys = tuple(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return unknown_key(file, keys, root)
    named = keys[:2] if keys[:2] in places else keys
    place = places.get(named, file.place(keys))
    return ConfigError(
        f"{place}: {'.'.join(keys)} is {fault['input']!r}.",
        needed=f"{fault['msg']}.",
        todo="Correct it there.",
    )


def unknown_key(
    file: TomlFile, keys: tuple[str, ...], root: type[BaseModel]
) -> ConfigError:
    """Say which key is unknown, where it stands, and what was meant."""
    allowed = known_keys(keys[:-1], root)
    shown = f"[{'.'.join(keys[:-1])}] {keys[-1]}" if keys[:-1] else keys[-1]
    return ConfigError(
        f"{file.place(keys)}: {shown} is not a setting.",
        needed=f"Known here: {', '.join(allowed)}.",
        todo=did_you_mean(keys[-1], allowed) or "Remove it.",
    )


def known_keys(tables: tuple[str, ...], root: type[BaseModel]) -> list[str]:
    """Return what may stand in the table that ``tables`` leads to."""
    model = root
    names = list(tables)
    while names and (field := model.model_fields.get(names.pop(0))):
        under = (field.annotation, *get_args(field.annotation))
        if get_origin(field.annotation) is dict and names:
            names.pop(0)
        models = [
            part
            for part in under
            if isinstance(part, type) and issubclass(part, BaseModel)
        ]
        model = models[0] if models else model
    return [name for name in model.model_fields if (model, name) != (root, "path")]
