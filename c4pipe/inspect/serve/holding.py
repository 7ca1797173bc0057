"""The viewer's page on a text: all pages that contain it, by the index of the corpus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.holders import as_shown, held_by, number_words, scan_words
from c4pipe.inspect.seen import SeenPages
from c4pipe.inspect.serve.selection import LONGEST_QUERY, Selection
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.textindex.index import open_index
from c4pipe.textindex.least import check_text
from c4pipe.textindex.texts import MAKE_INDEX

PAGES_HELD = 50  # with a text that are shown
MOST_SCANNED = 256 << 20  # bytes of shards that are searched completely: some seconds


class HeldTexts:
    """The viewer's address for finding a text."""

    def __init__(self, viewer: Viewer, corpus: Corpus, seen: SeenPages | None):
        """`seen`: which pages of the corpus a training run has read."""
        self._viewer, self._corpus, self._seen = viewer, corpus, seen

    async def holding(self, request: Request) -> Response:
        """The first pages that contain a text, with the match marked."""
        text = request.query_params.get("text", "")[:LONGEST_QUERY]
        check_text(text)
        folder, size = self._corpus.folder, sum(shard["bytes"] for shard in self._corpus.shards())
        if size > MOST_SCANNED and open_index(folder) is None:
            raise ConfigError(f"{folder} is too large to search in full. Make an index: {MAKE_INDEX} {folder}")
        found, fault = await self._viewer.ask(request, lambda _: held_by(self._corpus, text, PAGES_HELD))
        pages = [as_shown(page, text) for page in found.pages]
        if self._seen:
            pages = self._seen.with_seen(pages)
        return self._viewer.html(
            "holding.html",
            selection=Selection(q=text, field="text"),
            text=text,
            pages=pages,
            heading=number_words(found.number, found.exact),
            note="" if found.indexed else scan_words(fault),
        )
