"""What makes a request plain: nothing unusual, and a key that was just valid."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from serving.queries import KeyRing


@dataclass(frozen=True, slots=True)
class FastAnswer:
    """A 200 of JSON that is ready to be sent.

    Parameters
    ----------
    route : str
        Under which the request is logged and counted, as the app does.
    key_id : str
        Of the caller.
    etag : bytes or None
    """

    route: str
    key_id: str
    body: bytes
    etag: bytes | None = None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return its own headers."""
        etag = [] if self.etag is None else [(b"etag", b'"' + self.etag + b'"')]
        return [
            *etag,
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]


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
