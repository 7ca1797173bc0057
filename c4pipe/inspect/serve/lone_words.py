"""The effect of a corpus's lists, computed once, since rules run on hundreds of pages; and the pages with a single
listed word, as a temporary table of the connection."""

from __future__ import annotations

from threading import Lock

import duckdb
import pyarrow as pa

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.listed import WordList
from c4pipe.inspect.blocklists import word_lists
from c4pipe.inspect.serve.conditions import LONE_WORDS
from c4pipe.inspect.serve.judging import Judges

_SCHEMA = pa.schema([(name, pa.string()) for name in ("word", "source")])


class ListedWords:
    """The lists of a corpus with the effect of each entry."""

    def __init__(self, corpus: Corpus, judges: Judges):
        self._corpus, self._judges = corpus, judges
        self._lock, self._lists, self._made = Lock(), list[list[WordList]](), False

    def lists(self, cursor: duckdb.DuckDBPyConnection) -> list[WordList]:
        """All lists."""
        with self._lock:
            return self._found(cursor)

    def set_aside(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Makes the table of pages with a single listed word, if missing."""
        with self._lock:
            if self._made:
                return
            words = [(lone_word(each, word.entry), word.lone) for each in self._found(cursor) for word in each.words]
            rows = [{"word": name, "source": one.source} for name, lone in words for one in lone]
            cursor.execute(f"DROP TABLE IF EXISTS {LONE_WORDS}")  # an incomplete table left by an interruption
            cursor.from_arrow(pa.Table.from_pylist(rows, _SCHEMA)).create(LONE_WORDS)
            self._made = True

    def _found(self, cursor: duckdb.DuckDBPyConnection) -> list[WordList]:
        if not self._lists:
            self._lists.append(self._judges.asked(lambda plan: word_lists(cursor, self._corpus, plan)))
        return self._lists[0]


def lone_word(found: WordList, entry: str) -> str:
    """The value in an address for pages of which an entry is the only one from its list."""
    return f"{found.stage}/{found.code}/{entry}"
