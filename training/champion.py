"""Which version is the champion, since when, why, and which were before it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from features.errors import GateError

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "regulars"
CHALLENGER, CHAMPION = "challenger", "champion"
PROMOTE, ROLL_BACK = "promote", "roll back"

EVENT = "promotion."
"""The registered model has a tag of this prefix for each change of champion."""

ABSENT = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")
"""What MLflow answers where there is no such alias, and no such model."""

MOST_REASON = 1_000
"""Characters of a reason that are kept; MLflow's tags hold 5,000."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of champion.

    Parameters
    ----------
    version : str
        The champion from then on.
    previous : str or None
        The champion until then.
    action : str
        ``promote`` or ``roll back``.
    reason, by, at : str
        Why, which user of the machine, and when, in UTC.
    """

    version: str
    previous: str | None
    action: str
    reason: str
    by: str
    at: str


def alias_version(client: MlflowClient, alias: str) -> str | None:
    """Return the version that ``champion`` or ``challenger`` names, if any."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_model_version_by_alias(MODEL_NAME, alias).version)
    except MlflowException as exc:
        if exc.error_code in ABSENT:
            return None
        raise


def make_champion(
    client: MlflowClient, version: str, *, reason: str, action: str = PROMOTE
) -> Promotion:
    """Move the alias, and record it on the version and on the registered model."""
    moment = datetime.now(UTC)
    promotion = Promotion(
        version=version,
        previous=alias_version(client, CHAMPION),
        action=action,
        reason=reason[:MOST_REASON],
        by=_user(),
        at=moment.isoformat(timespec="seconds"),
    )
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, version)
    values = asdict(promotion)
    key = f"{EVENT}{moment:%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:6]}"
    event = json.dumps(values, ensure_ascii=False)
    client.set_registered_model_tag(MODEL_NAME, key, event)
    for name in ("reason", "by", "at"):
        client.set_model_version_tag(
            MODEL_NAME, version, f"promotion.{name}", values[name]
        )
    return promotion


def read_promotions(client: MlflowClient) -> list[Promotion]:
    """Return every recorded change of champion, the oldest first."""
    tags = client.get_registered_model(MODEL_NAME).tags
    changes = [json.loads(tags[key]) for key in sorted(tags) if key.startswith(EVENT)]
    return [Promotion(**values) for values in changes]


def find_challenger(client: MlflowClient) -> str:
    """Return the newest fit.

    Raises
    ------
    GateError
        If nothing was trained yet.
    """
    version = alias_version(client, CHALLENGER)
    if version is None:
        raise GateError(
            "There is no challenger.",
            needed="A version that was trained.",
            todo="Train one: regulars train",
        )
    return version


def find_earlier(client: MlflowClient) -> str:
    """Return the version that was champion before the present one.

    Raises
    ------
    GateError
        If none is on record.
    """
    champions = stack_champions(read_promotions(client))
    present = alias_version(client, CHAMPION)
    if champions and champions[-1] == present:
        champions.pop()
    if not champions:
        raise GateError(
            "There is no earlier champion to go back to.",
            needed="Two promotions.",
            todo="Name the version: regulars promote VERSION",
        )
    return champions[-1]


def stack_champions(promotions: Iterable[Promotion]) -> list[str]:
    """Return the champions that going back leads through, the present one last.

    >>> def change(version, previous, action=PROMOTE):
    ...     return Promotion(version, previous, action, "", "", "")
    >>> stack_champions([change("1", None), change("2", "1"), change("3", "2")])
    ['1', '2', '3']
    >>> stack_champions([change("2", "1"), change("1", "2", ROLL_BACK)])
    ['1']
    """
    stack: list[str] = []
    for promotion in promotions:
        if promotion.previous is not None and stack[-1:] != [promotion.previous]:
            stack.append(promotion.previous)  # somebody moved the alias by hand
        if promotion.action == ROLL_BACK:
            del stack[-1:]
        if stack[-1:] != [promotion.version]:
            stack.append(promotion.version)
    return stack


def _user() -> str:
    """Name the user of the machine, who may have no name in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
