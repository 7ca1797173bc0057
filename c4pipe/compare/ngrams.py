"""Which words, runs of 2 and 3 words, and lines occur on more sites of one corpus than of the other.

Thousands are tested, so the chance of reporting a single one by accident is the total chance divided by their number
(Bonferroni). Hosts are counted: the number of B's hosts among those that have the run is binomial by chance, whatever
else is on their pages. This needs no bootstrap, and is exact however rare the run is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.benchmarks.seeds import run_hashes
from c4pipe.compare.intervals import least_ratio, upper_tail
from c4pipe.compare.sample import PageSample, page_words, telling_lines
from c4pipe.text import hash64

LONGEST_RUN = 3  # words of a run
FEWEST_HOSTS = 20  # of both corpora that must have it: with fewer, none could be significant
MOST_NAMED = 100  # of each kind and side
SHOWN_CHARS = 80  # of a line
LINE = 0  # the length of a run that is a whole line


class Overused(NamedTuple):
    """A run of words that occurs on more hosts of one side."""

    text: str
    words: int  # 1 to LONGEST_RUN; LINE for a whole line
    side: str  # "A" or "B": the one that has more
    hosts: tuple[int, int]  # that have it, of A and of B
    pages: tuple[float, float]  # shares of the pages of each
    times: float  # at least so many times as often there, by the interval


class OnPages(NamedTuple):
    """The runs on the pages of one side."""

    keys: NDArray[np.uint64]  # sorted, without duplicates
    hosts: NDArray[np.int64]
    pages: NDArray[np.int64]
    places: NDArray[np.int64]  # a page that has it


def overused(a: PageSample, b: PageSample, chance: float) -> list[Overused]:
    """The significant ones, of every length, those with the greatest difference in pages first.

    Args:
        chance: the chance of naming anything if both sides are drawn from the same pages.
    """
    found = []
    for length in (*range(1, LONGEST_RUN + 1), LINE):
        found += _of_length(a, b, length, chance / (LONGEST_RUN + 1))
    return sorted(found, key=lambda one: (-abs(one.pages[1] - one.pages[0]), one.text))


def _of_length(a: PageSample, b: PageSample, length: int, chance: float) -> list[Overused]:
    sides = (on_pages(a, length), on_pages(b, length))
    keys = np.sort(np.concatenate([side.keys for side in sides]))  # np.union1d took six times as long
    keys = keys[_changes(keys)]
    hosts = np.array([_aligned(side.keys, side.hosts, keys) for side in sides])
    enough = np.flatnonzero(hosts.sum(axis=0) >= FEWEST_HOSTS)
    if not len(enough):
        return []
    keys, hosts = keys[enough], hosts[:, enough]
    sizes = (a.host_count, b.host_count)
    share = sizes[1] / sum(sizes)
    each = chance / len(keys) / 2  # for each side
    whole = hosts.sum(axis=0)
    score = (hosts[1] - share * whole) / np.sqrt(whole * share * (1 - share))
    pages = np.array([_aligned(side.keys, side.pages, keys) for side in sides])
    apart = pages[1] / max(1, len(b.pages)) - pages[0] / max(1, len(a.pages))
    found: list[Overused] = []
    for more in (0, 1):
        ahead = np.flatnonzero((score > 3 if more else score < -3) & ((apart > 0) == bool(more)))
        for at in ahead[np.argsort(-np.abs(apart[ahead]), kind="stable")].tolist():
            mine, other = int(hosts[more, at]), int(hosts[1 - more, at])
            if upper_tail(mine, mine + other, share if more else 1 - share) >= each:
                continue
            place = sides[more].places[np.searchsorted(sides[more].keys, keys[at])]
            found.append(
                Overused(
                    _text(b if more else a, int(place), int(keys[at]), length),
                    length,
                    "AB"[more],
                    (int(hosts[0, at]), int(hosts[1, at])),
                    (pages[0, at] / len(a.pages), pages[1, at] / len(b.pages)),
                    least_ratio(mine, other, sizes[more], sizes[1 - more], each),
                )
            )
            if sum(one.side == "AB"[more] for one in found) == MOST_NAMED:
                break
    return found


def _aligned(keys: NDArray[np.uint64], values: NDArray[np.int64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """[wanted] The values of these keys, 0 for missing ones."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def on_pages(sample: PageSample, length: int) -> OnPages:
    """The runs of one length on the pages of a sample."""
    keys, pages = sample.lines if length == LINE else (runs(sample.words, length), sample.owners)
    if length > 1:  # runs within a page only
        inside = pages[length - 1 :] == pages[: len(pages) - length + 1]
        keys, pages = keys[inside], pages[: len(inside)][inside]
    order = np.argsort(keys, kind="stable")  # pages are ordered by host, and stay so
    keys, pages = keys[order], pages[order]
    new_key = _changes(keys)
    at = np.flatnonzero(new_key)
    if not len(at):
        return OnPages(keys, pages, pages, pages)
    owners = sample.hosts[pages]
    hosts, different = (np.add.reduceat(new_key | _changes(values), at, dtype=np.int64) for values in (owners, pages))
    return OnPages(keys[at], hosts, different, pages[at])


def _changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes


def runs(words: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """[words - length + 1] The hash of each run of words."""
    return words if length == 1 else run_hashes(words, length)


def _text(sample: PageSample, place: int, key: int, length: int) -> str:
    """The text with that hash on a page."""
    text = sample.texts[place]
    if length == LINE:
        line = next(line for line in telling_lines(text) if hash64(line) == key)
        return line if len(line) <= SHOWN_CHARS else f"{line[: SHOWN_CHARS - 1]}…"
    found = page_words(text)
    at = int(np.flatnonzero(runs(found.hashes, length) == key)[0])
    return " ".join(text[found.starts[at] : found.ends[at + length - 1]].lower().split())
