"""``regulars serve``: answer over HTTP from the published run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from regulars.bundles import bundle_source
from regulars.console import tell
from serving.api.app import create_app
from serving.api.run import serve as run
from serving.predict.bundle_scorers import BundleScorers
from serving.store import open_store
from serving.store.lists import sync_lists

if TYPE_CHECKING:
    from regulars.settings.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C.

    Raises
    ------
    ConfigError
        If the address cannot be listened on.
    StoreError
        If the store cannot be opened.
    """
    answer(settings, port=settings.serve.port, on_ready=announce)


def answer(
    settings: Settings, *, port: int, on_ready: Callable[[str], None], log: str = "info"
) -> None:
    """Answer on ``port`` and tell ``on_ready`` the address once it does."""
    with closing(open_store(settings.store.url)) as store:
        sync_lists(store, settings.lists)
        app = create_app(store=store, scorers=BundleScorers(bundle_source(settings)))
        run(app, settings.serve.host, port, on_ready=on_ready, log_level=log)


def announce(address: str) -> None:
    """Say where it answers."""
    tell(f"Serving on {address}, docs at {address}/docs")
