"""What the address of listed words answers: each word, phrase or address of a list with what it cost."""

from __future__ import annotations

from threading import Lock

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from c4pipe.errors import unknown
from c4pipe.facts.listed import WordList
from c4pipe.inspect.blocklists import word_lists
from c4pipe.inspect.serve.selection import Selection
from c4pipe.inspect.serve.viewer import Viewer

WORDS_SHOWN = 100  # of a list
# How words may be ordered, and what says so. By accident: those first that were alone on most of their pages.
_ORDERS = {"pages": "pages", "only": "only listed word", "domains": "domains"}


class WordPages:
    """The address of a viewer that shows what lists did."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer
        self._lock, self._lists = Lock(), list[list[WordList]]()

    async def words(self, request: Request) -> Response:
        """All lists of the corpus."""
        by = request.query_params.get("by", "pages")
        if by not in _ORDERS:
            raise unknown("value of by,", by, _ORDERS)
        found = await self._viewer.ask(request, self._once)
        shown = [each._replace(words=sorted(each.words, key=_key(by))) for each in found]
        values = {"lists": shown, "by": by, "orders": _ORDERS, "most": WORDS_SHOWN}
        return self._viewer.html("words.html", selection=Selection(), **values)

    def _once(self, cursor: duckdb.DuckDBPyConnection) -> list[WordList]:
        """They are found once: the rules are asked about hundreds of pages."""
        with self._lock:
            if not self._lists:
                corpus, judges = self._viewer.corpus, self._viewer.judges
                self._lists.append(judges.asked(lambda plan: word_lists(cursor, corpus, plan)))
            return self._lists[0]


def _key(by: str):  # type: ignore[no-untyped-def]
    keys = {
        "pages": lambda word: (-word.pages, -word.held, word.entry),
        "only": lambda word: (-word.only, -word.alone, word.entry),
        "domains": lambda word: (-word.domain_count, -word.pages, word.entry),
    }
    return keys[by]
