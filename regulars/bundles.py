"""Where the commands get their bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.registry import BundleSource

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


def bundle_source(settings: Settings) -> BundleSource:
    """Return where verified bundles come from, with their cache beside the config."""
    cache = settings.path.parent / ".regulars" / "bundles"
    return BundleSource(settings.mlflow.tracking_uri, cache)
