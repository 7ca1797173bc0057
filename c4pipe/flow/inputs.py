"""The inputs of a build, their list for workers, and the units of work they are divided into.

    inputs --units_of--> (piece, piece, ...), (piece,), ...

Which input, or part of a large one, is read in which unit depends only on their sizes and the two numbers below, not on
the number of workers. So a build can resume with a different number of workers.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from c4pipe.flow.files import BeamStore
from c4pipe.flow.folders import PACKED, LeftOut
from c4pipe.flow.stamps import Stamped
from c4pipe.text.urls import public

# A unit costs about 30 ms whatever it holds, mostly for files that must be synced to disk before it counts.
TOGETHER = 1 << 20  # bytes of small inputs that share a unit: some hundred pages
RANGE = 8 << 20  # bytes of a part of a large input: a smaller one helps a second worker only if there is no other input


class Input(NamedTuple):
    """One file to read. `name` is its path below the folder that all inputs share: the start of a page's `source`."""

    path: str
    name: str
    bytes: int  # -1 if it cannot be opened, or is not known yet
    expected: int = -1  # the size given by --sizes
    stamp: str = ""  # of the version that was listed, as `Stamped` has it

    @property
    def listed(self) -> Stamped:
        """The version that was listed."""
        return Stamped(self.bytes, self.stamp)


class Piece(NamedTuple):
    """A part of an input that is read in one go: a range of its stored bytes, usually all of them."""

    number: int  # of the input
    item: Input
    start: int = 0
    stop: int | None = None  # None: to its end
    most: int | None = None  # pages after which reading stops

    @property
    def bytes(self) -> int:
        """Bytes to read, 0 if unknown."""
        return max(0, self.item.bytes if self.stop is None else self.stop - self.start)


class ArrayTask(NamedTuple):
    """One of several tasks that share the units of a build: unit i belongs to task i mod `of` + 1."""

    number: int  # from 1
    of: int

    def takes(self, unit: int) -> bool:
        """Whether the unit of that number belongs to this task."""
        return unit % self.of == self.number - 1


WorkUnit = tuple[Piece, ...]  # what one element of the pipeline stages: consecutive parts of inputs


def units_of(inputs: Sequence[Input], cut: bool, most: int | None = None) -> list[WorkUnit]:
    """The pieces of all inputs in their order, small ones together; large ones in parts where they can be `cut`.

    `most`: pages of each input that are read, for those that are not cut.
    """
    units: list[WorkUnit] = []
    small: list[Piece] = []
    size = 0
    for number, item in enumerate(inputs):
        if small and (item.bytes < 0 or size + item.bytes > TOGETHER):
            units.append(tuple(small))
            small, size = [], 0
        if 0 <= item.bytes <= TOGETHER:
            small.append(Piece(number, item, most=most))
            size += item.bytes
        elif cut and item.bytes > RANGE and not item.name.lower().endswith(PACKED):
            starts = range(0, item.bytes, RANGE)
            # The last one has no end: bytes appended after the listing are read, then reported.
            units += [(Piece(number, item, start, start + RANGE),) for start in starts[:-1]]
            units.append((Piece(number, item, starts[-1]),))
        else:
            units.append((Piece(number, item, most=most),))
    return [*units, tuple(small)] if small else units


def hold_secrets(inputs: Sequence[Input]) -> bool:
    """Whether a URL among them contains credentials, such as a signature, which another run may replace."""
    return any(item.path != public(item.path) for item in inputs)


def write_input_list(items: Sequence[Input] | Sequence[LeftOut], store: BeamStore, path: str) -> None:
    """A list as a file in the staging folder, so that 90,000 inputs do not make the job graph grow.

    If a URL contains credentials, only the owner may read it: nothing else that builds write contains them.
    """
    private = any(item.path != public(item.path) for item in items)
    with store.write(path, private=private) as stream:
        for item in items:
            stream.write((json.dumps(item) + "\n").encode())


def read_inputs(path: str) -> list[Input]:
    """A list of inputs."""
    return [Input(*fields) for fields in _fields(path)]


def read_left_out(path: str) -> list[LeftOut]:
    """A list of paths that are not inputs."""
    return [LeftOut(*fields) for fields in _fields(path)]


def _fields(path: str) -> Iterator[list[Any]]:
    with BeamStore(posixpath.dirname(path)).read(path) as stream:
        yield from map(json.loads, stream.read().decode().splitlines())


def write_units(units: Iterable[WorkUnit], store: BeamStore, path: str) -> None:
    """The units of work, one per line, by the numbers of their inputs."""
    with store.write(path) as stream:
        for unit in units:
            pieces = [(piece.number, piece.start, piece.stop, piece.most) for piece in unit]
            stream.write((json.dumps(pieces) + "\n").encode())


def read_units(inputs: str, units: str) -> Iterator[tuple[int, bytes]]:
    """(number, unit) for each unit of a list of inputs and one of units, as `unpack_unit` takes it."""
    items = read_inputs(inputs)
    for number, pieces in enumerate(_fields(units)):
        yield number, pack_unit(tuple(Piece(item, items[item], *rest) for item, *rest in pieces))


def pack_unit(unit: WorkUnit) -> bytes:
    """A unit as bytes: Beam's coders reject paths that are not UTF-8, and would pickle named tuples."""
    return json.dumps(unit).encode()


def unpack_unit(unit: bytes) -> WorkUnit:
    """A unit, unpacked from its bytes in Beam."""
    return tuple(Piece(number, Input(*item), *rest) for number, item, *rest in json.loads(unit))
