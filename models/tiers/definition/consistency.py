"""What does not fit together in a scheme."""

from __future__ import annotations

from models.tiers.definition.scheme import KINDS, LIMITED, RULED, Scheme


def find_contradictions(scheme: Scheme) -> list[tuple[str, str]]:
    """Return what does not fit, and what would."""
    n = len(scheme.classes) - 1
    limited = scheme.kind in LIMITED
    limits_are = LIMITED.get(scheme.kind, "")
    rules = n if scheme.kind == "rules" else 1
    checks = [
        (scheme.kind not in KINDS, f"kind is {scheme.kind!r}", ", ".join(KINDS)),
        (n < 1 or len(set(scheme.classes)) <= n, "needs two classes or more", "Names."),
        (scheme.kind == "abc" and n != 3, f"has {n + 1} classes", "Four, as VIP to C."),
        (limited and not scheme.quantity, "needs quantity", "A number."),
        (
            bool(limits_are) and len(scheme.limits) != n,
            f"has {len(scheme.limits)} limits for {n + 1} classes",
            f"limits, {n} of them: {limits_are}. It has no default.",
        ),
        (
            any(len(limits) != n for limits in scheme.overrides.values()),
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
