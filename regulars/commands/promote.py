"""``regulars promote``: say which version is served from now on, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from features.errors import ConfigError
from regulars.bundles import bundle_source
from regulars.commands.score import in_words, run_nightly, summary
from regulars.console import Steps, print_json, say
from regulars.log import open_log
from serving.runs.nightly import PublishedRun
from training.champion import (
    CHAMPION,
    PROMOTE,
    ROLL_BACK,
    Promotion,
    alias_version,
    find_challenger,
    find_earlier,
    make_champion,
)
from training.registry import connect

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from models.bundle.bundle import Bundle
    from regulars.settings.settings import Settings

NO_REASON = "none given"
LATER = "The next `regulars score` publishes with it; a running server then follows."


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for.

    Parameters
    ----------
    version : str or None
        None for the newest fit.
    rollback : bool
        Whether to go back to the champion before.
    reason : str or None
    scores : bool
        Whether to score and publish with it at once.
    """

    version: str | None = None
    rollback: bool = False
    reason: str | None = None
    scores: bool = False


def promote(settings: Settings, *, choice: Choice, as_json: bool) -> int:
    """Make a version the champion, once its bundle has checked.

    Raises
    ------
    ConfigError
        If a version is named that is no number, or together with going back.
    GateError
        If there is no version to take.
    BundleError
        If its bundle does not check; the champion stays.
    """
    check_choice(choice)
    run = None
    with Steps() as step:
        step("Looking the version up")
        client = connect(settings.mlflow.tracking_uri)
        version = find_version(client, choice)
        step(f"Checking the bundle of version {version}")
        bundle = bundle_source(settings).get(version)
        promotion = move_champion(client, version, choice)
        if choice.scores:
            run = publish_with(bundle, settings, step=step)
    if as_json:
        print_json(as_values(version, promotion, run))
    else:
        say(told(version, promotion))
        say(LATER if run is None else in_words(run))
    return 0


def check_choice(choice: Choice) -> None:
    """Refuse what cannot be meant."""
    if choice.version is None:
        return
    if choice.rollback:
        raise ConfigError(
            "Both a version and --rollback are given.",
            needed="One of them.",
            todo="Leave the version out to go back to the champion before.",
        )
    if not (choice.version.isascii() and choice.version.isdecimal()):
        raise ConfigError(
            f"The version is {choice.version!r}.",
            needed="A number, as MLflow and `regulars train` show it.",
            todo="Write it alone: regulars promote 3",
        )


def find_version(client: MlflowClient, choice: Choice) -> str:
    """Return the version that is meant."""
    if choice.rollback:
        return find_earlier(client)
    return choice.version or find_challenger(client)


def move_champion(
    client: MlflowClient, version: str, choice: Choice
) -> Promotion | None:
    """Move the alias and record it; nothing happens to the champion itself."""
    if alias_version(client, CHAMPION) == version:
        return None
    action = ROLL_BACK if choice.rollback else PROMOTE
    reason = choice.reason or NO_REASON
    return make_champion(client, version, reason=reason, action=action)


def publish_with(bundle: Bundle, settings: Settings, *, step: Steps) -> PublishedRun:
    """Score the log as of its end with a bundle, and publish the run."""
    step("Reading the log")
    with open_log(settings) as log:
        return run_nightly(log, bundle, settings, as_of=log.ends_at, step=step)


def as_values(
    version: str, promotion: Promotion | None, run: PublishedRun | None
) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "version": version,
        "changed": promotion is not None,
        "promotion": None if promotion is None else asdict(promotion),
        "published": None if run is None else summary(run, None),
    }


def told(version: str, promotion: Promotion | None) -> str:
    """Return what is printed without ``--json``."""
    if promotion is None:
        return f"Version {version} is the champion already."
    before = "none" if promotion.previous is None else f"version {promotion.previous}"
    return (
        f"Version {version} is the champion; before: {before}. "
        f"Reason: {promotion.reason}. By {promotion.by} at {promotion.at}."
    )
