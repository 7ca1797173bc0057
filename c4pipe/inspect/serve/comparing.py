"""The viewer's pages on two corpora: their numbers, lists of pages by outcome, one page in both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.diff import diff_beside, without_cut
from c4pipe.facts.differences import setting_changes
from c4pipe.facts.fate_lists import EXPORT_SCHEMA, FATE_LISTS, FatePages, around_key, exported, fate_counts, listed
from c4pipe.facts.fates import PairedPage, comparison, paired_pages
from c4pipe.facts.pairing import PLACE_BITS
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.builds import page_builds
from c4pipe.inspect.serve.lasting import PageLink
from c4pipe.inspect.serve.leftovers import LeftTexts
from c4pipe.inspect.serve.pairs import CorpusPair, CorpusPairs
from c4pipe.inspect.serve.patience import watched_answer
from c4pipe.inspect.serve.saving import NAME_DIGITS, saved_headers
from c4pipe.inspect.serve.selection import LONGEST_QUERY
from c4pipe.inspect.serve.streamed import StreamedFile
from c4pipe.inspect.serve.viewer import Viewer

T = TypeVar("T")
LIST_WORDS = {
    "same": "Same in both",
    "other_text": "Another text",
    "other_language": "Another language",
    "only_a": "Only in A",
    "only_b": "Only in B",
}
_WITHOUT_TABLE = {"not_read": "its file was not read", "not_recorded": "no table says why"}
_WORDS = "Matching the pages of both corpora."
# URL parameters for the fields of `FatePages`, in order.
_KEY = re.compile("[0-9a-f]{32}")
_PARAMETERS = ("list", "why", "language", "domain", "q")


class ComparedPages(NamedTuple):
    """A list for a pair, as in a URL."""

    name: str  # of the other corpus
    asked: FatePages

    def query(self, *but: str, **others: object) -> str:
        """As a URL's query, without the parameters named in `but`, replaced or followed by `others`."""
        pairs = {"with": self.name} | dict(zip(_PARAMETERS, self.asked, strict=True))
        chosen = {name: value for name, value in pairs.items() if value and name not in but}
        return urlencode(chosen | {name: value for name, value in others.items() if value})

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Hidden fields for a form that asks for words and a domain."""
        pairs = [("with", self.name), *zip(_PARAMETERS, self.asked, strict=True)]
        return [(name, value) for name, value in pairs if value and name not in ("q", "domain")]

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """Each active filter: its name, its value, and the query without it."""
        words = {"why": "why", "language": "language", "domain": "domain", "q": "in the URL"}
        pairs = dict(zip(_PARAMETERS, self.asked, strict=True))
        return [
            (words[name], why_words(value) if name == "why" else value, self.query(name))
            for name, value in pairs.items()
            if value and name in words
        ]


def why_words(why: str) -> str:
    """A "stage/reason" for people.

    >>> why_words("clean/few_sentences"), why_words("/not_read")
    ('clean/few_sentences', 'its file was not read')
    """
    return _WITHOUT_TABLE.get(why.removeprefix("/"), why.removeprefix("/"))


class ComparedCorpora:
    """The addresses below /compare."""

    def __init__(self, viewer: Viewer, others: Sequence[Corpus], given: Sequence[Path] = ()):
        """`given` are further files that rules read, besides those that corpora keep."""
        self._viewer, self._pairs = viewer, CorpusPairs(viewer.corpus, others)
        self._left = LeftTexts(given)
        viewer.share(others=self._pairs.names, list_words=LIST_WORDS, why_words=why_words)

    @property
    def routes(self) -> list[Route]:
        """None without another corpus."""
        if not self._pairs.names:
            return []
        return [
            Route("/compare", self.overview),
            Route("/compare/pages", self.pages),
            Route("/compare/page", self.page),
            Route("/compare/export", self.export),
        ]

    async def overview(self, request: Request) -> Response:
        """The differences, in numbers that link to lists."""
        name, pair = await self._pair(request)
        found = await self._ask(request, pair, lambda cursor, table: comparison(cursor, table, shown=0))
        at = ComparedPages(name, FatePages(FATE_LISTS[0]))
        changes = setting_changes(*(corpus.manifest for corpus in pair.corpora))
        return self._viewer.html("compare.html", found=found, changes=changes, at=at, pair=pair, name=name)

    async def pages(self, request: Request) -> Response:
        """A list."""
        at, pair = await self._compared(request)
        keys = {name: _key(name, value) for name in ("after", "before") if (value := request.query_params.get(name))}
        if len(keys) > 1:
            raise ConfigError("after and before are both given; one is expected.")
        found = await self._ask(request, pair, listed, at.asked, keys.get("after"), keys.get("before"))
        counts = await self._ask(request, pair, lambda cursor, _: fate_counts(cursor, at.asked))
        return self._viewer.html("compare_list.html", found=found, counts=counts, at=at, pair=pair, spelt_key=spelt_key)

    async def page(self, request: Request) -> Response:
        """A page's versions in both."""
        at, pair = await self._compared(request)
        key = _key("key", request.query_params.get("key", ""))
        found = (await self._ask(request, pair, paired_pages, [key])).get(key)
        if found is None:
            raise HTTPException(404)
        whole = "whole" in request.query_params
        around = await self._ask(request, pair, lambda cursor, _: around_key(cursor, at.asked, key))
        left = [await self._ask(request, pair, self._left.of, found, side) for side in (0, 1)]
        a, b = (text if rest is None else rest for text, rest in zip(found.texts, left, strict=True))
        cut_a, cut_b = found.cut
        lines = await run_in_threadpool(diff_beside, a, b, cut_a, cut_b, whole)
        cut, hides = sum(line.is_cut for line in lines), "hide" in request.query_params
        lines = without_cut(lines) if hides else lines
        kept = {"whole": "1" if whole else "", "hide": "1" if hides else ""}  # parameters for links to others
        values: dict[str, Any] = {
            "cut": cut,
            "left": left,
            "kept": kept,
            "lines": lines,
            "around": [spelt_key(one) for one in around],
            "key": spelt_key(key),
        }
        return self._viewer.html("compare_page.html", found=found, at=at, pair=pair, own=_link(pair, found), **values)

    async def export(self, request: Request) -> Response:
        """A list as a file, complete."""
        at, pair = await self._compared(request)
        kind = request.query_params.get("format", "")
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        await self._ask(request, pair, lambda *_: None)  # made before sending, while an error can still be reported
        body = self._written(pair, at.asked, export.parquet if kind == "parquet" else export.comma_separated)
        first = await run_in_threadpool(next, body)
        other = "-".join(digest[:NAME_DIGITS] for digest in page_builds().compared.values())
        filters = [("with", at.name), ("", other), *zip(_PARAMETERS, at.asked, strict=True)]
        headers = saved_headers(self._viewer.corpus, self._viewer.digest, filters, kind)
        return StreamedFile(chain([first], body), headers=headers, media_type=export.MEDIA_TYPES[kind])

    @staticmethod
    def _written(pair: CorpusPair, asked: FatePages, write: Callable[..., Iterator[bytes]]) -> Iterator[bytes]:
        with pair.connection.cursor() as cursor:
            yield from write(exported(cursor, asked), EXPORT_SCHEMA)

    async def _pair(self, request: Request) -> tuple[str, CorpusPair]:
        """The pair in a URL, and the name of the other corpus."""
        name = request.query_params.get("with", "") or self._pairs.names[0]
        pair = await run_in_threadpool(self._pairs.pair, name)
        page_builds().beside(pair.corpora[1].folder, pair.corpora[1].home.resolve().name)
        return name, pair

    async def _compared(self, request: Request) -> tuple[ComparedPages, CorpusPair]:
        fields = [request.query_params.get(name, "").strip() for name in _PARAMETERS]
        for name, value in zip(_PARAMETERS, fields, strict=True):
            if len(value) > LONGEST_QUERY:
                raise ConfigError(f"{name} is longer than {LONGEST_QUERY:,} characters.")
        asked = FatePages(fields[0] or FATE_LISTS[0], *fields[1:])
        asked.check()
        name, pair = await self._pair(request)
        return ComparedPages(name, asked), pair

    async def _ask(self, request: Request, pair: CorpusPair, work: Callable[..., T], *arguments: Any) -> T:
        await pair.answers.answer("table", _WORDS, pair.make)
        return await watched_answer(pair.connection, request, pair.ask, work, *arguments)


def spelt_key(key: int | None) -> str:
    """A page's key as in a URL; "" for none."""
    return "" if key is None else f"{key:032x}"


def _key(name: str, value: str) -> int:
    if not _KEY.fullmatch(value):
        raise ConfigError(f"{name}={value!r} does not name a page. Expected 32 hexadecimal digits.")
    return int(value, 16)


def _link(pair: CorpusPair, page: PairedPage) -> str:
    """The query of the page's own view, from the first corpus; "" if that does not keep it."""
    if page.places[0] < 0:
        return ""
    shard = pair.corpora[0].shards()[page.places[0] >> PLACE_BITS]
    row = page.places[0] & ((1 << PLACE_BITS) - 1)
    return PageLink(page.sources[0], page.url, f"{shard['path']}/{row}").query()
