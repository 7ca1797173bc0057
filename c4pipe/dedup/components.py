"""Which pages are linked: connected components of the links between them, found by contraction.

A link joins two nodes, which are numbers. Links are spread over partitions by their nodes, so those of one component
may be in any of them. In a round, each partition finds the components of its links and replaces each by a star, in
which all nodes are linked to the smallest one. A link goes to the partitions of both its nodes, where it meets other
links. Components stay connected, and nodes are linked to ever smaller ones, until each is only linked to the smallest
of its component.

A chain of n nodes takes O(log n) rounds: one of 10,000, sorted, shuffled or folded, at most 11 over 16 partitions and
18 over 256.
A complete star is output in the round that detects it, and is not processed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native

PAGE_LINK = np.dtype([("node", "<u8"), ("to", "<u8"), ("only", "?")])  # `only`: the node's only link; `to` is smaller
NODE_LABEL = np.dtype([("node", "<u8"), ("label", "<u8")])  # the smallest node of its component
Links = NDArray[np.void]


class Contracted(NamedTuple):
    """The result of a round for the links of a partition."""

    labels: NDArray[np.void]  # of complete components, as `NODE_LABEL`
    links: Links  # of the other components


def links_between(ones: NDArray[np.uint64], others: NDArray[np.uint64]) -> Links:
    """The links that join these nodes pairwise; none from a node to itself."""
    apart = ones != others
    links = np.zeros(np.count_nonzero(apart), PAGE_LINK)
    links["node"], links["to"] = np.maximum(ones, others)[apart], np.minimum(ones, others)[apart]
    return links


def partition_of(nodes: NDArray[np.uint64], partitions: int) -> NDArray[np.int64]:
    """The partition of each node, by a hash of it (Fibonacci hashing: Knuth, TAOCP 3, 6.4)."""
    mixed = (nodes ^ (nodes >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(32)) % np.uint64(partitions)).astype(np.int64)


def contract(pieces: Iterable[Links], partition: int, partitions: int) -> Contracted:
    """One round of one partition, over all links that have a node in it."""
    links = _distinct(pieces)
    if not len(links):
        return Contracted(np.empty(0, NODE_LABEL), links)
    nodes, ends, roots = _components(links)
    smallest = nodes[roots]
    starred = links["to"] == smallest[ends[0]]
    # All links of a root of this partition are here. If each is the only link of its node, nothing is missing.
    open_links = np.bincount(roots[ends[0]], ~(starred & links["only"]), len(nodes))
    whole = (open_links[roots] == 0) & (partition_of(smallest, partitions) == partition)
    labels = np.empty(np.count_nonzero(whole), NODE_LABEL)
    labels["node"], labels["label"] = nodes[whole], smallest[whole]
    going = ~whole & (nodes != smallest)
    # A node of this partition with one link, which stays as it is.
    alone = (np.bincount(ends.ravel(), minlength=len(nodes)) == 1) & (partition_of(nodes, partitions) == partition)
    alone[ends[0]] &= starred
    star = np.empty(np.count_nonzero(going), PAGE_LINK)
    star["node"], star["to"], star["only"] = nodes[going], smallest[going], alone[going]
    return Contracted(labels, star)


def spread(links: Links, partitions: int) -> Iterator[tuple[int, bytes]]:
    """(partition, packed links): each link goes to the partitions of both its nodes, an `only` link just to the
    smaller's."""
    theirs, others = (partition_of(links[name], partitions) for name in ("to", "node"))
    again = ~links["only"] & (theirs != others)
    where = np.concatenate([theirs, others[again]])
    order = np.argsort(where, kind="stable")
    packed = np.concatenate([links, links[again]])[order]
    numbers, starts = np.unique(where[order], return_index=True)
    for number, part in zip(numbers.tolist(), np.split(packed, starts[1:]), strict=False):
        yield number, part.tobytes()


def components(pieces: Iterable[Links]) -> NDArray[np.void]:
    """The label of every node of these links, as `NODE_LABEL`, with all links in one place."""
    links = _distinct(pieces)
    nodes, _, roots = _components(links)
    labels = np.empty(len(nodes), NODE_LABEL)
    labels["node"], labels["label"] = nodes, nodes[roots]
    return labels


def _distinct(pieces: Iterable[Links]) -> Links:
    """Each link once, `only` if any copy says so, sorted."""
    links = np.concatenate([np.empty(0, PAGE_LINK), *pieces])
    links = links[np.lexsort((~links["only"], links["to"], links["node"]))]
    first = np.ones(len(links), bool)
    first[1:] = (links["node"][1:] != links["node"][:-1]) | (links["to"][1:] != links["to"][:-1])
    return links[first]


def _components(links: Links) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """(nodes sorted, [2, links] the places of `node` and `to` in them, for each node the place of the smallest one in
    its component)."""
    nodes = np.unique(np.concatenate([links["node"], links["to"]]))
    ends = np.stack([np.searchsorted(nodes, links[name]) for name in ("node", "to")])
    roots = np.arange(len(nodes))
    join_nodes(ends.ctypes.data, len(links), roots.ctypes.data, len(nodes))
    return nodes, ends, roots


@native("void(int64*, int64, int64*, int64)")
def join_nodes(ends: Any, links: int, roots: Any, nodes: int) -> None:
    """Union-find with path halving (Tarjan and van Leeuwen 1984), the smaller root above the larger.

    Args:
        ends: (2, links) places of nodes.
        roots: (nodes,) initially each its own; afterwards the smallest of its component.
    """
    for i in range(links):
        a, b = ends[i], ends[links + i]
        while roots[a] != a:
            roots[a] = roots[roots[a]]
            a = roots[a]
        while roots[b] != b:
            roots[b] = roots[roots[b]]
            b = roots[b]
        if a < b:
            roots[b] = a
        else:
            roots[a] = b
    for node in range(nodes):  # a root precedes the nodes below it
        roots[node] = roots[roots[node]]
