"""Repeated passages: what word windows find compared with a suffix array over the same pages, and their cost.

`python -m bench.windows [--pages 6000]`. The pages are those of ../shared as read, with menus, notices and mirrors. The
suffix array is sorted to a depth of 50 words by prefix doubling: it finds every run of 50 words that occurs twice, as
deduplicate-text-datasets does. It is used twice: over words as `WindowLevel` compares them, and over tokens between
spaces, with case and punctuation, which is closer to the tokens of such tools. Those tools remove every copy of a run;
here both are counted as in c4pipe, where one copy stays, on the page with the smallest MD5.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.inputs import pages_of
from bench.outside import SHARED
from bench.ways import Part, run, table
from c4pipe.dedup import SpanLevel, WindowLevel
from c4pipe.dedup.claims import page_priority
from c4pipe.dedup.winnowing import winnowed
from c4pipe.page import Page
from c4pipe.text import hash64, percent
from c4pipe.text.tokens import word_hashes

LEVEL = WindowLevel()
GUARANTEED = LEVEL.words + LEVEL.gap - 1
PAGE = 4_700  # characters of the page for which the budget holds
LENGTHS = (50, 60, 70, 80, 90, GUARANTEED, 10**9)  # words of a run, from and below

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Tokens(NamedTuple):
    """The tokens of all pages in one array, with a unique one after each page."""

    ids: Numbers
    pages: list[slice]  # the range of each page in it
    places: list[tuple[Numbers, Numbers]]  # where each page's tokens begin and end in its text

    @classmethod
    def of(cls, found: Sequence[tuple[NDArray[np.uint64], Numbers, Numbers]]) -> Tokens:
        """From hashes, starts and ends of each page."""
        rows, pages, at = [], [], 0
        for number, (hashes, _, _) in enumerate(found):
            rows += [hashes, np.array([hash64(f"behind page {number}")], np.uint64)]
            pages.append(slice(at, at + len(hashes)))
            at += len(hashes) + 1
        ids = np.unique(np.concatenate(rows), return_inverse=True)[1].astype(np.int64)
        return cls(ids, pages, [(starts, ends) for _, starts, ends in found])


def between_blanks(text: str) -> tuple[NDArray[np.uint64], Numbers, Numbers]:
    """The tokens between spaces, unchanged; in scripts without spaces, whole sentences."""
    found = [(hash64(m[0]), *m.span()) for m in re.finditer(r"\S+", text)]
    columns = zip(*found, strict=True) if found else ((), (), ())
    hashes, starts, ends = columns
    return np.array(hashes, np.uint64), np.array(starts, np.int64), np.array(ends, np.int64)


def ranks(ids: Numbers, length: int) -> Numbers:
    """The rank of the run of so many tokens that begins at each place, equal for equal runs (Manber and Myers 1993).
    Tokens are numbered from 0 without gaps.
    """
    rank, deep = ids, 1
    while deep < length:
        step = min(deep, length - deep)
        rank = np.unique(rank[:-step] * len(ids) + rank[step:], return_inverse=True)[1]
        deep += step
    return rank


def repeated(ids: Numbers, length: int) -> Mask:
    """The places where a run of so many tokens begins that also occurs earlier."""
    rank = ranks(ids, length)
    first = np.unique(rank, return_index=True)[1]
    again = np.zeros(len(ids), bool)
    again[: len(rank)] = first[rank] != np.arange(len(rank))
    return again


def covered(starts: Mask, length: int) -> Mask:
    """The tokens of the runs that begin there."""
    edges = np.zeros(len(starts) + length, np.int64)
    edges[: len(starts)] += starts
    edges[length:] -= starts
    return np.cumsum(edges)[: len(starts)] > 0


def lost_windows(words: Tokens, hashes: Sequence[NDArray[np.uint64]]) -> Mask:
    """The words at which a window dropped by `WindowLevel` begins, for pages in the order of their priorities."""
    chosen = [winnowed(page, LEVEL.words, LEVEL.gap) for page in hashes]
    keys = np.concatenate([page.hashes for page in chosen])
    places = np.concatenate([page.firsts + at.start for page, at in zip(chosen, words.pages, strict=True)])
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    lost = np.zeros(len(words.ids), bool)
    lost[places[first[number] != np.arange(len(keys))]] = True
    return lost


def characters(tokens: Tokens, gone: Mask, sizes: Sequence[int]) -> list[Mask]:
    """The characters of these tokens on each page, including gaps between adjacent ones."""
    pages = []
    for at, (starts, ends), size in zip(tokens.pages, tokens.places, sizes, strict=True):
        edges = np.zeros(size + 1, np.int64)
        for first, last in _runs(gone[at]):
            edges[starts[first]] += 1
            edges[ends[last - 1]] -= 1
        pages.append(np.cumsum(edges)[:size] > 0)
    return pages


def _runs(flags: Mask) -> Iterator[tuple[int, int]]:
    at = 0
    for flag, group in groupby(flags.tolist()):
        size = len(list(group))
        if flag:
            yield at, at + size
        at += size


def by_length(starts: Mask, taken: Mask) -> Iterator[str]:
    """How much is removed from runs of each length."""
    rows: dict[int, list[int]] = {n: [0, 0, 0, 0] for n in range(len(LENGTHS) - 1)}
    for first, last in _runs(starts):
        end = last + LEVEL.words - 1
        row = rows[next(n for n in rows if end - first < LENGTHS[n + 1])]
        inside = int(taken[first:end].sum())
        for i, count in enumerate((1, inside > 0, end - first, inside)):
            row[i] += count
    yield f"{'words of a run':>16} {'runs':>8} {'found':>8} {'words':>10} {'taken':>8}"
    for n, (runs, found, size, gone) in rows.items():
        most = f"to {LENGTHS[n + 1] - 1}" if n + 2 < len(LENGTHS) else "on"
        name = f"{LENGTHS[n]} {most}"
        yield f"{name:>16} {runs:>8,} {percent(found, runs):>8} {size:>10,} {percent(gone, size):>8}"


def compared(pages: Sequence[Page]) -> Iterator[str]:
    """The results of each, in lines."""
    texts = [page.text for page in pages]
    read = [word_hashes(text) for text in texts]
    words, blanks = Tokens.of([tuple(page) for page in read]), Tokens.of([between_blanks(text) for text in texts])
    total = sum(page.stop - page.start for page in words.pages)
    known = repeated(words.ids, LEVEL.words)
    ours = covered(lost_windows(words, [page.hashes for page in read]), LEVEL.words)
    theirs = covered(known, LEVEL.words)
    yield f"{len(pages):,} pages, {total:,} words"
    yield f"a suffix array over the same words takes {theirs.sum():,} ({percent(theirs.sum(), total)}) of them"
    more = (ours & ~theirs).sum()
    yield f"windows take {ours.sum():,} ({percent(ours.sum(), theirs.sum())} of these), and {more:,} others"
    sure = repeated(words.ids, GUARANTEED)
    spoilt = np.lib.stride_tricks.sliding_window_view(np.append(ours, np.zeros(GUARANTEED - 1, bool)), GUARANTEED)
    missed = int((~spoilt[sure].any(axis=1)).sum())
    yield f"of {sure.sum():,} places where {GUARANTEED} words begin that stand earlier as well, {missed:,} lose nothing"
    yield from by_length(known, ours)
    sizes = [*map(len, texts)]
    as_written = characters(blanks, covered(repeated(blanks.ids, LEVEL.words), LEVEL.words), sizes)
    mine = characters(words, ours, sizes)
    both, my_own, its_own = (
        sum(int(one.sum()) for one in masks)
        for masks in (
            (a & b for a, b in zip(mine, as_written, strict=True)),
            (a & ~b for a, b in zip(mine, as_written, strict=True)),
            (b & ~a for a, b in zip(mine, as_written, strict=True)),
        )
    )
    yield (
        f"characters, against a suffix array over what stands between blanks: {both:,} by both, {my_own:,} by windows "
        f"alone, {its_own:,} by the suffix array alone, of {sum(sizes):,}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.windows", description="Repeated passages.")
    parser.add_argument("--pages", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    files = sorted([*SHARED.glob("wet_bench/*.wet.gz"), *SHARED.glob("wet/cc-wet-*.wet.gz")])
    if not files:
        raise SystemExit(f"bench: {SHARED} has no WET file to search for passages.")
    pages = [*{page.url: page for page in islice(pages_of(files), args.pages)}.values()]
    pages.sort(key=lambda page: page_priority(page.url))
    print(*compared(pages), sep="\n")
    texts = [page.text[:PAGE] for page in pages if len(page.text) >= PAGE]
    spans = SpanLevel()
    ways = {
        "windows of 50 words": lambda: [len(LEVEL.atoms_at(text)[0]) > 0 for text in texts],
        "spans of sentences": lambda: [len(spans.atoms_at(text)[0]) > 0 for text in texts],
    }
    print(table(run(Part(f"{PAGE:,} characters", len(texts), ways), args.rounds), True))
    claims = sum(len(LEVEL.atoms(page.text)) for page in pages)
    print(f"{claims:,} claims, {20 * claims / len(pages):,.0f} bytes a page")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
