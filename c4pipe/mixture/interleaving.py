"""An order in which every prefix holds each entry at its rate, as index arithmetic.

The entries are the leaves of a Huffman tree over their quotas. A node with w documents, b of them below its left
child, gives the left child a proportional share of its first c places, rounded to the nearest: (c * b + w // 2) // w.
The rest of the c go right. So the path from the root to a leaf shows which entry a position belongs to, and which of
the entry's documents it is; the path back shows the position of an entry's i-th document. Both are exact integers.

How far a prefix may deviate: at each node the rounding adds at most 1/2 to what is left of the parent's deviation,
which is scaled by the child's share r of its parent, so d(child) <= 1/2 + r * d(parent), and d(root) = 0. In a Huffman
tree the two children of a node were merged before it and its sibling, so neither outweighs that sibling, and r <= 2/3
for every node that is not a leaf. Hence d < 3/2 above the leaves, and d < 2 for every entry after any number of
documents.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from c4pipe.errors import ConfigError
from c4pipe.mixture.permutation import Indices

MAX_DOCUMENTS = 1 << 40  # `scaled` is exact up to here: 1.1e12; mC4 has 6.6e9 pages
_LOW = 20  # bits; MAX_DOCUMENTS squared, with one factor cut there, stays below 2**63


class _Node(NamedTuple):
    weight: int
    entry: int = -1  # the entry of a leaf
    left: _Node | None = None
    right: _Node | None = None


class _Step(NamedTuple):
    """From a node to one of its children: of c places the child has (c * part + phase) // whole."""

    part: int
    whole: int
    phase: int

    def down(self, places: Indices) -> Indices:
        """The number of the node's first `places` that are the child's."""
        return scaled(places, self.part, self.phase, self.whole)

    def up(self, places: Indices) -> Indices:
        """The node's place of the child's place with that number: the inverse of `down`, rounded the other way."""
        return scaled(places, self.whole, self.whole - 1 - self.phase, self.part)


class Interleaving:
    """The order of a mixture with so many documents of each entry; entries are numbers, by their place in `quotas`.

    >>> Interleaving([4, 2, 1]).locate(np.arange(7))[0].tolist()
    [0, 1, 0, 2, 0, 1, 0]
    """

    def __init__(self, quotas: Sequence[int]):
        self.quotas = tuple(quotas)
        self.total = sum(self.quotas)
        if self.total > MAX_DOCUMENTS:
            raise ConfigError(
                f"a mixture of {self.total:,} documents; at most {MAX_DOCUMENTS:,} can be ordered exactly."
            )
        self._root = _huffman(self.quotas)
        self._paths = dict(_paths(self._root, ())) if self._root else {}

    @property
    def deviation(self) -> float:
        """In any prefix, an entry's documents differ from its share of the whole by at most this; below 2."""
        return max((_strayed(path) for path in self._paths.values()), default=0.0)

    def locate(self, positions: Indices) -> tuple[Indices, Indices]:
        """(entry, number of the document among the entry's own) at each position of the mixture."""
        entries = np.empty(len(positions), np.int64)
        numbers = np.empty(len(positions), np.int64)

        def descend(node: _Node, at: Indices, places: Indices) -> None:
            if node.left is None or node.right is None:
                entries[at], numbers[at] = node.entry, places
                return
            step = _step(node, node.left)
            before = step.down(places)
            left = step.down(places + 1) > before
            if left.any():
                descend(node.left, at[left], before[left])
            if not left.all():
                descend(node.right, at[~left], (places - before)[~left])

        if len(positions):
            if self._root is None or not (positions.min() >= 0 and positions.max() < self.total):
                raise IndexError(f"positions from {positions.min()} to {positions.max()} of {self.total}")
            descend(self._root, np.arange(len(positions)), np.asarray(positions, np.int64))
        return entries, numbers

    def positions(self, entry: int, numbers: Indices) -> Indices:
        """The positions in the mixture of these documents, numbered 0 .. quota-1, of an entry."""
        places = np.asarray(numbers, np.int64)
        for step in reversed(self._paths.get(entry, ())):
            places = step.up(places)
        return places


def scaled(values: Indices, factor: int, addend: int, divisor: int) -> Indices:
    """(value * factor + addend) // divisor, exactly, where values, factor, divisor and the result are below 2**40.

    `addend` is below `divisor` or below `factor`, whichever is larger.
    """
    if max(factor, divisor) < 1 << 31:
        return (values * factor + addend) // divisor
    high, rest = np.divmod((values >> _LOW) * factor, divisor)
    low = ((rest << _LOW) + (values & ((1 << _LOW) - 1)) * factor + addend) // divisor
    return (high << _LOW) + low  # type: ignore[no-any-return]


def _huffman(quotas: Sequence[int]) -> _Node | None:
    """The tree over the entries that have documents; of equal weights the earlier one is merged first."""
    heap = [(weight, entry, _Node(weight, entry)) for entry, weight in enumerate(quotas) if weight]
    heapq.heapify(heap)
    for number in range(len(quotas), len(quotas) + len(heap) - 1):
        (_, _, right), (_, _, left) = heapq.heappop(heap), heapq.heappop(heap)
        weight = left.weight + right.weight
        heapq.heappush(heap, (weight, number, _Node(weight, -1, left, right)))
    return heap[0][2] if heap else None


def _step(node: _Node, child: _Node) -> _Step:
    half = node.weight // 2
    return _Step(child.weight, node.weight, half if child is node.left else node.weight - 1 - half)


def _paths(node: _Node, above: tuple[_Step, ...]) -> Iterator[tuple[int, tuple[_Step, ...]]]:
    """(entry, the steps from the root to it)."""
    if node.left is None or node.right is None:
        yield node.entry, above
        return
    for child in (node.left, node.right):
        yield from _paths(child, (*above, _step(node, child)))


def _strayed(path: tuple[_Step, ...]) -> float:
    bound = 0.0
    for step in path:
        bound = 0.5 + bound * step.part / step.whole
    return bound
