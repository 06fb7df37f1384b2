"""Look customers up around the framework."""

from __future__ import annotations

from starlette.types import Scope

from serving.api.deps import KEY_IN_URL, Services
from serving.api.fast.plain import FastAnswer, known_key, plain_headers
from serving.api.fast.reader import BodyReader

PATH = "/v1/customers/"
ROUTE = f"{PATH}{{customer_id}}"
SCOPE = "read"
UNUSUAL = frozenset({b"if-none-match", b"content-length", b"transfer-encoding"})
"""Headers of requests that want more than the score."""


class FastLookUps:
    """Answer plain look-ups: a customer who is in the published run.

    Parameters
    ----------
    services : Services
    """

    def __init__(self, services: Services) -> None:
        self._keys = services.keys
        self._reader = BodyReader(services.store)

    def answer(self, scope: Scope) -> FastAnswer | None:
        """Return the answer to a plain look-up, None for any other request."""
        if scope["method"] != "GET" or not _is_plain(scope):
            return None
        headers = plain_headers(scope, UNUSUAL)
        if headers is None:
            return None
        key_id = known_key(self._keys, headers, SCOPE)
        if key_id is None:
            return None
        stored = self._reader.find(scope["path"][len(PATH) :])
        if stored is None:
            return None
        return FastAnswer(ROUTE, key_id, stored.body, etag=stored.stamp)

    def close(self) -> None:
        """Close the store's file."""
        self._reader.close()


def _is_plain(scope: Scope) -> bool:
    """Tell whether an address is of one customer and can hold no key."""
    path: str = scope["path"]
    if not path.startswith(PATH) or scope["query_string"]:
        return False
    name = path[len(PATH) :]
    if not name or "/" in name or "\0" in name:
        return False
    return not KEY_IN_URL.search(scope.get("raw_path", b""))
