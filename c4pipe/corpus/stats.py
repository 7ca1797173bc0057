"""What a report draws in addition to the ledger: lengths before and after, languages, domains, crawl months."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from c4pipe.benchmarks.items import ITEMS
from c4pipe.errors import BuildError
from c4pipe.html import HTML_BYTES
from c4pipe.page import Page
from c4pipe.text.dates import month_of
from c4pipe.text.urls import domain_of

TOP_DOMAINS = 1000  # kept by each part of a build; if a part has more, counts are lower bounds
SHOWN_DOMAINS = 100

SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//")  # before a host, in a form that SQL can write too


@dataclass
class Stats:
    """Counters over pages; adding two parts gives the whole."""

    pages_read: int = 0
    chars_read: int = 0
    pages_kept: int = 0
    chars_kept: int = 0
    bytes_kept: int = 0  # UTF-8 bytes of the kept texts
    lengths_read: Counter[str] = field(default_factory=Counter)  # k -> pages of 2**k .. 2**(k+1)-1 characters
    lengths_kept: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)  # of kept pages
    votes: Counter[str] = field(default_factory=Counter)  # "de fasttext=de cld2=nl": language, and all answers
    scripts: Counter[str] = field(default_factory=Counter)  # "de Latn": language, and the script it was checked by
    months: Counter[str] = field(default_factory=Counter)  # YYYY-MM of kept pages, "" of those without a date
    domains_kept: Counter[str] = field(default_factory=Counter)
    domains_rejected: Counter[str] = field(default_factory=Counter)
    clusters: Counter[str] = field(default_factory=Counter)  # "near 3": a stage that links pages, and pages per cluster
    # For a corpus built against earlier ones: pages that reached the comparison, which the rules before the first
    # dedup of text keep (later rules, such as the language, have not run yet), and those dropped because an earlier
    # corpus has their URL or owns what they claim of their text.
    months_came: Counter[str] = field(default_factory=Counter)
    months_old: Counter[str] = field(default_factory=Counter)
    domains_came: Counter[str] = field(default_factory=Counter)
    domains_old: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(
        default_factory=Counter
    )  # by stage the pages dropped for it; "STAGE:parts" what they lost
    # For a corpus searched for test items of benchmarks, including pages dropped for them.
    tasks: Counter[str] = field(default_factory=Counter)  # pages by task that hold its items
    items: Counter[str] = field(default_factory=Counter)  # "task role line": pages that hold this text of this item
    # For a corpus read from HTML: bytes of the pages' HTML, and of the text extracted from it, in UTF-8.
    html_bytes_read: int = 0
    text_bytes_read: int = 0

    def read(self, page: Page) -> None:
        """Counts a page as read."""
        self.pages_read += 1
        self.chars_read += len(page.text)
        self.lengths_read[_bin(len(page.text))] += 1
        if page.extra and (html := page.extra.get(HTML_BYTES)):
            self.html_bytes_read += html
            self.text_bytes_read += len(page.text.encode())

    def kept(self, page: Page) -> None:
        """Counts a page of the corpus."""
        voted, text = [(page.language, page.language_votes)], page.text
        self.kept_all([len(text)], len(text.encode()), voted, [page.timestamp], [page.url])
        self.marked(page)

    def kept_all(
        self,
        lengths: Sequence[int],
        size: int,
        voted: Collection[tuple[str, str]],
        dates: Iterable[str],
        urls: Iterable[str],
    ) -> None:
        """The same for any number of pages by what is counted of them: characters, the bytes of all texts in UTF-8,
        languages with all answers, dates and URLs. Benchmark items are counted by `marked`.
        """
        self.pages_kept += len(lengths)
        self.chars_kept += sum(lengths)
        self.bytes_kept += size
        self.lengths_kept.update(map(_bin, lengths))
        self.languages.update(language for language, _ in voted)
        for language, votes in voted:
            if votes:
                self._voted(language, [vote.split(":") for vote in votes.split()])
        self.months.update(map(month_of, dates))
        self.domains_kept.update(map(registered, urls))

    def _voted(self, language: str, said: Sequence[Sequence[str]]) -> None:
        self.votes[" ".join([language, *(f"{by}={label}" for by, label, _ in said if by != "script")])] += 1
        self.scripts.update(f"{language} {label}" for by, label, _ in said if by == "script")

    def marked(self, page: Page) -> None:
        """Counts the test items that a page holds, kept or not."""
        if found := page.extra.get(ITEMS):
            self.tasks.update({one["task"] for one in found})
            self.items.update({f"{one['task']} {one['role']} {one['item']}" for one in found})

    def rejected(self, url: str) -> None:
        """Counts a page that is not in the corpus."""
        self.domains_rejected[registered(url)] += 1

    def came(self, page: Page) -> None:
        """Counts a page that reaches the URL dedup of a corpus built against others."""
        self.months_came[month_of(page.timestamp)] += 1
        self.domains_came[registered(page.url)] += 1

    def old(self, page: Page, stage: str) -> None:
        """Counts one of them that a stage drops because of an earlier corpus."""
        self.months_old[month_of(page.timestamp)] += 1
        self.domains_old[registered(page.url)] += 1
        self.earlier[stage] += 1

    def add(self, other: Stats) -> None:
        """Adds another part of the build."""
        for name in (f.name for f in fields(self)):
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, name, mine + theirs)

    def to_json(self, domains: int | None = TOP_DOMAINS) -> dict[str, Any]:
        """Plain numbers and sorted tables; of domains, the most frequent, or all of them for None."""
        data: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in _SOMETIMES:
            if not data[name]:
                del data[name]
        for name, value in data.items():
            if name.startswith("domains"):
                data[name] = dict(sorted(value.items(), key=lambda item: (-item[1], item[0]))[:domains])
            elif name.startswith("lengths"):
                data[name] = dict(sorted(value.items(), key=lambda item: int(item[0])))
            elif isinstance(value, Counter):
                data[name] = dict(sorted(value.items()))
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Stats:
        """The inverse of `to_json`, except for domains that it left out. BuildError for data that `to_json` cannot have
        written.
        """
        try:
            empty = cls()
            values = {name: _like(getattr(empty, name), value) for name, value in data.items()}
            for name in ("lengths_read", "lengths_kept"):
                if not all(key.isascii() and key.isdigit() and len(key) < 4 for key in values.get(name, ())):
                    raise TypeError(f"{name} is by powers of two")
            return cls(**values)
        except (AttributeError, TypeError) as error:
            raise BuildError(f"the statistics are damaged ({error}).") from None


_SOMETIMES = (
    "clusters", "months_came", "months_old", "domains_came", "domains_old", "earlier", "tasks", "items",
    "html_bytes_read", "text_bytes_read",
)  # fmt: skip


def _like(value: Any, found: Any) -> Any:
    """What was found, if it has the type of this value: a number, or a counter of numbers."""
    if isinstance(value, Counter):
        return Counter({key: _like(0, count) for key, count in found.items()})
    if type(found) is not int or not 0 <= found < 1 << 63:
        raise TypeError("a count is a whole number")
    return found


def _bin(length: int) -> str:
    return str(max(0, length.bit_length() - 1))


def by_first_word(counts: dict[str, int]) -> dict[str, dict[str, int]]:
    """`votes`, `scripts` or `clusters` as a table, such as language -> answer or script -> pages.

    >>> by_first_word({"de cld2=de": 7, "de cld2=nl": 1, "ru Cyrl": 2})
    {'de': {'cld2=de': 7, 'cld2=nl': 1}, 'ru': {'Cyrl': 2}}
    """
    table: dict[str, dict[str, int]] = {}
    for key, count in counts.items():
        language, _, rest = key.partition(" ")
        table.setdefault(language, {})[rest] = count
    return table


def registered(url: str) -> str:
    """The registered domain of a URL, remembered by its host."""
    plain = url.startswith(("https://", "http://"))  # nearly always, and in half the time
    return _registered((url.partition("//")[2] if plain else SCHEME.sub("", url)).partition("/")[0])


@lru_cache(maxsize=100_000)
def _registered(host: str) -> str:
    registered, subdomain = domain_of(host)
    if not registered.endswith("."):
        return registered
    # An unlisted last label is a suffix by the list's default rule: `a.example` is a domain.
    label = subdomain.rpartition(".")[2]
    return f"{label}.{registered[:-1]}" if label else registered[:-1]
