"""A tier scheme as it is written in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from features.errors import ConfigError
from features.suggest import did_you_mean

LIMITED = {
    "abc": 0,
    "share": "shares of the whole, made by the class and those above it",
    "top": "how many customers, those above it among them",
    "top_percent": "percent of all customers, those above it among them",
    "top_of_group": "how many customers of each group",
    "thresholds": "the least quantity of each class",
    "quantiles": "the share of customers below each class",
    "average": "percent above the average",
}
"""Kinds that cut a quantity, and what their limits are."""

RULED = ("rules", "all_of", "any_of")
KINDS = (*LIMITED, *RULED, "matrix")
UNITS = ("money", "orders", "share", "days", "")


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
    text = (Path(__file__).parent / "presets.toml").read_text("utf-8")
    return tomllib.loads(text)


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
    except (TypeError, ValueError, AttributeError) as exc:
        raise ConfigError(
            f"[tiers.{name}] cannot be read: {exc}.",
            needed="kind and classes, and what the kind asks for.",
        ) from None
    for fault in _faults(scheme):
        raise ConfigError(f"[tiers.{name}] {fault[0]}.", needed=fault[1])
    return scheme


def _frozen(key: str, value: Any) -> Any:
    if key in {"growth", "failing"}:
        return Override(**value)
    if key == "overrides":
        return {str(k): tuple(float(x) for x in v) for k, v in value.items()}
    if key == "limits":
        return tuple(float(limit) for limit in value)
    return tuple(value) if isinstance(value, list) else value


def _faults(scheme: Scheme) -> list[tuple[str, str]]:
    """Return what does not fit, and what would."""
    n = len(scheme.classes) - 1
    limited = scheme.kind in LIMITED
    asked = LIMITED.get(scheme.kind, "")
    rules = n if scheme.kind == "rules" else 1
    checks = [
        (scheme.kind not in KINDS, f"kind is {scheme.kind!r}", ", ".join(KINDS)),
        (n < 1 or len(set(scheme.classes)) <= n, "needs two classes or more", "Names."),
        (scheme.kind == "abc" and n != 3, f"has {n + 1} classes", "Four, as VIP to C."),
        (limited and not scheme.quantity, "needs quantity", "A number."),
        (
            bool(asked) and len(scheme.limits) != n,
            f"has {len(scheme.limits)} limits for {n + 1} classes",
            f"limits, {n} of them: {asked}. It has no default.",
        ),
        (
            any(len(each) != n for each in scheme.overrides.values()),
            "has overrides of another length",
            f"{n} limits for each value of {scheme.by or 'by'}.",
        ),
        (bool(scheme.overrides) and not scheme.by, "has overrides without by", "by."),
        (
            scheme.kind in RULED and len(scheme.rules) < rules,
            f"has {len(scheme.rules)} rules",
            f"{n} rules, one for each class but the last.",
        ),
        (
            scheme.kind == "top_of_group" and not scheme.group,
            "needs group",
            "A column.",
        ),
        (
            scheme.kind == "matrix" and not (scheme.rows and scheme.columns),
            "needs rows and columns",
            "Two schemes.",
        ),
        (
            bool(scheme.hysteresis) and not limited,
            "has hysteresis without a quantity",
            "A kind that cuts a quantity.",
        ),
        (not 0 <= scheme.hysteresis < 1, "hysteresis is no share", "0 to 1."),
        (scheme.min_stay_days < 0, "min_stay_days is negative", "0 or more."),
        (
            any(
                o and o.to not in scheme.classes
                for o in (scheme.growth, scheme.failing)
            ),
            "overrides to a class that it does not have",
            ", ".join(scheme.classes),
        ),
        (
            any(a <= b for a, b in zip(scheme.limits, scheme.limits[1:], strict=False))
            and scheme.kind in {"thresholds", "quantiles", "average"},
            "has limits that do not fall",
            "Limits from the top down.",
        ),
        (
            any(a >= b for a, b in zip(scheme.limits, scheme.limits[1:], strict=False))
            and scheme.kind.startswith(("top", "share")),
            "has limits that do not rise",
            "Limits from the top down, each with those above it.",
        ),
    ]
    return [(fault, needed) for wrong, fault, needed in checks if wrong]
