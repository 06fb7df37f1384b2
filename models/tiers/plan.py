"""What a run needs to put its customers into classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import ConfigError
from features.suggest import did_you_mean
from models.tiers.definition.dependencies import named_schemes
from models.tiers.definition.scheme import Scheme, make_scheme, read_schemes
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
    """

    schemes: tuple[Scheme, ...]
    primary: str = PRIMARY
    before: Standings | None = None
    manual: tuple[ManualOverride, ...] = ()

    @property
    def has_history(self) -> bool:
        """Tell whether a class hangs on the run before."""
        return any(scheme.has_history for scheme in self.schemes)

    @property
    def primary_scheme(self) -> Scheme:
        """Return the primary scheme."""
        return next(each for each in self.schemes if each.name == self.primary)


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
    found: dict[str, Scheme] = {}
    waiting = [primary]
    if every:
        waiting += [name for name, each in summary.items() if "skipped" not in each]
    while waiting:
        name = waiting.pop()
        if name in found or name not in summary:
            continue
        written = {k: v for k, v in summary[name].items() if k in fields}
        found[name] = make_scheme(name, written)
        waiting.extend(named_schemes(found[name]))
    return TierPlan(tuple(found.values()), primary)
