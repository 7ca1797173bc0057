"""The effect of lists: for each listed word, phrase or address the pages that it cost, their domains and languages, and
its context.

The record names one entry for each dropped page, the first match. To find the page's other entries, and their
sentences, the rule is run again, on the first pages of a reason in the rejected table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered

PAGES_ASKED = 200  # pages of a reason on which a page rule is run again: all that a sample holds
ROWS_ASKED = 20_000  # rows of the rejected table on whose cut lines a line rule is run again, the first ones
_EXAMPLES = 3  # per entry
_AROUND = 160  # characters shown of a sentence on either side of a match
_TOP_NAMES = 3  # languages and domains shown per entry
_STOP = re.compile(r"[.!?。！？؟।][\"'”’»)\]]*\s+|[\r\n]")


class InContext(NamedTuple):
    """An entry in its sentence, possibly shortened."""

    url: str
    before: str
    hit: str
    behind: str
    part: str  # where the page is: a file of the rejected table, and its row there
    row: int


class EntryOnPage(NamedTuple):
    """An entry found on a page."""

    entry: str
    source: str  # of the page
    language: str  # "" if unknown
    context: InContext | None
    kept: bool = False  # whether the page was kept, without the lines cut
    url: str = ""  # of the page


class WordPlace(NamedTuple):
    """Pages of one domain and language that an entry cost, or took lines from, or that contain it."""

    domain: str  # registered
    language: str  # "" if unknown
    kept: int  # pages that lost lines and were kept nevertheless
    rejected: int
    held: int = 0  # examined pages that contain the entry, whatever their reason

    @property
    def pages(self) -> int:
        """All pages that it cost, or took lines from."""
        return self.kept + self.rejected

    @property
    def known(self) -> int:
        """The minimum number of pages that contain it: from examined pages, or from recorded reasons."""
        return max(self.held, self.pages)


class ListedWord(NamedTuple):
    """An entry of a list. `pages` are those for which the record names it; the other numbers are of the examined
    pages."""

    entry: str
    pages: int  # dropped because of it; for a list that costs lines, those with cut lines that contain it
    lines: int  # cut because of it
    held: int  # examined pages that contain it
    lone: tuple[EntryOnPage, ...]  # of these, pages without any other entry: they would otherwise have passed
    domains: list[tuple[str, int]]  # registered, of the pages known to contain it: the most frequent
    domain_count: int
    languages: list[tuple[str, int]]  # of the examined pages that contain it, if known
    examples: list[InContext]
    places: tuple[WordPlace, ...] = ()  # of the pages known to contain it, most first

    @property
    def kept(self) -> int:
        """Of `pages`, those that were kept: none for a list that costs pages."""
        return sum(place.kept for place in self.places)

    @property
    def only(self) -> int:
        """The examined pages without any other entry."""
        return len(self.lone)

    @property
    def lone_kept(self) -> int:
        """Of these, those that were kept."""
        return sum(one.kept for one in self.lone)

    @property
    def alone(self) -> float:
        """The share of the examined pages on which it is the only entry: near 1 for a harmless word."""
        return self.only / self.held if self.held else 0.0


class WordList(NamedTuple):
    """A list that a rule of a preset uses."""

    stage: str
    code: str
    unit: str  # what it costs: page, line
    says: str
    source: str
    built: int  # pages, or lines, that it cost in the build
    named: int  # of these, those in the table
    looked: int  # pages on which the rule was run again; 0 if it was not
    note: str  # why not, "" if it was
    words: list[ListedWord]  # those that cost the most pages first


class NamedPages(NamedTuple):
    """Pages for which the record names an entry."""

    places: Mapping[str, Counter[tuple[str, str, bool]]]  # entry -> domain, language and whether kept -> pages
    lines: Counter[str]  # by entry


def named_by_detail(db: duckdb.DuckDBPyConnection, stage: str, code: str, language: str) -> NamedPages:
    """Pages of the rejected table by the entry in their detail: all of them, examined or not. `language` is their
    language, in SQL."""
    sql = (
        "SELECT detail, split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1) AS host, "
        f"{language} AS spoken, count(*) FROM rejected WHERE stage = $1 AND reason = $2 GROUP BY ALL"
    )
    places: dict[str, Counter[tuple[str, str, bool]]] = {}
    for detail, host, spoken, pages in db.execute(sql, [stage, code]).fetchall():
        places.setdefault(detail, Counter())[registered(host), spoken, False] += pages
    return NamedPages(places, Counter())


def words_listed(named: NamedPages, sightings: Iterable[EntryOnPage]) -> list[ListedWord]:
    """Each entry with what is known about it, the most pages first."""
    seen = list(dict.fromkeys(sightings))
    on_page: dict[str, set[str]] = {}
    for one in seen:
        on_page.setdefault(one.source, set()).add(one.entry)
    by_entry: dict[str, dict[str, EntryOnPage]] = {}
    for one in seen:
        by_entry.setdefault(one.entry, {}).setdefault(one.source, one)
    entries = {*named.places, *by_entry}
    rows = [_word(entry, named, list(by_entry.get(entry, {}).values()), on_page) for entry in entries]
    return sorted(rows, key=lambda row: (-row.pages, -row.held, row.entry))


def _word(entry: str, named: NamedPages, seen: Sequence[EntryOnPage], on_page: Mapping[str, set[str]]) -> ListedWord:
    places = _places(named.places.get(entry, {}), Counter((registered(one.url), one.language) for one in seen))
    domains = Counter[str]()
    for place in places:
        domains[place.domain] += place.known
    return ListedWord(
        entry,
        sum(place.pages for place in places),
        named.lines[entry],
        len(seen),
        tuple(one for one in seen if on_page[one.source] == {entry}),
        _first(domains),
        len(domains),
        _first(Counter(one.language for one in seen if one.language)),
        _examples(seen),
        places,
    )


def _places(counts: Mapping[tuple[str, str, bool], int], held: Mapping[tuple[str, str], int]) -> tuple[WordPlace, ...]:
    sides = {(domain, language) for domain, language, _ in counts} | {*held}
    found = (WordPlace(*of, counts.get((*of, True), 0), counts.get((*of, False), 0), held.get(of, 0)) for of in sides)
    return tuple(sorted(found, key=lambda place: (-place.known, place)))


def _first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_TOP_NAMES]


def _examples(seen: Sequence[EntryOnPage]) -> list[InContext]:
    """Examples from different domains, as far as possible; in the order of the sources, which does not depend on the
    text."""
    shown = [one.context for one in sorted(seen, key=lambda one: one.source) if one.context is not None]
    apart = list({registered(context.url): context for context in reversed(shown)}.values())[::-1]
    return [*apart, *(context for context in shown if context not in apart)][:_EXAMPLES]


def in_context(text: str, start: int, end: int, url: str, part: str, row: int) -> InContext:
    """The sentence around text[start:end], delimited by stops and line ends; a long one is shortened.

    >>> in_context("A menu\\nIt is so. Oh drat it, she said. More.", 20, 24, "", "", 0)[1:4]
    ('Oh ', 'drat', ' it, she said.')
    """
    first = max((match.end() for match in _STOP.finditer(text, max(0, start - 2 * _AROUND), start)), default=0)
    first = max(first, start - _AROUND)
    stop = _STOP.search(text, end)
    last = min(len(text), end + _AROUND) if stop is None else min(stop.end(), end + _AROUND)
    before = ("…" if first and first == start - _AROUND else "") + text[first:start]
    behind = text[end:last].rstrip() + ("…" if last == end + _AROUND and last < len(text) else "")
    return InContext(url, before.lstrip(), text[start:end], behind, part, row)
