"""The quick way for ``GET /v1/customers/{customer_id}``, the request of every page.

It answers what is plain: a key that was found valid a moment ago, and a customer who is
in the published run. All else goes the ordinary way, which gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from serving.api.deps import KEY_IN_URL, Services
from serving.queries import KeyRing

PATH = "/v1/customers/"
SCOPE = "read"
UNUSUAL = frozenset({b"if-none-match", b"content-length", b"transfer-encoding"})
"""Headers of requests that want more than the score."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class QuickAnswer:
    """A 200 that is ready to be sent."""

    headers: Headers
    body: bytes


class QuickLookUp:
    """Answer plain look-ups.

    Parameters
    ----------
    services : Services
    route : object
        That is gone around: requests are logged and counted as its own.
    """

    def __init__(self, services: Services, *, route: object) -> None:
        self._services = services
        self._route = route

    def answer(self, scope: Scope) -> QuickAnswer | None:
        """Return the answer to a plain look-up, None for any other request."""
        if scope["method"] != "GET" or not _is_plain(scope):
            return None
        headers = plain_headers(scope, UNUSUAL)
        if headers is None:
            return None
        key_id = known_key(self._services.keys, headers, SCOPE)
        if key_id is None:
            return None
        found = self._services.quick.find(scope["path"][len(PATH) :])
        if found is None:
            return None
        scope["key_id"], scope["route"] = key_id, self._route
        return QuickAnswer(
            [
                (b"etag", b'"' + found.stamp + b'"'),
                (b"content-length", b"%d" % len(found.body)),
                (b"content-type", b"application/json"),
            ],
            found.body,
        )


def plain_headers(scope: Scope, unusual: frozenset[bytes]) -> dict[bytes, bytes] | None:
    """Return the headers, None if one comes twice or is unusual."""
    headers = dict(scope["headers"])
    if len(headers) < len(scope["headers"]) or not unusual.isdisjoint(headers):
        return None
    return headers


def known_key(keys: KeyRing, headers: dict[bytes, bytes], scope: str) -> str | None:
    """Return the key of a caller who may do this and needs no further look."""
    kind, _, presented = headers.get(b"authorization", b"").partition(b" ")
    if not presented:
        presented = headers.get(b"x-api-key", b"")
    elif kind.lower() != b"bearer":
        return None
    key = keys.recall(presented.decode("latin-1")) if presented else None
    if key is None or not key.may(scope) or keys.is_due(key):
        return None
    return key.key_id


def _is_plain(scope: Scope) -> bool:
    """Tell whether an address is of one customer and can hold no key."""
    path: str = scope["path"]
    if not path.startswith(PATH) or scope["query_string"]:
        return False
    name = path[len(PATH) :]
    if not name or "/" in name or "\0" in name:
        return False
    return not KEY_IN_URL.search(scope.get("raw_path", b""))
