"""The page on listed words: each word, phrase or address of a list with what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.errors import unknown
from c4pipe.facts.listed import ListedWord, WordList, WordPlace
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.lone_words import lone_word
from c4pipe.inspect.serve.saving import saved_headers, told_in_file
from c4pipe.inspect.serve.selection import Selection
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.page import Unit

_MOST_WORDS = 100  # per list
_MOST_PLACES = 200  # domains shown per word; a file has all
# Orders of words, and their labels. By accident: those first that were the only entry on most of their pages.
_ORDERS = {"pages": "pages", "only": "pages that contain only it", "domains": "domains"}
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("stage", "rule", "costs", "entry", "language", "domain")]
    + [(name, pa.int64()) for name in ("kept_pages", "rejected_pages", "held_pages")]  # of this language and domain
    + [(f"entry_{name}", pa.int64()) for name in ("pages", "lines", "held", "alone")]  # of all of them
)


class WordPages:
    """The viewer's addresses for the effect of lists."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer

    @property
    def routes(self) -> list[Route]:
        """The page, and its file."""
        return [Route("/words", self.words), Route("/words/export", self.export)]

    async def words(self, request: Request) -> Response:
        """All lists of the corpus, those that cost pages first."""
        shown, by = await self._asked(request)
        most = {"most": _MOST_WORDS, "most_places": _MOST_PLACES}
        values: dict[str, Any] = {"lists": shown, "by": by, "orders": _ORDERS, "lone_word": lone_word, **most}
        return self._viewer.html("words.html", selection=Selection(), **values)

    async def export(self, request: Request) -> Response:
        """Each word of each list by language and domain, as a file."""
        shown, by = await self._asked(request)
        kind = request.query_params.get("format", "")
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        corpus, digest, filters = self._viewer.corpus, self._viewer.digest, [("words", "all"), ("by", by)]
        sampled = any(each.named < each.built for each in shown)
        sample = "pages of the rejected table, which holds a sample" if sampled else ""
        schema = told_in_file(_SCHEMA, corpus, digest, filters, sample)
        rows = [dict(zip(schema.names, row, strict=True)) for each in shown for row in _rows(each)]
        write = export.parquet if kind == "parquet" else export.comma_separated
        body = b"".join(write(iter([pa.Table.from_pylist(rows, schema)]), schema))
        headers = saved_headers(corpus, digest, filters, kind, sampled)
        return Response(body, headers=headers, media_type=export.MEDIA_TYPES[kind])

    async def _asked(self, request: Request) -> tuple[list[WordList], str]:
        by = request.query_params.get("by", "pages")
        if by not in _ORDERS:
            raise unknown("value of by,", by, _ORDERS)
        found = await self._viewer.ask(request, self._viewer.listed.lists)
        ordered = [each._replace(words=sorted(each.words, key=_key(by))) for each in found]
        return sorted(ordered, key=lambda each: each.unit != Unit.PAGE.value), by


def _rows(each: WordList) -> Iterator[tuple[Any, ...]]:
    for word in each.words:
        of_word = (word.pages, word.lines, word.held, word.only)
        for place in word.places or (WordPlace("", "", 0, 0),):
            yield (
                each.stage, each.code, each.unit, word.entry, place.language, place.domain, place.kept, place.rejected,
                place.held, *of_word,
            )  # fmt: skip


def _key(by: str) -> Callable[[ListedWord], tuple[Any, ...]]:
    keys: dict[str, Callable[[ListedWord], tuple[Any, ...]]] = {
        "pages": lambda word: (-word.pages, -word.held, word.entry),
        "only": lambda word: (-word.only, -word.alone, word.entry),
        "domains": lambda word: (-word.domain_count, -word.pages, word.entry),
    }
    return keys[by]
