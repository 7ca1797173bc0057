"""The types that flow between the packages: a `Page` goes in, a `Verdict` comes back.

    WET bytes --wet--> Page | Rejected --stages--> Kept | Rejected --shards--> Parquet

A `Reason` is declared once, next to the code that decides. Counters, the rejected-page table, the docs and the
report all read that declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

NO_EXTRA: Mapping[str, Any] = {}  # can be pickled, unlike an immutable view; never written to


class Page(NamedTuple):
    """One crawled page: what the corpus is made of.

    >>> Page("http://a.example/", "Some text.", "2024-05-22T10:11:12Z", source="x.warc.wet.gz#0").url
    'http://a.example/'
    """

    url: str  # as crawled, "" if unknown
    text: str  # lines joined by "\n"
    timestamp: str  # UTC, YYYY-MM-DDTHH:MM:SS[.fff]Z, or "" if unknown; as written in en.tfds
    source: str = ""  # WET file, "#", byte offset of the record: unique in a build
    record_id: str = ""  # WARC-Record-ID without its brackets, "" if absent
    language: str = ""  # "" if not identified yet
    language_score: float = 0.0  # probability of `language`, 0..1
    language_votes: str = (
        ""  # the vote of each voter, "fasttext:de:0.98 cld2:de:0.99 script:Latn:1.00"; "" without voters
    )
    extra: Mapping[str, Any] = NO_EXTRA  # values of the columns that stages add, by name; never changed in place
    text_md5: str = ""  # for a page without a URL the MD5 of its text as read, in hex: see `text.urls.stand_in`

    def adding(self, **values: Any) -> Page:
        """The page with the values of the columns that its stage adds."""
        return self._replace(extra={**self.extra, **values})


class Unit(Enum):
    """What breaking a rule costs."""

    __hash__ = object.__hash__  # there is one of each; Enum's own is a call of Python for every look into a table

    SENTENCE = "sentence"
    PASSAGE = "passage"  # consecutive words, within a line or over several
    LINE = "line"
    PAGE = "page"


@dataclass(frozen=True)
class Reason:
    """Why a sentence, passage, line or page was dropped. Codes are never reused or renamed."""

    code: str  # "few_words": counter name, Parquet value, docs anchor
    unit: Unit  # what is lost
    says: str  # "has fewer than {words} words": the fields of the rule fill the braces
    source: str  # where the rule and its numbers come from
    keeps: str = ""  # smallest example that passes
    drops: str = ""  # smallest example that fails
    withheld: bool = False  # whether the text of a page so rejected is stored nowhere, not even among rejected pages
    why: str = ""  # a sentence on its purpose; for a rule, its docstring


class Dropped(NamedTuple):
    """A line (or sentence, or passage) that was cut from a page, in the order of the page."""

    code: str
    line: str
    owner: str = ""  # for a repeated one the page that keeps it, as named by `dedup.claims.owner_of`


def characters_of(dropped: Iterable[Dropped]) -> dict[str, int]:
    """How many characters were cut, by reason.

    >>> characters_of([Dropped("few_words", "Menu"), Dropped("few_words", "Top")])
    {'few_words': 7}
    """
    found: dict[str, int] = {}
    for drop in dropped:
        found[drop.code] = found.get(drop.code, 0) + len(drop.line)
    return found


# Reason code -> lines, sentences or passages lost on this page; 1 for a reason that rejects pages, if the page is
# kept nevertheless.
Tally = Mapping[str, int]
NO_LOSS: Tally = {}


class Kept(NamedTuple):
    """The page as it leaves a stage."""

    page: Page
    tally: Tally = NO_LOSS
    chars: Tally = NO_LOSS  # the characters of what the tally counts, if it was cut: those of `Dropped.line`


class Rejected(NamedTuple):
    """The page as it entered the stage that rejected it. `detail` is the offending line, word or value."""

    page: Page
    reason: Reason
    detail: str = ""
    tally: Tally = NO_LOSS
    chars: Tally = NO_LOSS  # as of a kept page


Verdict = Kept | Rejected
Step = Callable[[Page], Verdict]
