"""Two corpora side by side: which pages only one of them keeps, and why; which they keep with another text.

A page is the same in both when its URL and the second of its date are, whatever the files are called that it was read
from, so that WET and WARC files of one crawl can be held against each other; without a URL, when it stands in the same
place of a file of that name. Counting is SQL over 16 bytes a page; texts are read for the few pages that are shown.
Everything comes in the order of the pages' MD5, so two runs say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.plan import KEPT
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import MEMORY, Corpus, connect, said
from c4pipe.facts.diff import MOST_TEXT, DiffLine, diff
from c4pipe.facts.differences import settings

SHOWN = 5  # pages for each way in which two corpora differ
MOST_REASONS = 40  # of the reasons with pages to show; all are counted
DETAIL_CHARS = 400  # of a detail
NOT_READ, NOT_RECORDED = "not_read", "not_recorded"


class Fate(NamedTuple):
    """What became of a page in one of the corpora."""

    stage: str = ""  # that rejected it
    reason: str = KEPT  # NOT_READ: its file is none of the inputs; NOT_RECORDED: the rejected table does not hold it
    detail: str = ""


KEPT_HERE = Fate()


class PageChange(NamedTuple):
    """A page of which two corpora make something else."""

    url: str
    source: str
    languages: tuple[str, str]  # "" where it is not kept
    fates: tuple[Fate, Fate]
    lines: list[DiffLine]


class Why(NamedTuple):
    """Pages that one corpus keeps and the other does not, by what became of them there."""

    stage: str
    reason: str
    pages: int
    shown: list[PageChange]


class Removed(NamedTuple):
    """What each corpus removed for one reason, by its own account."""

    stage: str
    reason: str
    unit: str  # a `page.Unit`
    counts: tuple[int, int]


class Comparison(NamedTuple):
    """Two corpora, the first always before the second."""

    folders: tuple[str, str]
    settings: list[str]  # what they were built with differently, in words, of "A" and "B"
    complete: tuple[bool, bool]  # whether a rejected table holds every page, so that `Why` is known of every page
    kept: tuple[int, int]  # pages, each counted once however often a mixture repeats it
    bytes: tuple[int, int]  # of their texts in UTF-8
    same: int  # in both with the same text and language
    other_text: int  # in both with another text
    other_language: int  # in both with another language
    only: tuple[int, int]
    gone: list[Why]  # only in the first
    come: list[Why]  # only in the second
    changed: list[PageChange]  # in both with another text
    languages: list[tuple[str, str, int]]  # in both with another language: from, to, pages
    removed: list[Removed]


def compare(a: Corpus, b: Corpus, shown: int = SHOWN, memory: str = MEMORY) -> Comparison:
    """What differs between two corpora. BuildError where they are too large for the memory."""
    with connect(a, memory, b) as connection:
        try:
            tables = _Tables(connection, (a, b))
            gone, come = tables.reasons(0, shown), tables.reasons(1, shown)
            changed = tables.changed(4 * shown)
            pages = tables.pages([key for why in (*gone, *come) for key in why.keys] + changed)
            return Comparison(
                folders=(str(a.folder), str(b.folder)),
                settings=settings(a.manifest, b.manifest),
                complete=(_complete(a), _complete(b)),
                kept=(tables.kept[0].pages, tables.kept[1].pages),
                bytes=(tables.kept[0].bytes, tables.kept[1].bytes),
                **tables.both(),
                only=(sum(why.pages for why in gone), sum(why.pages for why in come)),
                gone=[_why(why, pages) for why in gone],
                come=[_why(why, pages) for why in come],
                changed=[pages[key].change() for key in changed],
                languages=tables.languages(),
                removed=removed(a.manifest, b.manifest),
            )
        except duckdb.Error as error:
            raise BuildError(f"{a.folder} and {b.folder} cannot be compared: {said(error)}") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = str(error).partition("\n")[0]
            raise BuildError(f"{a.folder} and {b.folder} cannot be compared: {what}") from None


def _complete(corpus: Corpus) -> bool:
    return bool(corpus.manifest.get("settings", {}).get("rejected") == "all")


class _Kept(NamedTuple):
    pages: int
    bytes: int


class _Reason(NamedTuple):
    """A `Why` whose pages are still keys."""

    stage: str
    reason: str
    pages: int
    keys: list[int]


class _Page:
    """What is recorded of one page in both corpora."""

    def __init__(self, url: str, source: str):
        self.url, self.source = url, source
        self.languages, self.texts = ["", ""], ["", ""]
        self.fates: list[Fate | None] = [None, None]
        self.cut: list[list[tuple[str, str]]] = [[], []]  # what each corpus cut from it: code, line

    def change(self, fate: Fate = KEPT_HERE) -> PageChange:
        """With this fate where the corpora hold no other."""
        first, second = (found or fate for found in self.fates)
        lines = diff(self.texts[0], self.texts[1], self.cut[0], self.cut[1])
        return PageChange(self.url, self.source, (self.languages[0], self.languages[1]), (first, second), lines)


def _why(reason: _Reason, pages: dict[int, _Page]) -> Why:
    fate = Fate(reason.stage, reason.reason)
    return Why(reason.stage, reason.reason, reason.pages, [pages[key].change(fate) for key in reason.keys])


_KEY = "md5_number(if(url = '', regexp_replace(source, '^.*/', ''), url || chr(10) || left(timestamp, 19)))"
# What a file is called, without its folder and endings: a.warc.gz and a.warc.wet.gz are of one crawl.
_NO_STEM = r"^.*/|(\.warc)?(\.wet)?(\.gz|\.zst)?$"
_VIEWS = ("", "other_")


class _Tables:
    """Both corpora as one row a page, without their texts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, corpora: tuple[Corpus, Corpus]):
        self._connection, self._corpora = connection, corpora
        self.kept = [self._keep(side) for side in (0, 1)]

    def _keep(self, side: int) -> _Kept:
        self._connection.execute(
            f"CREATE TEMP TABLE kept{side} AS SELECT {_KEY} AS key, min(hash(text)) AS text, "
            f"min(strlen(text)) AS size, min(language) AS language FROM {_VIEWS[side]}pages GROUP BY 1"
        )
        ((pages, size),) = self._rows(f"SELECT count(*), coalesce(sum(size), 0) FROM kept{side}")
        return _Kept(pages, int(size))

    def both(self) -> dict[str, int]:
        """Pages in both: the same, with another text, with another language."""
        ((same, text, language),) = self._rows(
            "SELECT count(*) FILTER (a.text = b.text AND a.language = b.language), count(*) FILTER (a.text != b.text), "
            "count(*) FILTER (a.language != b.language) FROM kept0 a JOIN kept1 b USING (key)"
        )
        return {"same": same, "other_text": text, "other_language": language}

    def languages(self) -> list[tuple[str, str, int]]:
        """Pages in both with another language: from, to, how many."""
        return self._rows(
            "SELECT a.language, b.language, count(*) AS pages FROM kept0 a JOIN kept1 b USING (key) "
            "WHERE a.language != b.language GROUP BY ALL ORDER BY pages DESC, 1, 2"
        )

    def reasons(self, side: int, shown: int) -> list[_Reason]:
        """Pages of this side that the other does not keep, by what the other's rejected table says."""
        mine, other = _VIEWS[side], _VIEWS[1 - side]
        manifest = self._corpora[1 - side].manifest
        inputs = [re.sub(_NO_STEM, "", item["path"]) for item in manifest.get("inputs", [])]
        found = self._rows(
            f"WITH lone AS (SELECT key FROM kept{side} ANTI JOIN kept{1 - side} USING (key)), mine AS ("
            f"SELECT {_KEY} AS key, bool_or($3 OR list_contains($1, "
            f"regexp_replace(regexp_replace(source, '#[^#]*$', ''), '{_NO_STEM}', '', 'g'))) AS read "
            f"FROM {mine}pages GROUP BY 1), known AS ("
            f"SELECT {_KEY} AS key, min({{'stage': stage, 'reason': reason}}) AS fate "
            f"FROM {other}rejected WHERE stage != '' GROUP BY 1) "
            "SELECT coalesce(fate.stage, ''), "
            f"coalesce(fate.reason, if(read, '{NOT_RECORDED}', '{NOT_READ}')), count(*) AS pages, min(key, $2) "
            "FROM lone JOIN mine USING (key) LEFT JOIN known USING (key) GROUP BY 1, 2 ORDER BY pages DESC, 1, 2",
            [inputs, max(1, shown), "mixture" in manifest],  # a mixture reads corpora
        )
        return [
            _Reason(stage, reason, pages, keys[:shown] if i < MOST_REASONS else [])
            for i, (stage, reason, pages, keys) in enumerate(found)
        ]

    def changed(self, shown: int) -> list[int]:
        """Keys of pages in both with another text; first those of which it is recorded what was cut."""
        noted = " UNION ALL ".join(f"SELECT {_KEY} FROM {view}rejected WHERE stage = ''" for view in _VIEWS)
        found = self._rows(
            "SELECT key FROM kept0 a JOIN kept1 b USING (key) WHERE a.text != b.text "
            f"ORDER BY key NOT IN ({noted}), key LIMIT $1",
            [shown],
        )
        return [key for (key,) in found]

    def pages(self, keys: list[int]) -> dict[int, _Page]:
        """All that is recorded of these pages."""
        pages: dict[int, _Page] = {}
        wanted = f"WHERE {_KEY} IN (SELECT unnest($1::VARCHAR[])::UHUGEINT)"
        names = [sorted({str(key) for key in keys})]
        for side, view in enumerate(_VIEWS):
            for key, url, source, language, text in self._rows(
                f"SELECT {_KEY}, url, source, language, left(text, {MOST_TEXT}) FROM {view}pages {wanted}", names
            ):
                page = pages.setdefault(key, _Page(url, source))
                page.languages[side], page.texts[side], page.fates[side] = language, text, Fate()
        for side, view in enumerate(_VIEWS):
            for key, stage, reason, detail, dropped in self._rows(
                f"SELECT {_KEY}, stage, reason, left(detail, {DETAIL_CHARS}), dropped FROM {view}rejected {wanted} "
                "ORDER BY stage, reason, source",
                names,
            ):
                # Of several copies of one date one is kept, and that others fell says nothing of the page.
                if key in pages and (not stage or pages[key].fates[side] is None):
                    pages[key].fates[side] = Fate(stage, reason, detail)
                    pages[key].cut[side] = [(drop["reason"], drop["line"]) for drop in dropped]
        return pages

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        return self._connection.execute(sql, list(parameters)).fetchall()


def removed(a: dict[str, Any], b: dict[str, Any]) -> list[Removed]:
    """What the ledgers of two manifests say was removed, in the order of the stages."""
    counts: dict[tuple[str, str, str], list[int]] = {}
    for side, manifest in enumerate((a, b)):
        for stage in manifest["ledger"]["stages"]:
            for unit, name in LOST_AS.items():
                for code, count in stage.get(name, {}).items():
                    counts.setdefault((stage["stage"], code, unit.value), [0, 0])[side] = count
    return [Removed(*key, (both[0], both[1])) for key, both in counts.items()]
