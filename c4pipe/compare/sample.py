"""A sample of a corpus for descriptions in words: equally many pages of both sides, whatever their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from heapq import heappush, heappushpop
from typing import Any

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.reading import CorpusPage
from c4pipe.langid import UND, load
from c4pipe.text import hash64
from c4pipe.text.tokens import Words, word_hashes

SAMPLE_PAGES = 6_000  # per side: rows of n-grams take 0.3 GB
MOST_CHARS = 10_000  # of a page that are examined
GUESSED_BY, SURE_LANGUAGE = "fasttext", 0.5  # for pages of unknown language (0.5: Wenzek et al. 2020)


class Drawing:
    """Samples a stream of pages: keeps those whose numbers have the smallest hashes. It holds no others."""

    def __init__(self, most: int = SAMPLE_PAGES):
        self._most = most
        self._heap: list[tuple[int, int, CorpusPage]] = []
        self.seen = self.bytes = 0

    def add(self, page: CorpusPage) -> None:
        """Takes the next page."""
        item = (-hash64(str(self.seen)), self.seen, page)
        self.seen += 1
        self.bytes += len(page.text.encode())
        if len(self._heap) < self._most:
            heappush(self._heap, item)
        elif item > self._heap[0]:
            heappushpop(self._heap, item)

    def sample(self, pages: int) -> PageSample:
        """The pages with the smallest hashes."""
        return PageSample([page for *_, page in sorted(self._heap, reverse=True)[:pages]])


class PageSample:
    """Pages, ordered by host, with their derived values, each computed once."""

    def __init__(self, pages: Sequence[CorpusPage]):
        self.pages = sorted(pages, key=lambda page: page.host)
        self.texts = [page.text[:MOST_CHARS] for page in self.pages]

    @cached_property
    def hosts(self) -> NDArray[np.int64]:
        """[pages] The number of each page's host, ascending; a page without a URL has its own."""
        numbers: dict[Any, int] = {}
        names = (page.host or place for place, page in enumerate(self.pages))
        return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)

    @cached_property
    def halves(self) -> NDArray[np.int64]:
        """[pages] 0 or 1, the same for all pages of a host in any sample."""
        return np.array([hash64(page.host or page.text) & 1 for page in self.pages], np.int64)

    @property
    def host_count(self) -> int:
        """The number of hosts that have pages."""
        return len(np.unique(self.hosts))

    @cached_property
    def languages(self) -> list[str]:
        """[pages] The language in the corpus; if it has none, the guess of lid.176. UND for neither."""
        identifier = None if all(page.language for page in self.pages) else load(GUESSED_BY)
        found = []
        for page, text in zip(self.pages, self.texts, strict=True):
            guess = None if page.language or identifier is None else identifier.guess(text)
            found.append(page.language or (guess.language if guess and guess.score >= SURE_LANGUAGE else UND))
        return found

    @cached_property
    def _words_of_pages(self) -> list[NDArray[np.uint64]]:
        return [page_words(text).hashes.copy() for text in self.texts]  # a copy: the rest takes twice as much again

    @cached_property
    def words(self) -> NDArray[np.uint64]:
        """[words] The hashes of the words of all pages, concatenated."""
        return np.concatenate([np.empty(0, np.uint64), *self._words_of_pages])

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """[words] The page of each."""
        return np.repeat(np.arange(len(self.pages)), [len(words) for words in self._words_of_pages])

    @cached_property
    def lines(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """[lines] The hash of each line of some length, and its page."""
        found = [(hash64(line), place) for place, text in enumerate(self.texts) for line in telling_lines(text)]
        table = np.array(found, np.uint64).reshape(-1, 2)
        return table[:, 0], table[:, 1].astype(np.int64)


SHORTEST_LINE = 20  # characters: shorter lines are labels, which are the same everywhere


def telling_lines(text: str) -> Iterator[str]:
    """The lines that are long enough."""
    return (line for line in map(str.strip, text.split("\n")) if len(line) >= SHORTEST_LINE)


def page_words(text: str) -> Words:
    """The words of a page."""
    return word_hashes(text)
