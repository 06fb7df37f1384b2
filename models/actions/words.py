"""An action in words, with the facts that it stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from models.actions.catalogue import Action
from models.reports.words import STAGES
from models.words.figures import write_number, write_share

FACT = re.compile(r"\{(\w+)\}")
SHARES = ("_share_365d", "_probability")


def tell_action(
    action: Action, facts: Mapping[str, Any], *, n_facts: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return an action as users get it.

    Parameters
    ----------
    action : Action
    facts : mapping
        The customer's facts by name.
    n_facts : tuple of str
        Those that its rule names.

    Returns
    -------
    dict
        ``action``, ``en``, ``zh``, ``reason`` (in words, the rule, the facts that it
        names), ``cost``, ``save_rate``, ``growth_rate``, ``worth``, ``basis``.

    Examples
    --------
    >>> gift = Action("gift", "A gift", "tier = 'VIP'", cost=5, save_rate=0.1,
    ...               because="tier {tier}", title_zh="礼物")
    >>> told = tell_action(gift, {"tier": "VIP", "value_at_risk": 80.0})
    >>> told["reason"]["en"], told["worth"]
    ('tier VIP', 3.0)
    """
    at_risk, expected = (
        float(facts.get(name) or 0.0) for name in ("value_at_risk", "expected_value")
    )
    worth = action.save_rate * at_risk + action.growth_rate * max(expected, 0.0)
    because = action.because or action.when
    return {
        "action": action.name,
        "en": action.title,
        "zh": action.title_zh or action.title,
        "reason": {
            "en": fill(because, facts),
            "zh": fill(action.because_zh or because, {**facts, **_in_chinese(facts)}),
            "rule": action.when.strip(),
            "facts": {name: facts.get(name) for name in n_facts},
        },
        "cost": action.cost,
        "save_rate": action.save_rate,
        "growth_rate": action.growth_rate,
        "worth": round(worth - action.cost, 2),
        "basis": "assumed" if action.assumed else "configured",
    }


def fill(text: str, facts: Mapping[str, Any]) -> str:
    """Put facts in the place of their names.

    >>> fill("{n} orders, {churn_probability}", {"n": 3.0, "churn_probability": 0.5})
    '3 orders, 50 %'
    >>> fill("{nothing}", {})
    '–'
    """
    return FACT.sub(lambda match: _write(match[1], facts.get(match[1])), text)


def _in_chinese(facts: Mapping[str, Any]) -> dict[str, str]:
    stage = facts.get("lifecycle_stage")
    return {"lifecycle_stage": STAGES[stage].zh} if stage in STAGES else {}


def _write(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return write_share(value) if name.endswith(SHARES) else write_number(value)
