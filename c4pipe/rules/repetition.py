"""Gopher's rules on repetition (Rae et al. 2021, table A1), as implemented by datatrove's `GopherRepetitionFilter`.

Shares are of all characters of the page, including blanks and newlines, except in the first and third rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from c4pipe.errors import ConfigError
from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import EnglishRule, PageRule, ratio, share_of
from c4pipe.text.counted import copies_in, numbered_english
from c4pipe.text.repeats import Repeats, repeated_chars

_SOURCE = "Rae et al. 2021, table A1; datatrove 0.10.1 GopherRepetitionFilter"
_PARAGRAPHS, _LINES = re.compile(r"\n{2,}"), re.compile(r"\n+")
_EMPTY_LINE = "\n\n"
DISTINCT_WORDS = " ".join(f"{a}{b}" for a in "bcdfghjklm" for b in "aeiou")


class _Copies(NamedTuple):
    """Pieces that occurred earlier on the page."""

    pieces: int
    chars: int  # of these pieces
    of: int  # number of all pieces


@lru_cache(maxsize=2)
def _copied_paragraphs(text: str) -> _Copies:
    paragraphs = _PARAGRAPHS.split(text.strip()) if _EMPTY_LINE in text else [text]
    return _Copies(*copies_in(paragraphs), len(paragraphs))


@lru_cache(maxsize=2)
def _copied_lines(text: str) -> _Copies:
    lines = _LINES.split(text) if _EMPTY_LINE in text else text.split("\n")
    return _Copies(*copies_in(lines), len(lines))


@dataclass(frozen=True)
class MaxRepeatedParagraphs(PageRule):
    """Repeated paragraphs are navigation or spam."""

    share: float = 0.3
    reason: ClassVar = Reason(
        "gopher_repeated_paragraphs",
        Unit.PAGE,
        "has paragraphs of which more than {share} occur earlier",
        source=f"{_SOURCE}, dup_para_frac",
        keeps="\n\n".join("abcdefgaaa"),
        drops="\n\n".join("abcdefaaaa"),
    )

    def offence(self, page: Page) -> str | None:
        copies = _copied_paragraphs(page.text)
        share = ratio(copies.pieces, copies.of)
        return share_of(share, "paragraphs are repeated") if share > self.share else None


@dataclass(frozen=True)
class MaxRepeatedParagraphChars(PageRule):
    """The same by characters: one long paragraph counts for more than ten short ones."""

    share: float = 0.2
    reason: ClassVar = Reason(
        "gopher_repeated_paragraph_chars",
        Unit.PAGE,
        "has more than {share} of its characters in paragraphs that occur earlier",
        source=f"{_SOURCE}, dup_para_char_frac",
        keeps="a\n\na\n\nlong enough",
        drops="a paragraph\n\na paragraph",
    )

    def offence(self, page: Page) -> str | None:
        share = ratio(_copied_paragraphs(page.text).chars, len(page.text))
        return share_of(share, "characters are in repeated paragraphs") if share > self.share else None


@dataclass(frozen=True)
class MaxRepeatedLines(PageRule):
    """Repeated lines are buttons and menus."""

    share: float = 0.3
    reason: ClassVar = Reason(
        "gopher_repeated_lines",
        Unit.PAGE,
        "has lines of which more than {share} occur earlier",
        source=f"{_SOURCE}, dup_line_frac",
        keeps="\n".join("abcdefgaaa"),
        drops="\n".join("abcdefaaaa"),
    )

    def offence(self, page: Page) -> str | None:
        copies = _copied_lines(page.text)
        share = ratio(copies.pieces, copies.of)
        return share_of(share, "lines are repeated") if share > self.share else None


@dataclass(frozen=True)
class MaxRepeatedLineChars(PageRule):
    """The same by characters."""

    share: float = 0.2
    reason: ClassVar = Reason(
        "gopher_repeated_line_chars",
        Unit.PAGE,
        "has more than {share} of its characters in lines that occur earlier",
        source=f"{_SOURCE}, dup_line_char_frac",
        keeps="a line\na line\nlong enough to make up for it",
        drops="a line\na line\nno more",
    )

    def offence(self, page: Page) -> str | None:
        share = ratio(_copied_lines(page.text).chars, len(page.text))
        return share_of(share, "characters are in repeated lines") if share > self.share else None


class Sized:
    """Rules with a limit for each of several sizes."""

    sizes: tuple[int, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.sizes) != len(self.shares) or min(self.sizes, default=1) < 1:
            raise ConfigError(
                f"{type(self).__name__}: sizes {self.sizes} and shares {self.shares}: expected a share for each size, "
                "and sizes of one word or more."
            )

    def over(self, chars: list[int], whole: int, what: str) -> str | None:
        """The first size whose characters are too large a share of the whole."""
        for size, share, found in zip(self.sizes, self.shares, chars, strict=False):
            if ratio(found, whole) > share:
                return share_of(ratio(found, whole), what.format(size=size))
        return None


@dataclass(frozen=True)
class MaxTopRun(Sized, EnglishRule):
    """A phrase that takes up a fifth of a page is a button or a keyword. As in datatrove, the most frequent run counts
    even if it occurs only once (then the first one): a short page can be rejected without any repetition."""

    sizes: tuple[int, ...] = (2, 3, 4)
    shares: tuple[float, ...] = (0.20, 0.18, 0.16)
    reason: ClassVar = Reason(
        "gopher_top_run",
        Unit.PAGE,
        "has a most frequent run of {sizes} words that takes up more than {shares} of its characters",
        source=f"{_SOURCE}, top_n_grams",
        keeps=DISTINCT_WORDS,
        drops=f"buy now {DISTINCT_WORDS} " + "buy now " * 5,
    )

    def offence(self, page: Page) -> str | None:
        chars = repeated_chars(numbered_english(page.text), self.sizes, Repeats.TOP)
        return self.over(chars, len(page.text), "characters are in the top run of {size} words")


@dataclass(frozen=True)
class MaxRepeatedRuns(Sized, EnglishRule):
    """Word runs that occur elsewhere on the page are templates, filled in again and again."""

    sizes: tuple[int, ...] = (5, 6, 7, 8, 9, 10)
    shares: tuple[float, ...] = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)
    reason: ClassVar = Reason(
        "gopher_repeated_runs",
        Unit.PAGE,
        "has more than {shares} of its characters in runs of {sizes} words that occur earlier",
        source=f"{_SOURCE}, dup_n_grams",
        keeps=DISTINCT_WORDS,
        drops=f"{DISTINCT_WORDS} {DISTINCT_WORDS[:60]}",
    )

    def offence(self, page: Page) -> str | None:
        chars = repeated_chars(numbered_english(page.text), self.sizes, Repeats.GREEDY)
        return self.over(chars, len(page.text), "characters are in repeated runs of {size} words")


GOPHER_REPETITION: tuple[PageRule, ...] = (
    MaxRepeatedParagraphs(),
    MaxRepeatedParagraphChars(),
    MaxRepeatedLines(),
    MaxRepeatedLineChars(),
    MaxTopRun(),
    MaxRepeatedRuns(),
)
