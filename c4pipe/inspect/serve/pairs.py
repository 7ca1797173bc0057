"""Corpora that one is held against in the viewer, each pair with a table that is made when it is first asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import duckdb

from c4pipe.errors import unknown
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.facts.pairing import PairTable, connect_pair, pair_table
from c4pipe.shards import MANIFEST

MOST_PAIRS = 2  # held at a time, each within `pairing.PAIR_MEMORY`
T = TypeVar("T")


class CorpusPair:
    """Two corpora with a connection of their own."""

    def __init__(self, a: Corpus, b: Corpus):
        """Errors of `connect_pair`."""
        self.corpora = (a, b)
        self._mark = _mark(b)
        self.connection = connect_pair(a, b)
        self._lock = Lock()
        self._table: PairTable | None = None

    @property
    def stale(self) -> bool:
        """Whether the second corpus was built again since."""
        return self._mark != _mark(self.corpora[1])

    def ask(self, cursor: duckdb.DuckDBPyConnection, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` answers, given the cursor and the table; the table is made first where it is not there yet."""
        with self._lock:
            if self._table is None:
                self._table = pair_table(cursor, self.corpora)
        self._table.check()
        return work(cursor, self._table, *arguments)


class CorpusPairs:
    """A corpus and those that it is compared with, by the names of their folders."""

    def __init__(self, corpus: Corpus, others: Sequence[Corpus]):
        self._corpus, self._folders = corpus, dict[str, Path]()
        for other in others:
            name, number = other.folder.name, 2
            while name in self._folders:
                name, number = f"{other.folder.name} ({number})", number + 1
            self._folders[name] = other.folder
        self._lock, self._pairs = Lock(), OrderedDict[str, CorpusPair]()

    @property
    def names(self) -> list[str]:
        """Of the other corpora, in their order."""
        return list(self._folders)

    def pair(self, name: str) -> CorpusPair:
        """The corpus with the one of that name. ConfigError where there is none.

        The other one is opened when it is first asked for, and again when it was built again: errors of `open_corpus`.
        """
        if name not in self._folders:
            raise unknown("corpus to compare with,", name, self._folders)
        with self._lock:
            found = self._pairs.get(name)
            if found is None or found.stale:
                found = self._pairs[name] = CorpusPair(self._corpus, open_corpus(self._folders[name]))
            self._pairs.move_to_end(name)
            while len(self._pairs) > MOST_PAIRS:
                self._pairs.popitem(last=False)
            return found


def _mark(corpus: Corpus) -> tuple[int, int, int] | None:
    """What tells a manifest from one that took its place."""
    try:
        found = (corpus.folder / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
