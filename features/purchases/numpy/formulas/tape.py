"""Operations in numpy, one after the other, each on what earlier ones gave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.purchases.numpy.grains.runs import Floats, SumError

Operation = Callable[..., Any]
Place = int
"""Where the result of an operation is held."""

Column = tuple[str, Place, bool]
"""A column: its name, where it is, and whether it is NULL of no customer."""

GRAINS: Place = 0
"""The place of what the operations start from."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What makes one column: its operations, and what is not needed after them.

    Parameters
    ----------
    operations : tuple of (callable, Place, tuple of Place)
        Each with where its result goes, and what it is of.
    name : str
    place : Place
        Where the column then is.
    is_full : bool
        Whether it is NULL of no customer.
    dead : tuple of Place
    """

    operations: tuple[tuple[Operation, Place, tuple[Place, ...]], ...]
    name: str
    place: Place
    is_full: bool
    dead: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """The columns of a plan, in the order in which they are worked out.

    Parameters
    ----------
    n_places : int
    constants : mapping of int to object
    segments : tuple of Segment
    """

    n_places: int
    constants: Mapping[Place, Any]
    segments: tuple[Segment, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the columns."""
        return frozenset(segment.name for segment in self.segments)

    def run(self, grains: Any, give: Callable[[Segment, Floats], None]) -> None:
        """Work out each column of the customers of ``grains``, and hand it on.

        Raises
        ------
        SumError
            If a number is too large for what holds it.
        """
        places: list[Any] = [None] * self.n_places
        places[GRAINS] = grains
        for place, value in self.constants.items():
            places[place] = value
        read = places.__getitem__
        try:
            with np.errstate(all="ignore", over="raise"):
                for segment in self.segments:
                    for operation, place, operands in segment.operations:
                        places[place] = operation(*map(read, operands))
                    give(segment, spread(places[segment.place], grains.n))
                    for place in segment.dead:
                        places[place] = None
        except FloatingPointError as error:
            raise SumError("A number is larger than a double can be.") from error


class Tape:
    """Operations as they are written down; the same one twice is one."""

    def __init__(self) -> None:
        self._written: dict[tuple[Any, ...], Place] = {}
        self._operations: list[tuple[Operation, tuple[Place, ...]] | None] = [None]
        self._constants: dict[Place, Any] = {}

    def constant(self, value: Any) -> Place:
        """Return the place of a constant."""
        key = (type(value), repr(value))
        if key not in self._written:
            self._written[key] = len(self._operations)
            self._constants[len(self._operations)] = value
            self._operations.append(None)
        return self._written[key]

    def is_zero(self, place: Place) -> bool:
        """Tell whether a place holds the constant 0."""
        return place in self._constants and not self._constants[place]

    def write(self, operation: Operation, *operands: Place) -> Place:
        """Return the place of what an operation gives; constants give a constant."""
        key = (operation, *operands)
        if key not in self._written:
            if self._constants.keys() >= set(operands):
                values = [self._constants[at] for at in operands]
                with np.errstate(all="ignore"):
                    self._written[key] = self.constant(operation(*values))
            else:
                self._written[key] = len(self._operations)
                self._operations.append((operation, operands))
        return self._written[key]

    def program(self, columns: Iterable[Column]) -> Program:
        """Return the program of some columns, without what none of them needs."""
        done: set[Place] = {GRAINS, *self._constants}
        parts = [(*column, self._needed(column[1], done)) for column in columns]
        last: dict[Place, int] = {}
        for number, (_, place, _, needed) in enumerate(parts):
            read = [at for one in needed for at in self._operands(one)]
            last.update(dict.fromkeys((*read, *needed, place), number))
        dead: list[list[Place]] = [[] for _ in parts]
        for place, number in last.items():
            if place != GRAINS and place not in self._constants:
                dead[number].append(place)
        segments = (
            Segment(
                tuple((self._operation(at), at, self._operands(at)) for at in needed),
                name,
                place,
                is_full,
                tuple(dead[number]),
            )
            for number, (name, place, is_full, needed) in enumerate(parts)
        )
        return Program(len(self._operations), self._constants, tuple(segments))

    def _needed(self, place: Place, done: set[Place]) -> list[Place]:
        """Return what is not done yet of what a place needs, in order."""
        needed: set[Place] = set()
        ahead = [place]
        while ahead:
            at = ahead.pop()
            if at not in done:
                done.add(at)
                needed.add(at)
                ahead += self._operands(at)
        return sorted(needed)

    def _operation(self, place: Place) -> Operation:
        written = self._operations[place]
        if written is None:
            raise KeyError(place)
        return written[0]

    def _operands(self, place: Place) -> tuple[Place, ...]:
        written = self._operations[place]
        return written[1] if written else ()


def spread(values: Any, n: int) -> Floats:
    """Return a column as doubles, also where it is one number for all."""
    if isinstance(values, np.ndarray) and values.ndim:
        return values
    return np.full(n, values, np.float64)
