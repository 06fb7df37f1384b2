"""What a run needs to put its customers into classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from features.errors import ConfigError
from features.suggest import did_you_mean
from models.tiers.definition.dependencies import named_schemes
from models.tiers.definition.reading import make_scheme, read_presets, read_schemes
from models.tiers.definition.scheme import Scheme
from models.tiers.history import Standings
from models.tiers.movement import ManualOverride

PRIMARY = "abc"


@dataclass(frozen=True, slots=True)
class TierPlan:
    """The tier schemes of a run.

    Parameters
    ----------
    schemes : tuple of Scheme
    primary : str
        The scheme that fills ``tier`` in the scores.
    before : Standings or None
        Of the run before.
    manual : tuple of ManualOverride
    faults : mapping of str to str
        What is wrong with definitions that are left out, by the scheme's name.
    """

    schemes: tuple[Scheme, ...]
    primary: str = PRIMARY
    before: Standings | None = None
    manual: tuple[ManualOverride, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_history(self) -> bool:
        """Tell whether a class hangs on the run before."""
        return any(scheme.has_history for scheme in self.schemes)

    @property
    def primary_scheme(self) -> Scheme:
        """Return the primary scheme."""
        return next(scheme for scheme in self.schemes if scheme.name == self.primary)


def plan_tiers(
    written: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    primary: str = PRIMARY,
    active: tuple[str, ...] | None = None,
    before: Standings | None = None,
    manual: tuple[ManualOverride, ...] = (),
) -> TierPlan:
    """Read the schemes of a run.

    Raises
    ------
    ConfigError
        If a scheme is wrong, or the primary one is not among them.
    """
    schemes = read_schemes(written or {}, active=active)
    names = [scheme.name for scheme in schemes]
    if primary not in names:
        raise ConfigError(
            f"[tiers] primary is {primary!r}, which is no active scheme.",
            needed=f"One of {', '.join(names)}.",
            todo=did_you_mean(primary, names),
        )
    return TierPlan(schemes, primary, before, manual)


def plan_with_stored(
    written: Mapping[str, Mapping[str, Any]],
    stored: Mapping[str, Mapping[str, Any]],
    *,
    primary: str = PRIMARY,
    earlier: Collection[str] = (),
    active: tuple[str, ...] | None = None,
) -> TierPlan:
    """Read the schemes of a file, and over them those that came over the API.

    Parameters
    ----------
    earlier : collection of str
        The schemes of the run before. One of them that the file still names, and that
        is gone, is left out; for a primary one the tiers are those of ``abc``.

    Raises
    ------
    ConfigError
        If a scheme of the file is wrong. A stored one is left out, and the file's, if
        there is one, takes its place.
    """
    usable, unreadable = split_readable(stored)
    merged = {**written, **usable}
    faults = {name: str(fault) for name, fault in unreadable.items()}
    there = {**merged, **read_presets()}
    for name in (primary, *(active or ())):
        if name not in there and (name in stored or name in earlier):
            faults.setdefault(
                name, "[tiers] names it, and there is no such scheme now."
            )
    gone = faults.keys() - there.keys()
    if primary in gone:
        primary, active = PRIMARY, active and (*active, PRIMARY)
    if active is not None:
        active = tuple(name for name in active if name not in gone)
    plan = plan_tiers(merged, primary=primary, active=active)
    return replace(plan, faults=faults)


def split_readable(
    stored: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, Mapping[str, Any]], dict[str, ConfigError]]:
    """Part schemes that can be read from the faults of those that cannot."""
    usable: dict[str, Mapping[str, Any]] = {}
    faults: dict[str, ConfigError] = {}
    for name, terms in stored.items():
        try:
            read_schemes({name: terms}, active=(name,))
        except ConfigError as error:
            faults[name] = error
        else:
            usable[name] = terms
    return usable, faults


def plan_again(
    summary: Mapping[str, Mapping[str, Any]], primary: str, *, every: bool = False
) -> TierPlan:
    """Return the schemes of a past run again.

    Parameters
    ----------
    summary : mapping
        As ``Graded.summary``.
    every : bool
        Whether all are wanted that said something; otherwise the primary one and those
        that it stands on.
    """
    fields = set(Scheme.__dataclass_fields__) - {"name"}
    schemes: dict[str, Scheme] = {}
    waiting = [primary]
    if every:
        waiting += [
            name
            for name, terms in summary.items()
            if not {"skipped", "fault"} & {*terms}
        ]
    while waiting:
        name = waiting.pop()
        if name in schemes or name not in summary:
            continue
        written = {k: v for k, v in summary[name].items() if k in fields}
        schemes[name] = make_scheme(name, written)
        waiting.extend(named_schemes(schemes[name]))
    return TierPlan(tuple(schemes.values()), primary)
