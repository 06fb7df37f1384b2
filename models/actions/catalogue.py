"""The catalogue: what each action costs, is expected to save, and whom it is for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any

from features.errors import ConfigError
from features.suggest import did_you_mean

RATES = ("save_rate", "growth_rate")
REQUIRED = ("title", "when", "cost")
MOST_ACTIONS = 200


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do for a customer.

    Parameters
    ----------
    name : str
    title, title_zh : str
    when : str
        The rule for whom.
    cost : float
        In the log's currency.
    save_rate : float
        Share of the value at risk that it is expected to save.
    growth_rate : float
        Share of the expected value that it is expected to add.
    upsell : bool
        Whether it sells more; then it is never for a customer with an open complaint.
    urgent : bool
        Whether it comes before all others, whatever it is worth.
    because, because_zh : str
        The reason, with facts in braces; the rule itself where empty.
    needs : tuple of str
        Facts that some customer must have, or the action is left out: where no contact
        is logged, nobody is known to have been left alone.
    rows : tuple of str
        The requirements that it answers.
    enabled : bool
    assumed : bool
        Whether cost and rates are those that are shipped.
    """

    name: str
    title: str
    when: str
    cost: float
    save_rate: float = 0.0
    growth_rate: float = 0.0
    title_zh: str = ""
    because: str = ""
    because_zh: str = ""
    upsell: bool = False
    urgent: bool = False
    needs: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    enabled: bool = True
    assumed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Action:
        """Restore what ``to_dict`` gave, whatever stands beside."""
        own = {field.name: values[field.name] for field in fields(cls)}
        return cls(**{**own, **_tuples(own)})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All actions, in the order in which equals are taken.

    Parameters
    ----------
    actions : tuple of Action
    own : frozenset of str
        Those whose rule the config writes: one that cannot be read is a fault, not a
        lack of this log.
    """

    actions: tuple[Action, ...]
    own: frozenset[str] = frozenset()


def read_catalogue(config: Mapping[str, Mapping[str, Any]] | None = None) -> Catalogue:
    """Lay what a config says over the actions that are shipped.

    Parameters
    ----------
    config : mapping of str to mapping, optional
        Action to its keys.

    Raises
    ------
    ConfigError
        If a key is unknown, missing or of the wrong kind.
    """
    shipped = _presets()
    laid: dict[str, Mapping[str, Any]] = dict(shipped)
    for name, keys in (config or {}).items():
        _check(name, keys, shipped=name in shipped)
        laid[name] = {**shipped.get(name, {}), **keys}
    if len(laid) > MOST_ACTIONS:
        raise ConfigError(
            f"There are {len(laid)} actions.", needed=f"At most {MOST_ACTIONS}."
        )
    actions = (
        Action(
            **{**keys, **_tuples(keys), "name": name},
            assumed=not {"cost", *RATES} & {*(config or {}).get(name, {})},
        )
        for name, keys in laid.items()
    )
    chosen = tuple(action for action in actions if action.enabled)
    own = {name for name, keys in (config or {}).items() if "when" in keys}
    return Catalogue(chosen, frozenset(own))


def _tuples(keys: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(keys.get(name, ())) for name in ("needs", "rows")}


@cache
def _presets() -> dict[str, dict[str, Any]]:
    text = resources.files("models.actions").joinpath("presets.toml").read_text("utf-8")
    return tomllib.loads(text)


def _check(name: str, keys: Mapping[str, Any], *, shipped: bool) -> None:
    kinds = {field.name: str(field.type) for field in fields(Action)}
    allowed = [key for key in kinds if key not in {"name", "assumed"}]
    for key, value in keys.items():
        if key not in allowed:
            raise ConfigError(
                f"[actions.{name}] {key} is not a setting.",
                needed=f"Known here: {', '.join(allowed)}.",
                todo=did_you_mean(key, allowed) or "Remove it.",
            )
        if fault := _fault(value, kinds[key], is_rate=key in RATES):
            raise ConfigError(
                f"[actions.{name}] {key} is {value!r}.", needed=f"{fault}."
            )
    missing = [] if shipped else [key for key in REQUIRED if key not in keys]
    if missing:
        raise ConfigError(
            f"[actions.{name}] has no {', '.join(missing)}.",
            needed="title, when (a rule) and cost.",
            todo="Add it; save_rate and growth_rate say what the action is worth.",
        )


def _fault(value: object, kind: str, *, is_rate: bool) -> str:
    """Return what a value should have been; nothing where it is right."""
    if kind == "float":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "A number"
        return "" if 0 <= value <= (1 if is_rate else 1e9) else "A number from 0 on"
    if kind == "bool":
        return "" if isinstance(value, bool) else "true or false"
    if kind == "str":
        return "" if isinstance(value, str) else "A text"
    return "" if isinstance(value, (list, tuple)) else "A list of texts"
