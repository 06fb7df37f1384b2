"""Who asks, by API key."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from features.errors import StoreError
from serving.errors import UnauthenticatedError
from serving.store.engine import Store
from serving.store.keys import Key, find_key, list_keys, touch_key

TRUST = timedelta(seconds=0.5)
"""For how long a key that was valid is taken to be valid still."""

TOUCH_EVERY = timedelta(minutes=5)
"""How exactly ``last_used_at`` is kept."""

log = logging.getLogger(__name__)


class KeyRing:
    """The keys seen of late, so that not every request reads the store.

    Parameters
    ----------
    store : Store
        Where keys are kept.
    trust : timedelta
        A revoked key works for so long at most.
    clock : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        store: Store,
        *,
        trust: timedelta = TRUST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._trust = trust.total_seconds()
        self._clock = clock
        self._seen: dict[bytes, tuple[float, Key]] = {}
        self._touched: dict[str, datetime] = {}

    def recall(self, presented: str) -> Key | None:
        """Return a key that was just found valid, without asking the store."""
        until, key = self._seen.get(_name(presented), (0.0, None))
        return key if self._clock() < until else None

    def authenticate(self, presented: str) -> Key:
        """Return the valid key that a caller presents.

        Raises
        ------
        UnauthenticatedError
            If it is not one.
        StoreError
            If the store does not answer.
        """
        key = find_key(self._store, presented)
        if key is None:
            self._seen.pop(_name(presented), None)
            raise UnauthenticatedError("The API key is not valid.")
        self._seen[_name(presented)] = (self._clock() + self._trust, key)
        return key

    def hold(self, scope: str) -> bool:
        """Tell whether any valid key has a scope.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        keys = list_keys(self._store)
        return any(key.may(scope) for key in keys if key.revoked_at is None)

    def is_due(self, key: Key) -> bool:
        """Tell whether the time of last use should be written again."""
        last = self._touched.get(key.key_id, key.last_used_at)
        return last is None or abs(datetime.now(UTC) - last) > TOUCH_EVERY

    def claim(self, key: Key) -> bool:
        """Tell whether to write the time of last use: one of many who ask at once."""
        if not self.is_due(key):
            return False
        self._touched[key.key_id] = datetime.now(UTC)
        return True

    def touch(self, key: Key) -> None:
        """Record the use of a key; a store that is busy loses nothing but the time."""
        self._touched[key.key_id] = datetime.now(UTC)
        try:
            touch_key(self._store, key.key_id)
        except StoreError as exc:
            log.warning("last use of key %s is not recorded: %s", key.key_id, exc)


def _name(presented: str) -> bytes:
    """Return what a key is remembered under: not itself."""
    return hashlib.sha256(presented.encode("utf-8", "replace")).digest()
