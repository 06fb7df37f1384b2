"""A tier scheme as it is written in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from features.errors import ConfigError
from features.suggest import did_you_mean
from models.tiers.definition.consistency import LIMITED, find_contradictions


@dataclass(frozen=True, slots=True)
class Override:
    """Customers who are put into another class than the scheme's own.

    Parameters
    ----------
    when : str
        A rule.
    to : str
        The class.
    days : int
        After so long the override ends.
    approval : bool
        Whether it is only proposed, until somebody overrides by hand.
    """

    when: str
    to: str
    days: int = 90
    approval: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """How customers are put into classes, the highest first.

    Parameters
    ----------
    name : str
    kind : str
        One of ``KINDS``.
    classes : tuple of str
        From the top down; who fits none is in the last.
    title : str
    source : tuple of str
        The rows of the requirements that it comes from.
    quantity : str
        A number, where the kind cuts one.
    unit : str
        One of ``UNITS``: how the quantity is written.
    limits : tuple of float
        One for each class but the last, from the top down.
    by : str
        A column whose values may have limits of their own.
    overrides : mapping of str to tuple of float
        The limits of some values of ``by``.
    group : str
        The column of the groups of ``top_of_group``.
    rules : tuple of str
        One for each class but the last; all for the first with all_of and any_of.
    rows, columns : str
        The schemes of a matrix.
    cells : mapping
        Class of the rows to class of the columns to class.
    needs : tuple of str
        Facts without which the scheme says nothing.
    hysteresis : float
        Share of a limit by which it must be passed before a customer moves.
    min_stay_days : int
        Days in a class before the next move.
    growth, failing : Override or None
        Who is put higher for potential, or lower for failing.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    title: str = ""
    source: tuple[str, ...] = ()
    quantity: str = ""
    unit: str = ""
    limits: tuple[float, ...] = ()
    by: str = ""
    overrides: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    group: str = ""
    rules: tuple[str, ...] = ()
    rows: str = ""
    columns: str = ""
    cells: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    hysteresis: float = 0.0
    min_stay_days: int = 0
    growth: Override | None = None
    failing: Override | None = None

    @property
    def has_history(self) -> bool:
        """Tell whether a class hangs on the one before."""
        moved = self.hysteresis or self.min_stay_days
        return bool(moved or self.growth or self.failing)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without what is left at its default."""
        plain = Scheme(self.name, self.kind, self.classes)
        return {
            name: value
            for name, value in asdict(self).items()
            if name in {"name", "kind", "classes"} or value != getattr(plain, name)
        }


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
    named = {name: _merge(name, given) for name, given in written.items()}
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


def lacks_limits(given: Mapping[str, Any]) -> bool:
    """Tell whether a scheme needs limits and has none."""
    return given.get("kind") in set(LIMITED) - {"abc"} and not given.get("limits")


def _merge(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    presets = read_presets()
    base = str(given.get("preset", name if name in presets else ""))
    if base and base not in presets:
        raise ConfigError(
            f"[tiers.{name}] preset is {base!r}, which is none.",
            needed=f"One of {', '.join(presets)}.",
            todo=did_you_mean(base, presets),
        )
    own = {key: value for key, value in given.items() if key != "preset"}
    return {**presets.get(base, {}), **own}


def make_scheme(name: str, given: Mapping[str, Any]) -> Scheme:
    """Check what is written of a scheme.

    Raises
    ------
    ConfigError
        If a key is unknown, or the parts do not fit each other.
    """
    known = [key for key in Scheme.__dataclass_fields__ if key != "name"]
    for key in given:
        if key not in known:
            raise ConfigError(
                f"[tiers.{name}] {key} is not a setting.",
                needed=f"Known here: {', '.join(known)}.",
                todo=did_you_mean(key, known) or "Remove it.",
            )
    try:
        scheme = Scheme(name=name, **{k: _frozen(k, v) for k, v in given.items()})
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
