"""Which pages of a corpus are listed: by their URLs, in any file that has rows with URLs.

shards + __rejected + __restore --find_matches--> Matched
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.corpus.trunk import deduped
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, key_path
from c4pipe.removal.asked import Wishes
from c4pipe.removal.columns import hosts_of, keys_of
from c4pipe.removal.spellings import Near, Spellings
from c4pipe.text import hash64
from c4pipe.text.hosts import plain_host
from c4pipe.text.urls import url_key

SHARDS, REJECTED, RESTORE = "shards", "rejected", "restore"  # the manifest's lists of files


class Matcher:
    """Matches rows by URL, a column at a time."""

    def __init__(self, asked: Wishes, keys: Iterable[str] = ()):
        """`keys` are further URL keys, found from listed codes."""
        self._asked = asked
        self._keys = pa.array(sorted({*asked.urls, *keys}), pa.string())
        self._hosts: dict[str, list[int]] = {}

    def mask(self, urls: Any) -> NDArray[np.bool_]:
        """Which of these URLs are listed, codes aside: a list or a column of them."""
        urls = urls if isinstance(urls, pa.Array | pa.ChunkedArray) else pa.array(urls, pa.string())
        found = pc.is_in(keys_of(urls), self._keys)
        if self._asked.domains:
            hosts = hosts_of(urls)
            hosts = pc.dictionary_encode(hosts.combine_chunks() if isinstance(hosts, pa.ChunkedArray) else hosts)
            meant = pa.array([bool(self._of(host or "")) for host in hosts.dictionary.to_pylist()], pa.bool_())
            found = pc.or_(found, meant.take(hosts.indices))
        told: NDArray[np.bool_] = pc.fill_null(found, False).to_numpy(zero_copy_only=False).copy()
        for row in np.flatnonzero(self._may_begin(urls) & ~told).tolist() if self._asked.prefixes else ():
            told[row] = bool(self._asked.by_prefix(urls[row].as_py() or ""))
        return told

    def _may_begin(self, urls: Any) -> NDArray[np.bool_]:
        """Which URLs have a host with a listed prefix; any URL whose host cannot be determined counts."""
        found = pc.value_counts(hosts := hosts_of(urls))
        names = [name for name in pc.struct_field(found, "values").to_pylist() if name is not None]
        may = [
            name for name in names if "." not in name or plain_host(name).removeprefix("www.") in self._asked.prefixes
        ]
        told: NDArray[np.bool_] = pc.is_in(hosts, pa.array(may, pa.string())).to_numpy(zero_copy_only=False)
        return told

    def wishes(self, url: str) -> list[int]:
        """The numbers of the entries that match a URL, codes aside."""
        key = url_key(url)
        found = [self._asked.urls[key]] if key in self._asked.urls else []
        if self._asked.domains:
            found += self._of(hosts_of(pa.array([url]))[0].as_py())
        if self._asked.prefixes:
            found += self._asked.by_prefix(url)
        return [*dict.fromkeys(found)]

    def _of(self, host: str) -> list[int]:
        if host not in self._hosts:
            self._hosts[host] = self._asked.by_host(host)
        return self._hosts[host]


@dataclass
class Matched:
    """The listed pages of a corpus."""

    asked: Wishes
    urls: dict[str, str] = field(default_factory=dict)  # by source
    wishes: dict[str, tuple[int, ...]] = field(default_factory=dict)  # entry numbers, by source
    kept: set[str] = field(default_factory=set)  # sources of pages in the shards
    listed: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))  # URL keys that only keys/ has
    alone: Counter[int] = field(default_factory=Counter)  # by entry number, the number of URLs that only keys/ has
    beside: Counter[int] = field(default_factory=Counter)  # by that of a home page, kept pages of its host that stay

    near: Mapping[int, Near] = field(default_factory=dict)  # by entry number, pages that differ only in spelling

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of their URLs."""
        return frozenset(url_key(url) for url in self.urls.values() if url)

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """The URL hashes in keys/, and those of entries without a page, ascending."""
        own = np.array([hash64(key) for key in sorted(self.keys)], np.uint64)
        return np.unique(np.concatenate([own, self.listed]))

    @cached_property
    def pages(self) -> list[int]:
        """For each entry, the number of pages that it matches, including those of which only the URL key is left."""
        counts = Counter(number for numbers in self.wishes.values() for number in numbers) + self.alone
        return [counts[number] for number in range(len(self.asked.wishes))]

    def __bool__(self) -> bool:
        return bool(self.urls or len(self.listed))

    def matcher(self) -> Matcher:
        """A matcher that finds every row of them."""
        return Matcher(self.asked, self.keys)


