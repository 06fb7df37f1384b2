"""The one place where a server loads models, and all that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from serving.predict.scorer import Scorer

if TYPE_CHECKING:
    from models.bundle.bundle import Bundle


class BundleSource(Protocol):
    """Where bundles come from."""

    def get(self, version: str) -> Bundle:
        """Return a verified bundle; raise BundleError if it is refused."""


class BundleScorers:
    """Scorers of verified bundles.

    Parameters
    ----------
    bundles : BundleSource
    """

    def __init__(self, bundles: BundleSource) -> None:
        self._bundles = bundles

    def get(self, version: str) -> Scorer:
        """Return the scorer of a version.

        Raises
        ------
        BundleError
            If its bundle is refused.
        """
        from serving.predict.events import BundleScorer  # with pandas and LightGBM

        return BundleScorer(self._bundles.get(version))
