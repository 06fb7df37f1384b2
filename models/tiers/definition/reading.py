"""Read tier schemes: those that are shipped, and those that somebody writes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from features.errors import ConfigError
from features.suggest import did_you_mean
from models.tiers.definition.consistency import find_contradictions
from models.tiers.definition.scheme import LIMITED, Override, Scheme


@cache
def read_presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the schemes that are shipped, as their file says them."""
    return tomllib.loads(Path(__file__).with_name("presets.toml").read_text("utf-8"))


@cache
def _types() -> TypeAdapter[Scheme]:
    return TypeAdapter(Scheme)


def read_schemes(
    written: Mapping[str, Mapping[str, Any]], *, active: tuple[str, ...] | None = None
) -> tuple[Scheme, ...]:
    """Return the schemes of a run: the presets, and those that a file writes.

    Parameters
    ----------
    written : mapping
        Name to what the file says. A name of a preset, or ``preset``, starts from that.
    active : tuple of str or None
        Which; None for all presets that need no parameter, and all that are written.

    Raises
    ------
    ConfigError
        If a scheme is unknown, contradicts itself or lacks a parameter.
    """
    presets = read_presets()
    named = {name: _merge(name, terms) for name, terms in written.items()}
    if active is None:
        ready = (name for name, preset in presets.items() if not lacks_limits(preset))
        active = tuple(dict.fromkeys((*ready, *named)))
    schemes = []
    for name in dict.fromkeys(active):
        if name not in named and name not in presets:
            raise ConfigError(
                f"There is no tier scheme {name!r}.",
                needed="A preset or a table [tiers.NAME].",
                todo=did_you_mean(name, [*named, *presets]),
            )
        schemes.append(make_scheme(name, named.get(name) or presets[name]))
    return tuple(schemes)


def lacks_limits(terms: Mapping[str, Any]) -> bool:
    """Tell whether a scheme needs limits and has none."""
    return terms.get("kind") in set(LIMITED) - {"abc"} and not terms.get("limits")


def _merge(name: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    presets = read_presets()
    base = str(terms.get("preset", name if name in presets else ""))
    if base and base not in presets:
        raise ConfigError(
            f"[tiers.{name}] preset is {base!r}, which is none.",
            needed=f"One of {', '.join(presets)}.",
            todo=did_you_mean(base, presets),
        )
    own = {key: value for key, value in terms.items() if key != "preset"}
    return {**presets.get(base, {}), **own}


def make_scheme(name: str, terms: Mapping[str, Any]) -> Scheme:
    """Check what is written of a scheme.

    Raises
    ------
    ConfigError
        If a key is unknown, or the parts do not fit each other.
    """
    settings = [key for key in Scheme.__dataclass_fields__ if key != "name"]
    for key in terms:
        if key not in settings:
            raise ConfigError(
                f"[tiers.{name}] {key} is not a setting.",
                needed=f"Known here: {', '.join(settings)}.",
                todo=did_you_mean(key, settings) or "Remove it.",
            )
    try:
        scheme = Scheme(name=name, **{k: _frozen(k, v) for k, v in terms.items()})
        scheme = _types().validate_python(asdict(scheme))
    except (TypeError, ValueError, AttributeError) as exc:
        raise ConfigError(
            f"[tiers.{name}] cannot be read: {_in_one_line(exc)}.",
            needed="kind and classes, and what the kind asks for.",
        ) from None
    for fault in find_contradictions(scheme):
        raise ConfigError(f"[tiers.{name}] {fault[0]}.", needed=fault[1])
    return scheme


def _in_one_line(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _frozen(key: str, value: Any) -> Any:
    if key in {"growth", "failing"}:
        return Override(**value)
    if key == "overrides":
        return {str(k): tuple(float(x) for x in v) for k, v in value.items()}
    if key == "limits":
        return tuple(float(limit) for limit in value)
    return tuple(value) if isinstance(value, list) else value
