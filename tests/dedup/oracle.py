"""Dedup of text from its definition (c4-rules.md, "Repeated text"), with whole strings and nothing packed; and, at the
end, the real code driven over groups, shards and partitions as the Beam flow drives it.

A corpus is a dict from URL to text, of the pages that are alive. Lines are joined by a line break; the sentences of a
line, joined, are the line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from c4pipe.dedup import LineLevel, SpanLevel, TextLevel
from c4pipe.dedup.claims import (
    LOSS,
    Atoms,
    all_losses,
    claims,
    collapse,
    losers,
    lost_atoms,
    owner_of,
    page_priority,
    scatter,
)
from c4pipe.page import Dropped, Kept, Page, Tally

Corpus = dict[str, str]
Split = Callable[[str], list[str]]
Place = tuple[str, int]  # URL, number of the sentence in its page


def md5(url: str) -> str:
    """The hash by which pages compete."""
    return hashlib.md5(url.encode()).hexdigest()


def normal(piece: str) -> str:
    """The form in which lines and sentences are compared."""
    return piece.strip().lower()


def without_repeated_lines(corpus: Corpus) -> Corpus:
    """One page owns each line, the one with the smallest md5; it keeps its owned lines once each; empty pages go."""
    claimants: dict[str, list[str]] = {}
    for url, text in corpus.items():
        for line in text.split("\n"):
            claimants.setdefault(normal(line), []).append(url)
    owner = {line: min(urls, key=md5) for line, urls in claimants.items()}
    left = {}
    for url, text in corpus.items():
        kept: dict[str, str] = {}
        for line in text.split("\n"):
            if owner[normal(line)] == url:
                kept.setdefault(normal(line), line)
        if "".join(kept.values()):
            left[url] = "\n".join(kept.values())
    return left


def spans_of(corpus: Corpus, split: Split, width: int) -> dict[tuple[str, ...], list[Place]]:
    """Every run of `width` consecutive sentences of a page, and the places where it begins."""
    places: dict[tuple[str, ...], list[Place]] = {}
    for url, text in corpus.items():
        sentences = [normal(sentence) for line in text.split("\n") for sentence in split(line)]
        for start in range(len(sentences) - width + 1):
            places.setdefault(tuple(sentences[start : start + width]), []).append((url, start))
    return places


def span_owners(corpus: Corpus, split: Split, width: int, place: Place) -> set[str]:
    """The owners of the spans that this sentence is part of, but for those that stand there themselves."""
    owners = set()
    for places in spans_of(corpus, split, width).values():
        owner = min(places, key=lambda at: (md5(at[0]), at[1]))
        covers = [at for at in places if at != owner and at[0] == place[0] and at[1] <= place[1] < at[1] + width]
        owners |= {md5(owner[0])[:16]} if covers else set()
    return owners


def removed_sentences(corpus: Corpus, split: Split, width: int) -> set[Place]:
    """The sentences of every occurrence but the owner: smallest md5 of the URL, then the first place in the page."""
    removed = set()
    for places in spans_of(corpus, split, width).values():
        owner = min(places, key=lambda place: (md5(place[0]), place[1]))
        removed |= {(url, start + i) for url, start in places if (url, start) != owner for i in range(width)}
    return removed


def without_repeated_spans(corpus: Corpus, split: Split, width: int = 3) -> Corpus:
    """Lines lose their removed sentences and stay if anything is left; so do pages."""
    removed = removed_sentences(corpus, split, width)
    left = {}
    for url, text in corpus.items():
        number, lines = 0, []
        for line in text.split("\n"):
            rest = ""
            for sentence in split(line):
                if (url, number) not in removed:
                    rest += sentence
                number += 1
            if rest.strip():
                lines.append(rest.strip())
        if lines:
            left[url] = "\n".join(lines)
    return left


def newest(claims: list[tuple[str, str]]) -> set[int]:
    """Of (key, date) in the order of the input, the numbers of those that stay: the greatest date, then the first."""
    best: dict[str, int] = {}
    for number, (key, date) in enumerate(claims):
        if key not in best or date > claims[best[key]][1]:
            best[key] = number
    return set(best.values())


class Put(NamedTuple):
    """A page somewhere in the input."""

    url: str
    text: str
    alive: bool = True  # False: it lost its URL


Groups = Sequence[Sequence[Sequence[Put]]]  # groups of shards of pages


class Result(NamedTuple):
    """What the packed way makes of the pages that are alive, by URL."""

    corpus: Corpus  # what is kept
    flags: dict[str, list[bool]]  # of each page, which of its atoms are lost
    tallies: dict[str, Tally]
    dropped: dict[str, list[tuple[str, str]]]
    owners: dict[str, list[str]]  # of each page, who keeps what it dropped


def alive_in(groups: Groups) -> Corpus:
    """The corpus that takes part."""
    return {put.url: put.text for shards in groups for shard in shards for put in shard if put.alive}


def packed(groups: Groups, level: TextLevel, partitions: int) -> Result:
    """claims -> collapse -> scatter -> losers -> all_losses -> lost_atoms -> settle."""
    hashes = [[[level.atoms(put.text) for put in shard] for shard in shards] for shards in groups]
    insides: list[np.ndarray] = []
    outsides: list[list[np.ndarray]] = [[np.empty(0, LOSS)] for _ in groups]
    blobs: dict[int, list[tuple[int, bytes]]] = {}
    for group, shards in enumerate(groups):
        pages = [put for shard in shards for put in shard]
        lists = [page for shard in hashes[group] for page in shard]
        atoms = Atoms(
            np.array([atom for page in lists for atom in page], np.uint64),
            np.array([len(page) for page in lists], np.int64),
            np.array([page_priority(put.url) for put in pages], np.uint64),
        )
        best, inside = collapse(claims(atoms, level.width, np.array([put.alive for put in pages], bool)))
        insides.append(inside)
        for partition, data in scatter(best, partitions):
            blobs.setdefault(partition, []).append((group, data))
    for partition in blobs.values():
        for group, lost in losers(partition[::-1]).items():  # a shuffle gives them in no order
            outsides[group].append(lost)
    result = Result({}, {}, {}, {}, {})
    for group, shards in enumerate(groups):
        losses = all_losses(insides[group], np.concatenate(outsides[group]))
        assert (np.diff(losses["row"].astype(np.int64)) > 0).all()  # sorted, each once
        flags, owners, _ = lost_atoms(sum(sum(map(len, shard)) for shard in hashes[group]), losses, level.width)
        assert not owners[~flags].any()
        start = 0
        for put, atoms_of_page in zip(chain(*shards), chain(*hashes[group]), strict=True):
            mine = slice(start, start := start + len(atoms_of_page))
            _settle(put, flags[mine].tolist(), owners[mine].tolist(), level, result)
    return result


def _settle(put: Put, flags: list[bool], owners: list[int], level: TextLevel, result: Result) -> None:
    if not put.alive:
        assert not any(flags)
        return
    dropped: list[Dropped] = []
    verdict = level.apply(Page(put.url, put.text, ""), flags, dropped, owners)
    result.flags[put.url], result.tallies[put.url] = flags, verdict.tally
    result.dropped[put.url] = [(drop.code, drop.line) for drop in dropped]
    result.owners[put.url] = [drop.owner for drop in dropped]
    if isinstance(level, LineLevel | SpanLevel):  # whose atoms are dropped one by one
        assert result.owners[put.url] == [owner_of(o) for o, gone in zip(owners, flags, strict=True) if gone]
    if isinstance(verdict, Kept):
        result.corpus[put.url] = verdict.page.text
    else:
        assert (verdict.reason.code, verdict.page.text) == ("nothing_left", put.text)


PARTITIONS = st.sampled_from([1, 2, 16])


@st.composite
def inputs(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Groups:
    """One to four groups of one to three shards of up to four pages, a few of them not alive; no two share a URL."""
    pages = st.lists(st.tuples(texts, st.sampled_from([True] * 5 + [False])), max_size=4)
    drawn = draw(st.lists(st.lists(pages, min_size=1, max_size=3), min_size=1, max_size=4))
    order = iter(draw(st.permutations(range(48))))  # which page has the smallest hash is anybody's guess
    return [[[Put(f"http://a.example/{next(order)}", *page) for page in shard] for shard in group] for group in drawn]


@st.composite
def shuffled(draw: st.DrawFn, groups: Groups) -> Groups:
    """The same pages in other groups and shards, in another order."""
    pages = draw(st.permutations([put for shards in groups for shard in shards for put in shard]))
    cuts = sorted(draw(st.lists(st.integers(0, len(pages)), max_size=3)))
    edges = [0, *cuts, len(pages)]
    return [[pages[a:b], []] for a, b in pairwise(edges)]
