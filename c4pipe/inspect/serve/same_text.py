"""Which pages of a corpus have exactly the text that a user pasted: their outcome is recorded, and need not be
computed."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.addressed import PagePlace, PagesAt
from c4pipe.inspect.serve.lasting import FoundPages, addressed_records

MOST_TEXT_FILES = 256 << 20  # bytes of files whose texts are all compared: some seconds
_BLANK = " \t\n"  # at the ends of a text, which copying loses
_SLACK = 64  # of these, at most
_SAME = (
    f"CASE WHEN strlen(text) BETWEEN $size AND $size + {_SLACK} THEN trim(text, ' ' || chr(9) || chr(10)) = $text "
    "ELSE false END"
)


class SameText(NamedTuple):
    """The pages with a text."""

    found: FoundPages
    looked: bool  # whether the corpus is small enough to be searched

    @property
    def absent(self) -> str:
        """The message if none was found."""
        if self.looked:
            return "no page in it, kept or rejected, has exactly this text"
        return f"not searched for this text: its files have more than {MOST_TEXT_FILES >> 20} MB"


def same_text(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, text: str) -> SameText:
    """The kept pages with this text, as kept or, if the rejected table has that, as read, and the rejected ones.

    Blanks at both ends are ignored.
    """
    wanted = text.strip(_BLANK)
    size = sum(part["bytes"] for part in (*corpus.shards(), *corpus.rejected))
    if not wanted or size > MOST_TEXT_FILES:
        return SameText(FoundPages([], 0), size <= MOST_TEXT_FILES)
    corpus.check()
    values = {"text": wanted, "size": len(wanted.encode())}
    lost = cursor.execute(f"SELECT source, part, row, reason FROM rejected WHERE {_SAME}", values).fetchall()
    raw = [source for source, *_, reason in lost if reason == KEPT and source]
    sql = f"SELECT source, shard, row FROM pages WHERE list_contains($raw, source) OR {_SAME}"
    kept = cursor.execute(sql, values | {"raw": raw}).fetchall()
    at = PagesAt(
        sorted(PagePlace(*row) for row in kept), sorted(PagePlace(*row) for *row, reason in lost if reason != KEPT), ""
    )
    return SameText(addressed_records(cursor, corpus, at), True)
