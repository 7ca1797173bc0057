"""Corpora to compare with in the viewer; each pair has a table that is made on first use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, TypeVar

import duckdb

from c4pipe.errors import unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.pairing import PairTable, connect_pair, pair_table
from c4pipe.inspect.serve.later import LaterAnswers

MOST_PAIRS = 2  # in memory at a time, each within `pairing.PAIR_MEMORY`
T = TypeVar("T")


class CorpusPair:
    """Two corpora with their own connection."""

    def __init__(self, a: Corpus, b: Corpus):
        """Raises the errors of `connect_pair`."""
        self.corpora = (a, b)
        self.connection = connect_pair(a, b)
        self._lock = Lock()
        self._table: PairTable | None = None
        self.answers = LaterAnswers()

    def make(self) -> None:
        """Makes the table, if missing. Raises the errors of `pair_table`."""
        with self._lock, self.connection.cursor() as cursor:
            if self._table is None:
                self._table = pair_table(cursor, self.corpora)

    def ask(self, cursor: duckdb.DuckDBPyConnection, work: Callable[..., T], *arguments: Any) -> T:
        """The result of `work` for the cursor and the table, which is made first if missing."""
        self.make()
        assert self._table is not None
        self._table.check()
        return work(cursor, self._table, *arguments)


class CorpusPairs:
    """A corpus and those that it is compared with, by the names of their folders."""

    def __init__(self, corpus: Corpus, others: Sequence[Corpus]):
        self._corpus, self._others = corpus, dict[str, Corpus]()
        for other in others:
            name, number = other.home.name, 2
            while name in self._others:
                name, number = f"{other.home.name} ({number})", number + 1
            self._others[name] = other
        self._lock, self._pairs = Lock(), OrderedDict[str, CorpusPair]()

    @property
    def names(self) -> list[str]:
        """The names of the other corpora, in order."""
        return list(self._others)

    def pair(self, name: str) -> CorpusPair:
        """The pair with the corpus of that name. ConfigError if there is none; errors of `connect_pair`."""
        if name not in self._others:
            raise unknown("corpus to compare with,", name, self._others)
        with self._lock:
            found = self._pairs.get(name)
            if found is None:
                found = self._pairs[name] = CorpusPair(self._corpus, self._others[name])
            self._pairs.move_to_end(name)
            while len(self._pairs) > MOST_PAIRS:
                self._pairs.popitem(last=False)
            return found
