"""Proves that nothing of the listed pages is left in a corpus, or names the file and place of each trace.

It checks the URL of every row of shards, rejected pages and restore files, the pages that rows and keys name as owners,
the keys of URLs, the domains in stats.json, and the words of every other file about the corpus. It does not check the
lists that rules read: their author may have listed the same domain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from c4pipe.corpus.trunk import deduped
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, key_path, ranges
from c4pipe.passes.keeping import PIECE_KEYS
from c4pipe.removal.asked import Wishes
from c4pipe.removal.matching import Matcher, files_of_pages, keys_among, priorities_of, read_columns
from c4pipe.removal.mentions import Mentions
from c4pipe.removal.spellings import Near, Spellings
from c4pipe.shards import ADDED, MANIFEST, STATS
from c4pipe.text import hash64

UNPROVEN = (
    "not detectable: hashes of URLs below a listed domain or prefix, and text quoted by other pages, since neither "
    "says whose it is"
)


class Remains(NamedTuple):
    """A trace of a listed page."""

    path: str
    place: str  # in the file
    what: str

    def __str__(self) -> str:
        return f"{self.path}{', ' if self.place else ''}{self.place}: {self.what}"


class Proof(NamedTuple):
    """What was checked, and what was found."""

    files: int
    rows: int
    keys: int
    left: list[Remains]
    near: Mapping[int, Near]  # by entry number, pages that differ only in spelling


def prove(
    folder: Path,
    manifest: Mapping[str, Any],
    asked: Wishes,
    urls: Iterable[str] = (),
    reading: Callable[[str], None] = lambda _: None,
) -> Proof:
    """Checks every file of a corpus. BuildError for one that cannot be read.

    Args:
        urls: further ones, as crawled, such as those of pages that were just removed.
        reading: called with the path of each file before it is read.
    """
    known, spellings = _Known(asked, urls), Spellings(asked)
    left, rows = [], 0
    for _, path in files_of_pages(manifest):
        reading(path)
        for start, table in _numbered(read_columns(folder / path, ["url", "dropped"])):
            mask = known.mask(table)
            spellings.add(table["url"], mask)
            left += [Remains(path, f"row {start + row:,}", what) for row, what in known.rows(table, mask)]
            rows += table.num_rows
    keys = 0
    for row in manifest.get("keys", ()):
        reading(row["path"])
        reader = KeyReader(LocalStore(), str(folder / row["path"]))
        left += known.keys(row["path"], reader, row["path"] == key_path(deduped(manifest)[0]))
        keys += reader.count
    names = _telling(folder, manifest)
    for name in names:
        reading(name)
        left += known.words(name, _text(folder / name))
    left += known.domains(_json(folder / STATS))
    files = len(names) + len(manifest.get("keys", ())) + sum(1 for _ in files_of_pages(manifest))
    return Proof(files, rows, keys, left, spellings.near())


class _Known:
    """Listed pages, by everything that may identify them in a corpus."""

    def __init__(self, asked: Wishes, urls: Iterable[str]):
        crawled = {*urls, *(form for key in asked.urls for form in _crawled(key)), *_as_listed(asked)}
        self._asked, self._matcher = asked, Matcher(asked)
        self._priorities = np.unique(
            np.concatenate([priorities_of(crawled), np.array([int(code, 16) for code in asked.codes], np.uint64)])
        )
        self._owners = pa.array([owner_of(int(priority)) for priority in self._priorities], pa.string())
        self._hashes = np.array(sorted({hash64(key) for key in asked.urls}), np.uint64)
        self._mentions = Mentions(asked)

    def mask(self, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows have a listed URL."""
        return self._matcher.mask(table["url"])

    def rows(self, table: pa.Table, mask: NDArray[np.bool_]) -> Iterator[tuple[int, str]]:
        """Row numbers and the traces in them."""
        for row in np.flatnonzero(mask).tolist():
            yield row, f"the page {table['url'][row].as_py()}"
        for row, url in enumerate(table["url"].to_pylist() if self._asked.codes else ()):
            if (code := owner_of(page_priority(url or ""))) in self._asked.codes:
                yield row, f"the page {code}"
        if "dropped" not in table.column_names:
            return
        dropped = table["dropped"].combine_chunks()
        dropped = dropped.combine_chunks() if isinstance(dropped, pa.ChunkedArray) else dropped
        owners = pc.struct_field(pc.list_flatten(dropped), "owner")
        parents = pc.list_parent_indices(dropped)
        for place in np.flatnonzero(pc.fill_null(pc.is_in(owners, self._owners), False)).tolist():
            yield parents[place].as_py(), f"the page {owners[place].as_py()} as an owner"

    def keys(self, path: str, reader: KeyReader, of_urls: bool) -> Iterator[Remains]:
        """Traces in a file of keys: URLs by their hashes, or pages as owners."""
        if of_urls:
            found = keys_among(reader, self._hashes).tolist()
            yield from (Remains(path, f"key {key:016x}", "a listed URL") for key in found)
            return
        for first, last in ranges([reader], PIECE_KEYS):
            keys, owners = reader.between(first, last)
            for place in np.flatnonzero(np.isin(owners, self._priorities)).tolist():
                page = owner_of(int(owners[place]))
                yield Remains(path, f"key {int(keys[place]):016x}", f"the page {page} as an owner")

    def words(self, name: str, text: str) -> Iterator[Remains]:
        """Traces in a text: URLs and codes, and domains if none is named for other reasons."""
        sites = () if name in _OF_OURS else self._mentions.sites(text)
        for mentions in (self._mentions.pages(text), sites):
            line, counted = 1, 0
            for mention in mentions:  # in the order of the text, of which each part is counted once
                line += text.count("\n", counted, mention.start)
                counted = mention.start
                yield Remains(name, f"line {line:,}", mention.text)

    def domains(self, stats: Mapping[str, Any]) -> Iterator[Remains]:
        """Domains that are counted."""
        for table in ("domains_kept", "domains_rejected", "domains_came", "domains_old"):
            for domain in stats.get(table, {}):
                if self._asked.by_host(domain):
                    yield Remains(STATS, table, f"the domain {domain}")


_OF_OURS = (MANIFEST, STATS, "README.md")  # inputs and sources of rules have domains; for stats.json see `domains`


def _crawled(key: str) -> Iterator[str]:
    """The URLs of a key as crawlers write them."""
    for scheme, www, end in product(("http://", "https://"), ("", "www."), ("", "/")):
        yield f"{scheme}{www}{key}{end}"


def _as_listed(asked: Wishes) -> Iterator[str]:
    return (wish.text for wish in asked.wishes)


def _numbered(tables: Iterable[pa.Table]) -> Iterator[tuple[int, pa.Table]]:
    start = 0
    for table in tables:
        yield start, table
        start += table.num_rows


def _telling(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The text files about the corpus."""
    added = _json(folder / ADDED).get("files", []) if (folder / ADDED).exists() else []
    return [MANIFEST, *(row["path"] for row in (*manifest.get("about", ()), *added))]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise BuildError(f"{path} cannot be read ({error.strerror or error}). Copy the corpus again.") from None


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_text(path))
    return found
