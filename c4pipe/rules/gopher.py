"""Gopher's rules on page quality (Rae et al. 2021, A1.1), as implemented by datatrove.

Words are English words, marks included (`text.english`), lines those of `str.splitlines`. The order of the rules is
that of datatrove's `GopherQualityFilter`: the first broken rule is the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import EnglishRule, PageRule, ratio, share_of
from c4pipe.text import count_lines
from c4pipe.text.counted import counted_words, numbered_english

_SOURCE = "Rae et al. 2021, A1.1; datatrove 0.10.1 GopherQualityFilter"
_PROSE = "It is said that the end of the day is to be kept with care, and that all have a share of it."


@dataclass(frozen=True)
class MinSpokenWords(EnglishRule):
    """A page of a few words is a menu, an error or a caption."""

    words: int = 50
    reason: ClassVar = Reason(
        "gopher_few_words",
        Unit.PAGE,
        "has fewer than {words} words, not counting marks",
        source=f"{_SOURCE}, min_doc_words",
        keeps="word " * 50,
        drops="word, " * 49,
    )

    def offence(self, page: Page) -> str | None:
        found = counted_words(page.text).spoken
        return f"{found} words" if found < self.words else None


@dataclass(frozen=True)
class MaxSpokenWords(EnglishRule):
    """Pages of book length are dumps and lists."""

    words: int = 100_000
    reason: ClassVar = Reason(
        "gopher_many_words",
        Unit.PAGE,
        "has more than {words} words, not counting marks",
        source=f"{_SOURCE}, max_doc_words",
        keeps=_PROSE,
        drops="word " * 100_001,
    )

    def offence(self, page: Page) -> str | None:
        found = counted_words(page.text).spoken
        return f"{found} words" if found > self.words else None


def _mean(page: Page) -> float | None:
    """The mean number of characters in a word; None if a page has no words."""
    counted = counted_words(page.text)
    return counted.spoken_chars / counted.spoken if counted.spoken else None


@dataclass(frozen=True)
class MinMeanWord(EnglishRule):
    """Words of one or two letters are tables and broken texts."""

    chars: int = 3
    reason: ClassVar = Reason(
        "gopher_short_words",
        Unit.PAGE,
        "has words of fewer than {chars} characters on average, not counting marks",
        source=f"{_SOURCE}, min_avg_word_length",
        keeps="the fox ran",
        drops="the fox ran up",
    )

    def offence(self, page: Page) -> str | None:
        mean = _mean(page)
        return f"{mean:.2f} characters a word" if mean is not None and mean < self.chars else None


@dataclass(frozen=True)
class MaxMeanWord(EnglishRule):
    """Words that are all long are addresses, keys and code."""

    chars: int = 10
    reason: ClassVar = Reason(
        "gopher_long_words",
        Unit.PAGE,
        "has words of more than {chars} characters on average, not counting marks",
        source=f"{_SOURCE}, max_avg_word_length",
        keeps="strawberry strawberry",
        drops="strawberry blackberries",
    )

    def offence(self, page: Page) -> str | None:
        mean = _mean(page)
        return f"{mean:.2f} characters a word" if mean is not None and mean > self.chars else None


@dataclass(frozen=True)
class MaxHashes(EnglishRule):
    """Many hash signs are tags or code."""

    share: float = 0.1
    reason: ClassVar = Reason(
        "gopher_hashes",
        Unit.PAGE,
        "has more than {share} hash signs per word",
        source=f"{_SOURCE}, max_symbol_word_ratio",
        keeps="one two three four five six seven eight nine #",
        drops="one two three four five six seven eight #",
    )

    def offence(self, page: Page) -> str | None:
        share = ratio(page.text.count("#"), counted_words(page.text).words)
        return f"{share:.4f} hash signs a word" if share > self.share else None


@dataclass(frozen=True)
class MaxEllipses(EnglishRule):
    """Many ellipses are teasers of other pages."""

    share: float = 0.1
    reason: ClassVar = Reason(
        "gopher_ellipses",
        Unit.PAGE,
        "has more than {share} ellipses per word",
        source=f"{_SOURCE}, max_symbol_word_ratio",
        keeps="one two three four five six seven eight nine …",
        drops="one two three four five six seven eight ...",
    )

    def offence(self, page: Page) -> str | None:
        found = page.text.count("...") + page.text.count("…")
        share = ratio(found, counted_words(page.text).words)
        return f"{share:.4f} ellipses a word" if share > self.share else None


def _share_of_lines(page: Page, marks: tuple[str, ...], most: float, has_one: Callable[[str], bool]) -> float:
    """The share of lines that begin or end with one of the marks; 0 if the text has too few for `most`."""
    if ratio(sum(map(page.text.count, marks)), count_lines(page.text)) <= most:
        return 0.0
    lines = page.text.splitlines()
    return ratio(sum(map(has_one, lines)), len(lines))


@dataclass(frozen=True)
class MaxBulletLines(PageRule):
    """A page of only bullets is a list."""

    share: float = 0.9
    bullets: tuple[str, ...] = ("•", "-")
    reason: ClassVar = Reason(
        "gopher_bullets",
        Unit.PAGE,
        "has lines of which more than {share} begin with one of {bullets}",
        source=f"{_SOURCE}, max_bullet_lines_ratio",
        keeps="\n".join(["- one"] * 9 + ["ten"]),
        drops="• one\n  - two",
    )

    def offence(self, page: Page) -> str | None:
        share = _share_of_lines(page, self.bullets, self.share, lambda line: line.lstrip().startswith(self.bullets))
        return share_of(share, "lines begin with a bullet") if share > self.share else None


@dataclass(frozen=True)
class MaxEllipsisLines(PageRule):
    """Truncated lines are teasers for other pages."""

    share: float = 0.3
    ends: tuple[str, ...] = ("...", "…")
    reason: ClassVar = Reason(
        "gopher_cut_lines",
        Unit.PAGE,
        "has lines of which more than {share} end in an ellipsis",
        source=f"{_SOURCE}, max_ellipsis_lines_ratio",
        keeps="\n".join(["cut ..."] * 3 + ["whole"] * 7),
        drops="\n".join(["cut… "] * 4 + ["whole"] * 6),
    )

    def offence(self, page: Page) -> str | None:
        share = _share_of_lines(page, self.ends, self.share, lambda line: line.rstrip().endswith(self.ends))
        return share_of(share, "lines end in an ellipsis") if share > self.share else None


@dataclass(frozen=True)
class MinLetteredWords(EnglishRule):
    """Prices, tables and dashed rules have few letters."""

    share: float = 0.8
    reason: ClassVar = Reason(
        "gopher_few_letters",
        Unit.PAGE,
        "has a letter in fewer than {share} of its words, marks included",
        source=f"{_SOURCE}, max_non_alpha_words_ratio",
        keeps="one two three four 5",
        drops="one two three four 5 6",
    )

    def offence(self, page: Page) -> str | None:
        counted = counted_words(page.text)
        share = ratio(counted.lettered, counted.words)
        return share_of(share, "words have a letter") if counted.words and share < self.share else None


@dataclass(frozen=True)
class MinStopWords(EnglishRule):
    """English prose has small words; lists of names and keywords have none."""

    words: int = 2
    among: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")
    reason: ClassVar = Reason(
        "gopher_few_stop_words",
        Unit.PAGE,
        "has fewer than {words} of the words {among}",
        source=f"{_SOURCE}, min_stop_words",
        keeps="the end of it",
        drops="the the The Of it",
    )

    def offence(self, page: Page) -> str | None:
        words, found = numbered_english(page.text), 0
        for word in self.among:
            found += words.hold(word)
            if found >= self.words:
                return None
        return f"{found} stop words"


GOPHER_QUALITY: tuple[PageRule, ...] = (
    MinSpokenWords(),
    MaxSpokenWords(),
    MinMeanWord(),
    MaxMeanWord(),
    MaxHashes(),
    MaxEllipses(),
    MaxBulletLines(),
    MaxEllipsisLines(),
    MinLetteredWords(),
    MinStopWords(),
)
