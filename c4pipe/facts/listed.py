"""What lists did: for each listed word, phrase or address the pages that it cost, who they are, and where it stood.

The record names one entry for each page that fell, the first that was met. Which others the page holds, and in which
sentence, the rule is asked again, of the pages that the rejected table holds: up to `LOOKED_AT` of each reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered

LOOKED_AT = 200  # pages of a reason that the rules are asked about: all that a sample holds
EXAMPLES = 3  # of an entry
AROUND = 160  # characters of a sentence shown on either side of a hit
TOP_NAMES = 3  # languages and domains named of an entry
_STOP = re.compile(r"[.!?。！？؟।][\"'”’»)\]]*\s+|[\r\n]")


class InContext(NamedTuple):
    """An entry in its sentence, or as much of that as is shown."""

    url: str
    before: str
    hit: str
    behind: str
    part: str  # where the page is: a file of the rejected table, and its row there
    row: int


class Sighting(NamedTuple):
    """An entry that stands on a page."""

    entry: str
    source: str  # of the page
    language: str  # "" where nobody knows it
    context: InContext | None


class ListedWord(NamedTuple):
    """An entry of a list. `pages` are those that the record names it for; the others are of the pages looked at."""

    entry: str
    pages: int  # that fell for it; of a list that costs lines, those that lost lines which hold it
    lines: int  # that fell for it
    held: int  # pages looked at that hold it
    only: int  # of these the pages that hold no other entry: without it they would have passed
    domains: list[tuple[str, int]]  # registered, of `pages`: the most frequent
    domain_count: int
    languages: list[tuple[str, int]]  # of the pages looked at that hold it, where known
    examples: list[InContext]

    @property
    def alone(self) -> float:
        """The share of the pages looked at on which it is the only entry: near 1 for a word that means no harm."""
        return self.only / self.held if self.held else 0.0

    @property
    def spread(self) -> float:
        """Domains a page: near 1 for a word that anybody writes, low for one of a few sites."""
        return self.domain_count / self.pages if self.pages else 0.0


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

    pages: Counter[str]  # by entry
    domains: Mapping[str, Counter[str]]
    lines: Counter[str]


def named_by_detail(db: duckdb.DuckDBPyConnection, stage: str, code: str) -> NamedPages:
    """Pages of the rejected table by the entry that stands as their detail: all of them, looked at or not."""
    sql = (
        "SELECT detail, split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1) AS host, "
        "count(*) FROM rejected WHERE stage = $1 AND reason = $2 GROUP BY ALL"
    )
    found = NamedPages(Counter(), {}, Counter())
    domains: dict[str, Counter[str]] = {}
    for detail, host, pages in db.execute(sql, [stage, code]).fetchall():
        found.pages[detail] += pages
        domains.setdefault(detail, Counter())[registered(host)] += pages
    return found._replace(domains=domains)


def words_of(named: NamedPages, sightings: Iterable[Sighting]) -> list[ListedWord]:
    """Each entry with what is known of it, the most pages first."""
    seen = list(dict.fromkeys(sightings))
    on_page: dict[str, set[str]] = {}
    for one in seen:
        on_page.setdefault(one.source, set()).add(one.entry)
    by_entry: dict[str, dict[str, Sighting]] = {}
    for one in seen:
        by_entry.setdefault(one.entry, {}).setdefault(one.source, one)
    rows = [_word(entry, named, list(by_entry.get(entry, {}).values()), on_page) for entry in {*named.pages, *by_entry}]
    return sorted(rows, key=lambda row: (-row.pages, -row.held, row.entry))


def _word(entry: str, named: NamedPages, seen: Sequence[Sighting], on_page: Mapping[str, set[str]]) -> ListedWord:
    domains = named.domains.get(entry, Counter[str]())
    return ListedWord(
        entry,
        named.pages[entry],
        named.lines[entry],
        len(seen),
        sum(on_page[one.source] == {entry} for one in seen),
        _first(domains),
        len(domains),
        _first(Counter(one.language for one in seen if one.language)),
        _examples(seen),
    )


def _first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP_NAMES]


def _examples(seen: Sequence[Sighting]) -> list[InContext]:
    """Of different domains, as far as there are some; in the order of the sources, which says nothing of the text."""
    shown = [one.context for one in sorted(seen, key=lambda one: one.source) if one.context is not None]
    apart = list({registered(context.url): context for context in reversed(shown)}.values())[::-1]
    return [*apart, *(context for context in shown if context not in apart)][:EXAMPLES]


def in_context(text: str, start: int, end: int, url: str, part: str, row: int) -> InContext:
    """The sentence around text[start:end], by stops and ends of lines; of a long one what is near.

    >>> in_context("A menu\\nIt is so. Oh drat it, she said. More.", 20, 24, "", "", 0)[1:4]
    ('Oh ', 'drat', ' it, she said.')
    """
    first = max((match.end() for match in _STOP.finditer(text, max(0, start - 2 * AROUND), start)), default=0)
    first = max(first, start - AROUND)
    stop = _STOP.search(text, end)
    last = min(len(text), end + AROUND) if stop is None else min(stop.end(), end + AROUND)
    before = ("…" if first and first == start - AROUND else "") + text[first:start]
    behind = text[end:last].rstrip() + ("…" if last == end + AROUND and last < len(text) else "")
    return InContext(url, before.lstrip(), text[start:end], behind, part, row)
