"""What lists did: for each listed word, phrase or address the pages that it cost, who they are, and where it stood.

The record names one entry for each page that fell, the first that was met. Which others the page holds, and in which
sentence, the rule is asked again, of the first pages of a reason that the rejected table holds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered

PAGES_ASKED = 200  # pages of a reason that a rule for pages is asked about: all that a sample holds
ROWS_ASKED = 20_000  # rows of the rejected table whose lost lines a rule for lines is asked about, the first
_EXAMPLES = 3  # of an entry
_AROUND = 160  # characters of a sentence shown on either side of a hit
_TOP_NAMES = 3  # languages and domains named of an entry
_STOP = re.compile(r"[.!?。！？؟।][\"'”’»)\]]*\s+|[\r\n]")


class InContext(NamedTuple):
    """An entry in its sentence, or as much of that as is shown."""

    url: str
    before: str
    hit: str
    behind: str
    part: str  # where the page is: a file of the rejected table, and its row there
    row: int


class EntryOnPage(NamedTuple):
    """An entry that stands on a page."""

    entry: str
    source: str  # of the page
    language: str  # "" where nobody knows it
    context: InContext | None
    kept: bool = False  # the page was, though it lost lines
    url: str = ""  # of the page


class WordPlace(NamedTuple):
    """Pages of one domain and language that an entry cost, or took lines from, or on which it stands."""

    domain: str  # registered
    language: str  # "" where nobody knows it
    kept: int  # of these pages, those that lost lines and were kept all the same
    rejected: int
    held: int = 0  # pages looked at that hold the entry, whichever they fell for

    @property
    def pages(self) -> int:
        """All that it cost, or took lines from."""
        return self.kept + self.rejected

    @property
    def known(self) -> int:
        """The least that hold it: of those looked at, or by what they fell for."""
        return max(self.held, self.pages)


class ListedWord(NamedTuple):
    """An entry of a list. `pages` are those that the record names it for; the others are of the pages looked at."""

    entry: str
    pages: int  # that fell for it; of a list that costs lines, those that lost lines which hold it
    lines: int  # that fell for it
    held: int  # pages looked at that hold it
    lone: tuple[EntryOnPage, ...]  # of these the pages that hold no other entry: without it they would have passed
    domains: list[tuple[str, int]]  # registered, of the pages known to hold it: the most frequent
    domain_count: int
    languages: list[tuple[str, int]]  # of the pages looked at that hold it, where known
    examples: list[InContext]
    places: tuple[WordPlace, ...] = ()  # of the pages known to hold it, most first

    @property
    def kept(self) -> int:
        """Of `pages` those that were kept: of a list that costs pages none."""
        return sum(place.kept for place in self.places)

    @property
    def only(self) -> int:
        """The pages looked at that hold no other entry."""
        return len(self.lone)

    @property
    def lone_kept(self) -> int:
        """Of these those that were kept."""
        return sum(one.kept for one in self.lone)

    @property
    def alone(self) -> float:
        """The share of the pages looked at on which it is the only entry: near 1 for a word that means no harm."""
        return self.only / self.held if self.held else 0.0


class WordList(NamedTuple):
    """A list, as a rule of a preset goes by it."""

    stage: str
    code: str
    unit: str  # what it costs: page, line
    says: str
    source: str
    built: int  # pages, or lines, that it cost in the build
    named: int  # of these in the table
    looked: int  # pages that the rule was asked about again; 0 where it was not
    note: str  # why not, "" where it was
    words: list[ListedWord]  # those that cost the most pages first


class NamedPages(NamedTuple):
    """Pages that the record names an entry for."""

    places: Mapping[str, Counter[tuple[str, str, bool]]]  # entry -> domain, language and whether kept -> pages
    lines: Counter[str]  # by entry


def named_by_detail(db: duckdb.DuckDBPyConnection, stage: str, code: str, language: str) -> NamedPages:
    """Pages of the rejected table by the entry that stands as their detail: all of them, looked at or not. `language`
    is theirs, in SQL."""
    sql = (
        "SELECT detail, split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1) AS host, "
        f"{language} AS spoken, count(*) FROM rejected WHERE stage = $1 AND reason = $2 GROUP BY ALL"
    )
    places: dict[str, Counter[tuple[str, str, bool]]] = {}
    for detail, host, spoken, pages in db.execute(sql, [stage, code]).fetchall():
        places.setdefault(detail, Counter())[registered(host), spoken, False] += pages
    return NamedPages(places, Counter())


def words_listed(named: NamedPages, sightings: Iterable[EntryOnPage]) -> list[ListedWord]:
    """Each entry with what is known of it, the most pages first."""
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
    """Of different domains, as far as there are some; in the order of the sources, which says nothing of the text."""
    shown = [one.context for one in sorted(seen, key=lambda one: one.source) if one.context is not None]
    apart = list({registered(context.url): context for context in reversed(shown)}.values())[::-1]
    return [*apart, *(context for context in shown if context not in apart)][:_EXAMPLES]


def in_context(text: str, start: int, end: int, url: str, part: str, row: int) -> InContext:
    """The sentence around text[start:end], by stops and ends of lines; of a long one what is near.

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
