"""Which schemes stand on which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from features.errors import ConfigError
from models.tiers.definition.scheme import Scheme

PREFIX = "tier_"
"""Before the name of a scheme it is the column of its classes."""


def named_schemes(scheme: Scheme) -> Iterator[str]:
    """Yield the schemes that one stands on, as far as their names show."""
    if scheme.kind == "matrix":
        yield from (scheme.rows, scheme.columns)
    texts = [scheme.quantity, *scheme.rules]
    texts += [o.when for o in (scheme.growth, scheme.failing) if o]
    for text in texts:
        yield from re.findall(rf"\b{PREFIX}(\w+)", re.sub(r"'[^']*'", "", text))


def named_columns(schemes: Sequence[Scheme]) -> set[str]:
    """Return the words that schemes name; those that are columns are among them."""
    texts = [
        text
        for scheme in schemes
        for text in (scheme.quantity, scheme.by, scheme.group, *scheme.rules)
    ]
    overrides = [
        override for scheme in schemes for override in (scheme.growth, scheme.failing)
    ]
    texts += [override.when for override in overrides if override]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def split_circles(
    schemes: Sequence[Scheme],
) -> tuple[list[Scheme], dict[str, ConfigError]]:
    """Return schemes so that each comes after those that it stands on.

    Those that stand on themselves are left out, each with what is wrong.
    """
    by_name = {scheme.name: scheme for scheme in schemes}
    done: dict[str, Scheme] = {}
    faults: dict[str, ConfigError] = {}

    def visit(scheme: Scheme, above: tuple[str, ...]) -> None:
        if scheme.name in above:
            circle = above[above.index(scheme.name) :]
            path = " -> ".join((*circle, scheme.name))
            fault = ConfigError(
                f"The tier schemes stand on each other: {path}.",
                needed="Schemes that do not go in a circle.",
            )
            faults.update(dict.fromkeys(circle, fault))
            return
        for name in named_schemes(scheme):
            if name in by_name and name not in done:
                visit(by_name[name], (*above, scheme.name))
        done[scheme.name] = scheme

    for scheme in schemes:
        if scheme.name not in done:
            visit(scheme, ())
    return [scheme for name, scheme in done.items() if name not in faults], faults
