"""Opaque cursors: a place in one run's answer to one question, signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from serving.errors import CursorError, CursorExpiredError
from serving.runs.published import Run, kept_run, published_run
from serving.store.tables import secrets

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """The last row that a reader has seen.

    Parameters
    ----------
    run_id : str
        The run that is being read.
    question : str
        A digest of the filter and the sort.
    value : float or int or str or None
        What the row is sorted by.
    customer_id : str
        Which breaks ties.
    """

    run_id: str
    question: str
    value: float | int | str | None
    customer_id: str


def write_cursor(place: Place, *, secret: bytes) -> str:
    """Return a place as text that only we can have written.

    >>> place = Place("20111210T000000Z-1a", "all", 0.1, "12345")
    >>> read_cursor(write_cursor(place, secret=b"ours"), secret=b"ours") == place
    True
    """
    parts = [place.run_id, place.question, place.value, place.customer_id]
    payload = json.dumps(parts, separators=(",", ":")).encode("ascii")
    return base64.urlsafe_b64encode(_sign(payload, secret) + payload).decode("ascii")


def read_cursor(text: str, *, secret: bytes) -> Place:
    """Return the place that a cursor holds.

    Raises
    ------
    CursorError
        If we did not write it.
    """
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise CursorError("The cursor is not one of ours.") from exc
    signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(payload, secret)):
        raise CursorError("The cursor is not one of ours.")
    return Place(*json.loads(payload))


def read_secret(con: Connection) -> bytes:
    """Return what cursors are signed with."""
    query = sa.select(secrets.c.value).where(secrets.c.name == "cursor")
    return bytes.fromhex(con.execute(query).scalar_one())


def resume(
    con: Connection, cursor: str | None, *, question: str, secret: bytes
) -> tuple[Run, Place | None]:
    """Return the run to read, and the row to read on from.

    Raises
    ------
    CursorError
        If the cursor is not ours or of another question.
    CursorExpiredError
        If its run is no longer kept.
    UnpublishedError
        If there is no cursor and no run.
    """
    if cursor is None:
        return published_run(con), None
    place = read_cursor(cursor, secret=secret)
    if place.question != question:
        raise CursorError("The cursor is of another question.")
    run = kept_run(con, place.run_id)
    if run is None:
        raise CursorExpiredError("The run of the cursor is no longer kept.")
    return run, place


def digest(*parts: object) -> str:
    """Return a short name of a question."""
    text = json.dumps(parts, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sign(payload: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, payload, hashlib.sha256).digest()[:SIGNATURE_BYTES]
