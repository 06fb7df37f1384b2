"""Operations in numpy, one after the other, each on what earlier ones gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.purchases.numpy.grains.runs import SumError

Operation = Callable[..., Any]
Place = int
"""Where the result of an operation is held."""

GRAINS: Place = 0
"""The place of what the operations start from."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What makes one column: its operations, and what is not needed after them."""

    name: str
    place: Place
    operations: tuple[tuple[Operation, Place, tuple[Place, ...]], ...]
    dead: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The columns of a plan, in the order in which they are worked out."""

    places: tuple[Any, ...]
    """What each place holds before anything is worked out: the constants."""
    segments: tuple[Segment, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the columns."""
        return frozenset(segment.name for segment in self.segments)

    def run(self, grains: Any, give: Callable[[str, Any], None]) -> None:
        """Work out each column of the customers of ``grains``, and hand it on.

        Raises
        ------
        SumError
            If a number is too large for what holds it.
        """
        places = [grains, *self.places[1:]]
        read = places.__getitem__
        try:
            with np.errstate(all="ignore", over="raise"):
                for segment in self.segments:
                    for operation, place, operands in segment.operations:
                        places[place] = operation(*map(read, operands))
                    give(segment.name, places[segment.place])
                    for place in segment.dead:
                        places[place] = None
        except FloatingPointError as error:
            raise SumError("A number is larger than a double can be.") from error


class Tape:
    """Operations as they are written down; the same one twice is one."""

    def __init__(self) -> None:
        self._places: dict[tuple[Any, ...], Place] = {}
        self._constants: list[Any] = [None]
        self._operations: dict[Place, tuple[Operation, tuple[Place, ...]]] = {}

    def constant(self, value: Any) -> Place:
        """Return the place of a constant."""
        key = (type(value), repr(value))
        if key not in self._places:
            self._places[key] = len(self._constants)
            self._constants.append(value)
        return self._places[key]

    def write(self, operation: Operation, *operands: Place) -> Place:
        """Return the place of what an operation gives."""
        key = (operation, *operands)
        if key not in self._places:
            self._places[key] = len(self._constants)
            self._operations[len(self._constants)] = operation, operands
            self._constants.append(None)
        return self._places[key]

    def program(self, columns: Mapping[str, Place]) -> Program:
        """Return the program of some columns, without what none of them needs."""
        done: set[Place] = set()
        needed = {name: self._needed(at, done) for name, at in columns.items()}
        last: dict[Place, str] = {}
        for name, at in columns.items():
            last[at] = name
            for place in needed[name]:
                last |= dict.fromkeys(self._operations[place][1], name)
        dead: dict[str, list[Place]] = {name: [] for name in columns}
        for place, name in last.items():
            if place in self._operations:
                dead[name].append(place)
        segments = (
            Segment(name, at, tuple(self._steps(needed[name])), tuple(dead[name]))
            for name, at in columns.items()
        )
        return Program(tuple(self._constants), tuple(segments))

    def _steps(
        self, places: list[Place]
    ) -> list[tuple[Operation, Place, tuple[Place, ...]]]:
        operations = self._operations
        return [(operations[at][0], at, operations[at][1]) for at in places]

    def _needed(self, place: Place, done: set[Place]) -> list[Place]:
        """Return what is not done yet of what a place needs, in order."""
        needed: set[Place] = set()
        ahead = [place]
        while ahead:
            at = ahead.pop()
            if at in self._operations and at not in done:
                done.add(at)
                needed.add(at)
                ahead += self._operations[at][1]
        return sorted(needed)
