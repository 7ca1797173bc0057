"""What was left of a page when a corpus rejected it: this is not stored, so its rules are run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import duckdb

from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.diff import MOST_TEXT
from c4pipe.facts.fates import PairedPage
from c4pipe.facts.pairing import PairTable
from c4pipe.inspect.explain import Recorded
from c4pipe.inspect.serve.judging import Judges
from c4pipe.inspect.serve.loss_links import WITHHELD
from c4pipe.page import Dropped, Page
from c4pipe.text.urls import as_read


class LeftTexts:
    """The corpora of pairs with their rules, each prepared on first use."""

    def __init__(self, given: Sequence[Path] = ()):
        """`given` are further files that rules read, besides those that corpora keep."""
        self._given, self._judges, self._lock = given, dict[str, Judges](), Lock()

    def of(self, cursor: duckdb.DuckDBPyConnection, table: PairTable, page: PairedPage, side: int) -> str | None:
        """What was left of the page in that corpus. None if it keeps the page, if its table does not have it or
        withholds its text, and if its rules cannot be run."""
        place, fate = page.notes[side], page.fates[side]
        if page.places[side] >= 0 or place < 0 or not fate.stage or fate.reason in WITHHELD:
            return None
        columns = "url, text, timestamp, source, dropped"
        url, text, timestamp, source, dropped = table.rows_at(cursor, side, columns, [place], rejected=True)[place]
        judges = self._of(table.corpora[side])
        if not text or f"{fate.stage}/{fate.reason}" in judges.withheld:
            return None
        cuts = [Dropped(cut["reason"], cut["line"], cut.get("owner") or "") for cut in dropped]
        read = as_read(Page(url, text, timestamp, source))
        try:
            found = judges.explain(judges.own, read, cuts, Recorded(fate.stage, fate.reason, fate.detail))
        except C4Error:  # a mixture, or unavailable rules and files
            return None
        return found.text[:MOST_TEXT]

    def _of(self, corpus: Corpus) -> Judges:
        with self._lock:
            if corpus.digest not in self._judges:
                self._judges[corpus.digest] = Judges(corpus, self._given)
            return self._judges[corpus.digest]
