"""The store: runs of scores, published whole, and API keys."""

from features.errors import RegularsError
from serving.store.engine import Store, connect
from serving.store.keys import Key, NewKey, create_key, list_keys, revoke_key
from serving.store.migrate import migrate
from serving.store.publishing.publish import Publication, publish
from serving.store.reports import EarlierRun, earlier_run

__all__ = [
    "EarlierRun",
    "Key",
    "NewKey",
    "Publication",
    "Store",
    "create_key",
    "earlier_run",
    "list_keys",
    "open_store",
    "publish",
    "revoke_key",
]


def open_store(url: str) -> Store:
    """Open a store, making or migrating its tables where needed.

    Parameters
    ----------
    url : str
        ``sqlite:////absolute/path.db`` or ``postgresql+psycopg://user@host/database``.

    Raises
    ------
    ConfigError
        If the URL is of another kind.
    StoreError
        If the database cannot be reached, or is of a newer version.
    """
    store = Store(connect(url))
    try:
        migrate(store)
    except RegularsError:
        store.close()
        raise
    return store