def find_matches(folder: Path, manifest: Mapping[str, Any], asked: Wishes) -> Matched:
    """Checks every URL of a corpus. BuildError for a file that cannot be read."""
    coded = _coded(folder, manifest, asked) if asked.codes else {}
    matcher, found, spellings = Matcher(asked, coded), Matched(asked), Spellings(asked)
    for where, path in files_of_pages(manifest):
        for table in read_columns(folder / path, ["url", "source"]):
            mask = matcher.mask(table["url"])
            spellings.add(table["url"], mask)
            if where == SHARDS and asked.homes:
                _count_beside(found, table["url"].filter(pa.array(~mask)))
            chosen = table.filter(pa.array(mask))
            for url, source in zip(chosen["url"].to_pylist(), chosen["source"].to_pylist(), strict=True):
                numbers = [*matcher.wishes(url), *coded.get(url_key(url), ())]
                found.urls[source], found.wishes[source] = url, tuple(dict.fromkeys(numbers))
                if where == SHARDS:
                    found.kept.add(source)
    _find_keys(folder, manifest, found)
    found.near = spellings.near()
    return found


def _count_beside(found: Matched, urls: Any) -> None:
    """Counts the kept pages of a host that stay while its home page is listed."""
    for row in pc.value_counts(hosts_of(urls)).to_pylist():
        host = plain_host(row["values"] or "").removeprefix("www.")
        if (number := found.asked.homes.get(host)) is not None:
            found.beside[number] += row["counts"]


def _coded(folder: Path, manifest: Mapping[str, Any], asked: Wishes) -> dict[str, set[int]]:
    """The URL keys of pages whose codes are listed, each with the numbers of these entries. Pages without a URL have
    codes too, but these do not identify all traces of a page."""
    found: dict[str, set[int]] = defaultdict(set)
    for _, path in files_of_pages(manifest):
        for table in read_columns(folder / path, ["url"]):
            for url in filter(None, table["url"].to_pylist()):
                if (code := owner_of(page_priority(url))) in asked.codes:
                    found[url_key(url)].add(asked.codes[code])
    return found


def _find_keys(folder: Path, manifest: Mapping[str, Any], found: Matched) -> None:
    """Finds listed URLs that are in the corpus's keys but in none of its rows."""
    if not manifest.get("keys"):
        return
    wanted = {hash64(key): number for key, number in found.asked.urls.items() if key not in found.keys}
    reader = KeyReader(LocalStore(), str(folder / key_path(deduped(manifest)[0])))
    found.listed = keys_among(reader, np.array(sorted(wanted), np.uint64))
    found.alone.update(wanted[key] for key in found.listed.tolist())


def keys_among(reader: KeyReader, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Those of these ascending keys that a file has. Each of its blocks is read at most once."""
    blocks = np.searchsorted(reader.firsts, keys, "right")
    groups = np.split(keys, np.flatnonzero(np.diff(blocks)) + 1) if len(keys) else []
    there = [group[np.isin(group, reader.between(int(group[0]), int(group[-1]))[0])] for group in groups]
    return np.concatenate([np.empty(0, np.uint64), *there])


def files_of_pages(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every file with rows of pages: the manifest's list that names it, and its path."""
    for where in (SHARDS, REJECTED, RESTORE):
        yield from ((where, row["path"]) for row in manifest.get(where, ()))


def read_columns(path: Path, columns: Iterable[str]) -> Iterator[pa.Table]:
    """A file by row group, with those of these columns that it has. BuildError if it cannot be read."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            wanted = [name for name in columns if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, wanted).replace_schema_metadata()
    except (pa.ArrowException, OSError) as error:
        raise BuildError(f"{path} cannot be read ({' '.join(str(error).split())}). Copy the corpus again.") from None


def priorities_of(urls: Iterable[str]) -> NDArray[np.uint64]:
    """The priorities by which the keys of a corpus identify pages of these URLs as owners, ascending."""
    return np.array(sorted({page_priority(url) for url in urls}), np.uint64)
