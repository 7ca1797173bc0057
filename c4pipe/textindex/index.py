"""The open index of a corpus: which of its pages may contain a text, and their texts."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader
from c4pipe.shards import read_manifest
from c4pipe.textindex.grams import known_grams
from c4pipe.textindex.least import GRAM, WINDOW
from c4pipe.textindex.texts import MAKE_INDEX, PageText, TextBlock, TextReader

INDEX_FOLDER = "__text"  # two underscores, so that `datasets`, pyarrow and Spark skip it
PAGE_GRAMS, PAGE_TEXTS = f"{INDEX_FOLDER}/grams.keys", f"{INDEX_FOLDER}/pages.texts"
KEYS_OF_BLOCK = 8192  # in a block of a file of keys; only the last has fewer
COUNTED_GRAMS = 16  # grams of a text whose pages are counted
RAREST = 8  # of these, the number looked up: reading postings is cheaper than reading texts

PageNumbersArray = NDArray[np.int64]


class IndexedShard(NamedTuple):
    """A shard of the manifest."""

    path: str
    rows: int


class CorpusShards:
    """The shards of a corpus in the order of its manifest, which numbers all of its pages from 0."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]):
        """Raises BuildError for a manifest that lists no shards."""
        try:
            rows = [(str(row["path"]), int(row["rows"]), str(row.get("sha256", ""))) for row in manifest["shards"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BuildError(f"{folder}: the manifest does not list its shards ({error!r}). Build it again.") from None
        self.shards = [IndexedShard(*row[:2]) for row in rows]
        self._firsts = [0, *accumulate(shard.rows for shard in self.shards)]
        self.pages = self._firsts[-1]
        self.identity = hashlib.sha256(repr(rows).encode()).hexdigest()  # identifies the pages and their order

    def place(self, page: int) -> tuple[str, int]:
        """(path of the shard, row) of a page."""
        shard = bisect_right(self._firsts, page) - 1
        return self.shards[shard].path, page - self._firsts[shard]


class TextIndex:
    """The index of a corpus. Several threads may use it."""

    def __init__(self, shards: CorpusShards, keys: KeyReader, texts: TextReader):
        self.shards = shards
        self._keys, self._texts = keys, texts

    def candidates(self, text: bytes) -> tuple[int, Iterator[int]]:
        """An upper bound on the pages that may contain a text of `LEAST` bytes or more, and their numbers, ascending.

        All that contain it are among them. The numbers are produced lazily.
        """
        grams = known_grams(text)
        lows = grams << np.uint64(32)
        spans = np.searchsorted(self._keys.firsts, lows | np.uint64(0xFFFFFFFF)) - np.searchsorted(
            self._keys.firsts, lows
        )
        rarest = grams[np.argsort(spans, kind="stable")[:COUNTED_GRAMS]].tolist()
        counted = sorted((self._count(gram), gram) for gram in rarest)[:RAREST]
        most, first = counted[0]
        others = [gram for count, gram in counted[1:] if count <= 64 * most + KEYS_OF_BLOCK]
        return most, self._common(first, others)

    def _common(self, first: int, others: list[int]) -> Iterator[int]:
        for pages in self._with(first):
            for gram in others:
                if len(pages):
                    pages = np.intersect1d(pages, self._between(gram, int(pages[0]), int(pages[-1])), True)
            yield from pages.tolist()

    def _with(self, gram: int) -> Iterator[PageNumbersArray]:
        """The pages that have a gram, one block of the file at a time."""
        firsts = self._keys.firsts
        begin, end = (int(np.searchsorted(firsts, np.uint64(key), "right")) for key in _keys_of(gram))
        bounds = [0, *(int(key) & 0xFFFFFFFF for key in firsts[begin:end]), 1 << 32]
        for low, high in pairwise(bounds):
            if len(pages := self._between(gram, low, high - 1)):
                yield pages

    def _between(self, gram: int, low: int, high: int) -> PageNumbersArray:
        keys, _ = self._keys.between(gram << 32 | low, gram << 32 | high)
        return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)

    def _count(self, gram: int) -> int:
        """How many pages have a gram: for a common one, only the first and the last block are read."""
        firsts = self._keys.firsts
        begin, end = (int(np.searchsorted(firsts, np.uint64(key), "right")) for key in _keys_of(gram))
        if end - begin < 2:
            return len(self._between(gram, 0, 0xFFFFFFFF))
        low, high = int(firsts[begin]) & 0xFFFFFFFF, int(firsts[end - 1]) & 0xFFFFFFFF
        ends = (self._between(gram, 0, low - 1) if low else (), self._between(gram, high, 0xFFFFFFFF))
        return sum(map(len, ends)) + (end - 1 - begin) * KEYS_OF_BLOCK

    def holding(self, pages: Iterator[int], text: bytes) -> Iterator[tuple[int, PageText | None]]:
        """Each of some pages, ascending, with its text if that contains another one, else None."""
        number, block = -1, None
        for page in pages:
            here = self._texts.block_of(page)
            if here != number:
                number, block = here, self._texts.block(here)
            assert isinstance(block, TextBlock)
            yield page, block.page(page) if block.holds(page, text) else None

    def holds(self, text: bytes) -> bool:
        """Whether a page contains a text of `LEAST` bytes or more."""
        return any(found for _, found in self.holding(self.candidates(text)[1], text))


def _keys_of(gram: int) -> tuple[int, int]:
    return gram << 32, gram << 32 | 0xFFFFFFFF


def open_index(folder: Path) -> TextIndex | None:
    """The index of a corpus; None if there is none.

    Raises BuildError if it is damaged, or belongs to other pages than the corpus has now.
    """
    if not (folder / PAGE_GRAMS).is_file() and not (folder / PAGE_TEXTS).is_file():
        return None
    shards = CorpusShards(folder, read_manifest(folder))
    remedy = f"Make the index again: {MAKE_INDEX} {folder}"
    keys = KeyReader(LocalStore(), str(folder / PAGE_GRAMS), remedy=remedy)
    texts = TextReader(folder / PAGE_TEXTS, remedy)
    expected = {"of": shards.identity, "pages": shards.pages, "texts": texts.checksum, "gram": GRAM, "window": WINDOW}
    if keys.header != expected:
        raise BuildError(
            f"{folder / INDEX_FOLDER} is the index of other pages than the corpus has now. Rebuild it: {MAKE_INDEX} "
            f"{folder}"
        )
    return TextIndex(shards, keys, texts)
