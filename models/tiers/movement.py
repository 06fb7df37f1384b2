"""How history and people change the class that a scheme's terms give.

In this order: overrides for growth and for failing, the band around a limit, the
minimum stay, and last what somebody decided by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from models.tiers.definition.scheme import Override, Scheme
from models.tiers.standing import (
    BAND,
    CAUSES,
    FAILING,
    GROWTH,
    MANUAL,
    NEVER,
    PROPOSED,
    RULE,
    STAY,
    Classified,
    Codes,
    Days,
    Moved,
    Past,
)

Flags = npt.NDArray[np.bool_]

FLAP_DAYS = 90
"""Who is back in the class before so soon has flapped."""


@dataclass(frozen=True, slots=True)
class ManualOverride:
    """A class that somebody set by hand.

    Parameters
    ----------
    customer_id, scheme, tier : str
    who, why : str
    until : datetime
        When it ends.
    """

    customer_id: str
    scheme: str
    tier: str
    who: str
    why: str
    until: datetime

    def to_dict(self) -> dict[str, str]:
        """Return plain JSON values."""
        return {
            "customer_id": self.customer_id,
            "scheme": self.scheme,
            "tier": self.tier,
            "who": self.who,
            "why": self.why,
            "until": self.until.isoformat(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ManualOverride:
        """Restore what ``to_dict`` gave."""
        return cls(**{**values, "until": datetime.fromisoformat(values["until"])})


def move(
    scheme: Scheme,
    classified: Classified,
    past: Past,
    *,
    as_of: datetime,
    lifts: Mapping[str, Flags],
    manual: Mapping[int, int],
) -> Moved:
    """Apply history and overrides to the classes of a scheme.

    Parameters
    ----------
    scheme : Scheme
    classified : Classified
    past : Past
    as_of : datetime
    lifts : mapping
        ``growth`` and ``failing`` to whom their rules hold of.
    manual : mapping of int to int
        Row to the class that was set by hand.
    """
    day = np.datetime64(as_of.date(), "D")
    codes, causes = (
        classified.codes.copy(),
        np.zeros(len(classified.codes), dtype=np.int16),
    )
    lifted = np.full(len(codes), NEVER)
    for cause, name in ((GROWTH, "growth"), (FAILING, "failing")):
        override = getattr(scheme, name)
        if override is not None:
            _lift(
                override,
                scheme.classes.index(override.to),
                (codes, causes, lifted),
                matched=lifts[name],
                started=past.lifted,
                day=day,
                cause=cause,
            )
    free = causes == RULE
    if scheme.hysteresis and classified.limits is not None:
        _hold_band(
            scheme.hysteresis, classified, past.codes, (codes, causes), free=free
        )
    if scheme.min_stay_days:
        young = past.since > day - np.timedelta64(scheme.min_stay_days, "D")
        stays = free & young & (past.codes >= 0) & (codes != past.codes)
        codes[stays], causes[stays] = past.codes[stays], STAY
    for row, code in manual.items():
        codes[row], causes[row] = code, MANUAL
    return _close(codes, causes, lifted, past, day=day)


def _lift(
    override: Override,
    target: int,
    parts: tuple[Codes, Codes, Days],
    *,
    matched: Flags,
    started: Days,
    day: np.datetime64,
    cause: int,
) -> None:
    """Put those whom a rule holds of into its class, for as long as it says."""
    codes, causes, lifted = parts
    better = codes > target if cause == GROWTH else codes < target
    start = np.where(np.isnat(started), day, started)
    alive = start + np.timedelta64(override.days, "D") > day
    now = matched & better
    lifted[now] = start[now]
    if override.approval:
        causes[now & alive] = PROPOSED
        return
    codes[now & alive], causes[now & alive] = target, cause


def _hold_band(
    band: float,
    classified: Classified,
    before: Codes,
    parts: tuple[Codes, Codes],
    *,
    free: Flags,
) -> None:
    """Leave customers where they were until they pass a limit by the band.

    Who rises must pass the limit of the class it comes to by the band; who falls, that
    of the class it leaves.
    """
    assert classified.limits is not None
    assert classified.quantity is not None
    codes, causes = parts
    margin = np.abs(classified.limits) * band
    quantity = classified.quantity[:, None]
    with np.errstate(invalid="ignore"):
        sure_up = _places(quantity >= classified.limits + margin)
        sure_down = _places(quantity >= classified.limits - margin)
    was_there = free & (before >= 0)
    rising = was_there & (codes < before)
    risen = np.minimum(sure_up, before)
    falling = was_there & (codes > before)
    fallen = np.where(sure_down <= before, before, codes)
    for group, code in ((rising, risen), (falling, fallen)):
        changed = group & (code != codes)
        codes[changed], causes[changed] = code[changed], BAND


def _places(reached: npt.NDArray[np.bool_]) -> Codes:
    """Return the first class whose limit is reached."""
    last = np.ones((len(reached), 1), dtype=bool)
    return np.asarray(np.hstack([reached, last]).argmax(axis=1), dtype=np.int16)


def _close(
    codes: Codes, causes: Codes, lifted: Days, past: Past, *, day: np.datetime64
) -> Moved:
    """Count, and write what the next run has to know."""
    was_there = past.codes >= 0
    moved = was_there & (codes != past.codes)
    recent = past.since > day - np.timedelta64(FLAP_DAYS, "D")
    flapped = moved & (codes == past.was) & recent
    since, was = past.since.copy(), past.was.copy()
    since[moved], was[moved] = day, past.codes[moved]
    counts = {
        "known_before": int(was_there.sum()),
        "up": int((moved & (codes < past.codes)).sum()),
        "down": int((moved & (codes > past.codes)).sum()),
        "flapped": int(flapped.sum()),
        **{
            name: int((causes == cause).sum())
            for cause, name in enumerate(CAUSES)
            if cause != RULE
        },
    }
    return Moved(codes, causes, Past(codes, _slim(since), was, _slim(lifted)), counts)


def _slim(days: Days) -> Days:
    """Keep days of whom none is known as one: there are some thirty schemes."""
    return days if not np.isnat(days).all() else np.broadcast_to(NEVER, len(days))


def end_of(override: Override, started: date) -> date:
    """Return the day on which an override ends."""
    return started + timedelta(days=override.days)
