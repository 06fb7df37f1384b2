"""A nightly run of the config: its store, its schemes, lists and actions."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from models.actions import read_catalogue
from models.bundle.bundle import Bundle
from regulars.bundles import bundle_source
from regulars.log import OpenedLog
from serving.runs.nightly import (
    PublishedRun,
    RunSettings,
    ScoringModel,
    TierSettings,
    score_and_publish,
)
from serving.store import open_store

if TYPE_CHECKING:
    from regulars.console import Steps
    from regulars.settings.settings import Settings


def run_nightly(
    log: OpenedLog, bundle: Bundle, settings: Settings, *, as_of: datetime, step: Steps
) -> PublishedRun:
    """Score every customer of an open log, and publish the run."""
    with closing(open_store(settings.store.url)) as store:
        return score_and_publish(
            store,
            log,
            ScoringModel(bundle, lambda: bundle_source(settings).pack(bundle.version)),
            settings=RunSettings(
                tiers=TierSettings(
                    schemes=settings.tiers.schemes,
                    primary=settings.tiers.primary,
                    active=settings.tiers.active,
                ),
                lists=settings.lists,
                actions=read_catalogue(settings.actions),
                levels=settings.relationship.model_dump(),
            ),
            as_of=as_of,
            step=step,
        )
