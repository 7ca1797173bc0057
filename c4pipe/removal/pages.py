"""The pages of a corpus as they reached its first text dedup, by number: from its restore files and its shards.

A page that lost nothing is unchanged in a shard and in no restore file. Such pages get numbers only when they are
needed, after all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.corpus.plan import Plan
from c4pipe.dedup.claims import U64, page_priority
from c4pipe.errors import BuildError
from c4pipe.page import Page
from c4pipe.shards import added_to, pages_of
from c4pipe.stages import Identify
from c4pipe.text.urls import stand_in

Numbers = NDArray[np.int64]
Asked = Callable[[Sequence[str]], NDArray[np.bool_]]  # which of these URLs are listed
ROWS_READ = 1000


class Stored(NamedTuple):
    """Where pages are, and what is known about them without their texts. [pages] all."""

    priorities: U64
    legs: NDArray[np.int8]  # number of text dedups that each reached, plus one if it was kept in the end
    asked: NDArray[np.bool_]


class CorpusPages:
    """The numbered pages of one corpus."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], plan: Plan, asked: Asked):
        self._folder, self._plan, self._asked = folder, plan, asked
        self.paths: list[str] = [row["path"] for row in manifest.get("restore", ())]
        self.shards: list[str] = [row["path"] for row in manifest["shards"]]
        self.stored = self._stored()
        self.taken: list[Page] = []  # from the shards, in the order of their numbers

    def __len__(self) -> int:
        return len(self.stored.priorities)

    @property
    def restored(self) -> int:
        """The number of pages in restore files; these have the first numbers."""
        return len(self) - len(self.taken)

    @cached_property
    def bounds(self) -> list[int]:
        """The first number of each restore file, and the end of the last."""
        sizes = [pq.read_metadata(self._folder / path).num_rows for path in self.paths]
        return [0, *np.cumsum(sizes, dtype=np.int64).tolist()]

    @cached_property
    def atoms(self) -> tuple[U64, Numbers]:
        """What the pages of the restore files claimed at the first dedup: (hashes, how many of each page)."""
        files = (self._folder / path for path in self.paths)
        columns = [pq.read_table(file, columns=["atoms"])["atoms"].combine_chunks() for file in files]
        hashes = [np.empty(0, np.uint64), *(lists.flatten().to_numpy() for lists in columns)]
        counts = [np.empty(0, np.int64), *(lists.value_lengths().to_numpy() for lists in columns)]
        return np.concatenate(hashes), np.concatenate(counts).astype(np.int64)

    def read(self, numbers: Numbers) -> Iterator[tuple[int, Page]]:
        """The pages with these ascending numbers."""
        for path, (start, stop) in zip(self.paths, pairwise(self.bounds), strict=True):
            mine = numbers[(numbers >= start) & (numbers < stop)]
            if not len(mine):
                continue
            file, at = pq.ParquetFile(self._folder / path), start
            extra = [name for name in added_to(file.schema_arrow) if name in self._plan.schema().names]
            for batch in file.iter_batches(ROWS_READ, use_threads=False):
                here = mine[(mine >= at) & (mine < at + batch.num_rows)]
                chosen = batch.take(pa.array(here - at))
                yield from zip(here.tolist(), pages_of(chosen, extra), strict=True)
                at += batch.num_rows
        for number in numbers[numbers >= self.bounds[-1]].tolist():
            yield number, self.taken[number - self.bounds[-1]]

    def take_asked(self) -> None:
        """Numbers the listed kept pages that lost nothing."""
        self._take(lambda table: self._asked(table["url"].to_pylist()))

    def take(self, priorities: U64) -> None:
        """Numbers the kept pages that own something with these priorities. BuildError if one is missing."""
        wanted = np.setdiff1d(priorities, self.stored.priorities[self.restored :])
        if not len(wanted):
            return
        before = len(self)
        self._take(lambda table: np.isin(_priorities(table["url"].to_pylist()), wanted))
        missing = np.setdiff1d(wanted, self.stored.priorities[before:])
        if len(missing):
            raise BuildError(
                f"{self._folder}: no page of it owns what {int(missing[0]):016x} owns by its keys. Build it again."
            )

    def outside(self) -> Iterator[tuple[str, str]]:
        """(URL, text) of the kept pages without a number, as they reached every dedup."""
        for path in self.shards:
            for batch in pq.ParquetFile(self._folder / path).iter_batches(ROWS_READ, columns=["url", "text", "source"]):
                for url, text, source in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    if source not in self._sources:
                        yield url, text

    def _take(self, chosen: Callable[[pa.Table], NDArray[np.bool_]]) -> None:
        for path in self.shards:
            table = pq.read_table(self._folder / path, columns=["url", "source"])
            sources = table["source"].to_pylist()
            rows = [row for row in np.flatnonzero(chosen(table)).tolist() if sources[row] not in self._sources]
            if rows:
                whole = pq.read_table(self._folder / path).take(pa.array(rows))
                self._add([self._as_it_came(page) for page in pages_of(whole, added_to(whole.schema))])

    def _add(self, pages: list[Page]) -> None:
        self.taken += pages
        self._sources.update(page.source for page in pages)
        priorities, legs, asked = self.stored
        kept = np.full(len(pages), len(self._plan.texts) + 1, np.int8)
        self.stored = Stored(
            np.concatenate([priorities, _priorities(map(stand_in, pages))]),
            np.concatenate([legs, kept]),
            np.concatenate([asked, self._asked([page.url for page in pages])]),
        )

    @cached_property
    def _sources(self) -> set[str]:
        """The sources of all numbered pages."""
        found = (pq.read_table(self._folder / path, columns=["source"])["source"].to_pylist() for path in self.paths)
        return {source for sources in found for source in sources}

    def _as_it_came(self, page: Page) -> Page:
        """A page of the shards without the results of stages after the first text dedup."""
        before = self._plan.prefix(0)[:-1]
        names = added_to(self._plan.schema(before))
        page = page._replace(extra={name: page.extra[name] for name in names})
        if any(isinstance(stage, Identify) for stage in before):
            return page
        return page._replace(language="", language_score=0.0, language_votes="")

    def _stored(self) -> Stored:
        names = ["priority", "legs", "url"]
        tables = [pq.read_table(self._folder / path, columns=names) for path in self.paths]
        if not tables:
            return Stored(np.empty(0, np.uint64), np.empty(0, np.int8), np.empty(0, bool))
        table = pa.concat_tables(tables)
        urls = table["url"].to_pylist()
        return Stored(table["priority"].to_numpy(), table["legs"].to_numpy(), self._asked(urls))


def _priorities(names: Any) -> U64:
    return np.fromiter((page_priority(name) for name in names), np.uint64)
