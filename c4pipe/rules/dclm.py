"""DCLM's page rules: Gopher's, adopted by RefinedWeb (Penedo et al. 2023, G.1), as DCLM-Baseline implements them.

They differ from datatrove's of the same names: words are separated by blanks, all copies of a line count and not
only the later ones, and shares of runs refer to the characters in words (mlfoundations/dclm, baselines/mappers).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import EnglishRule, PageRule, ratio, share_of
from c4pipe.rules.repetition import DISTINCT_WORDS, Sized
from c4pipe.text.between import numbered_unicode
from c4pipe.text.kinds import counted_runs
from c4pipe.text.repeats import Repeats, repeated_chars

_SOURCE = "Li et al. 2024, dclm_baseline_refinedweb.yaml"
_RUN = re.compile(r"\S+")
_REPETITION = f"Rae et al. 2021, table A1; {_SOURCE}, massive_web_repetition_filters"


@dataclass(frozen=True)
class BetweenWords(PageRule):
    """Gopher's limits on the length of a page, counting blank-separated words that begin with a letter or digit."""

    least: int = 50
    most: int = 100_000
    reason: ClassVar = Reason(
        "dclm_length",
        Unit.PAGE,
        "has fewer than {least} or more than {most} words",
        source=f"{_SOURCE}, page_length_filter",
        keeps="word " * 50,
        drops="word - " * 49,
    )

    def offence(self, page: Page) -> str | None:
        found = counted_runs(page.text).begun
        return None if self.least <= found <= self.most else f"{found} words"


@dataclass(frozen=True)
class BetweenLengths(PageRule):
    """Gopher's limits on the mean length of words, which includes marks at their ends."""

    least: int = 3
    most: int = 10
    reason: ClassVar = Reason(
        "dclm_word_length",
        Unit.PAGE,
        "has runs between blanks of fewer than {least} or more than {most} characters on average",
        source=f"{_SOURCE}, word_length_filter",
        keeps="the fox ran.",
        drops="a b cd",
    )

    def offence(self, page: Page) -> str | None:
        counted = counted_runs(page.text)
        mean = ratio(counted.chars, counted.runs)
        return None if self.least <= mean <= self.most else f"{mean:.2f} characters a word"


@dataclass(frozen=True)
class MaxSymbols(PageRule):
    """Gopher's limit on hash signs and ellipses, here counted together."""

    share: float = 0.1
    symbols: tuple[str, ...] = ("#", "...", ". . .", "…")
    reason: ClassVar = Reason(
        "dclm_symbols",
        Unit.PAGE,
        "has more than {share} of {symbols} for each run between blanks",
        source=f"{_SOURCE}, symbol_ratio_filter",
        keeps="one two three four five six seven eight nine #ten",
        drops="one two #three four five six seven eight nine ten...",
    )

    def offence(self, page: Page) -> str | None:
        share = ratio(sum(map(page.text.count, self.symbols)), counted_runs(page.text).runs)
        return f"{share:.4f} symbols a word" if share > self.share else None


@lru_cache(maxsize=2)
def _pieces(text: str, end: str) -> tuple[str, ...]:
    """The pieces between the separators, stripped, without blank ones."""
    return tuple(stripped for piece in text.split(end) if (stripped := piece.strip()))


def _too_many(page: Page, marks: Sequence[str], is_one: Callable[[str], bool], share: float, what: str) -> str | None:
    """Whether more than a share of the lines begin or end with one of the marks; quick if the text holds too few marks.
    Compared as a product, as in DCLM: a quotient may round differently."""
    lines = _pieces(page.text, "\n")
    if sum(map(page.text.count, marks)) <= share * len(lines):
        return None
    found = sum(map(is_one, lines))
    return share_of(ratio(found, len(lines)), what) if found > share * len(lines) else None


@dataclass(frozen=True)
class MaxStarredLines(PageRule):
    """Gopher's limit on bullets, with two more kinds of bullet."""

    share: float = 0.9
    bullets: tuple[str, ...] = ("●", "•", "*", "-")
    reason: ClassVar = Reason(
        "dclm_bullets",
        Unit.PAGE,
        "has lines of which more than {share} begin with one of {bullets}",
        source=f"{_SOURCE}, bullet_count_filter",
        keeps="\n".join(["* one"] * 9 + ["ten"]),
        drops="● one\n* two",
    )

    def offence(self, page: Page) -> str | None:
        return _too_many(
            page, self.bullets, lambda line: line.startswith(self.bullets), self.share, "lines begin with a bullet"
        )


@dataclass(frozen=True)
class MaxTrailingLines(PageRule):
    """Gopher's limit on lines that end in an ellipsis."""

    share: float = 0.3
    ends: tuple[str, ...] = ("...", ". . .", "…")
    reason: ClassVar = Reason(
        "dclm_cut_lines",
        Unit.PAGE,
        "has lines of which more than {share} end in an ellipsis",
        source=f"{_SOURCE}, ellipsis_count_filter",
        keeps="\n".join(["cut ..."] * 3 + ["whole"] * 7),
        drops="\n".join(["cut . . ."] * 4 + ["whole"] * 6),
    )

    def offence(self, page: Page) -> str | None:
        return _too_many(page, self.ends, lambda line: line.endswith(self.ends), self.share, "lines end in an ellipsis")


@dataclass(frozen=True)
class MaxLetterless(PageRule):
    """Gopher's limit on words without a letter, applied to runs between blanks."""

    share: float = 0.2
    reason: ClassVar = Reason(
        "dclm_few_letters",
        Unit.PAGE,
        "has no letter in more than {share} of its runs between blanks",
        source=f"{_SOURCE}, alphabetic_word_ratio_filter",
        keeps="one two three four 5",
        drops="one two three 4 5",
    )

    def offence(self, page: Page) -> str | None:
        counted = counted_runs(page.text)
        share = ratio(counted.letterless, counted.runs)
        return share_of(share, "words have no letter") if share > self.share else None


@dataclass(frozen=True)
class MinStopWordsAnyCase(EnglishRule):
    """Gopher's limit on small words, counting every occurrence, in any case, between blanks."""

    words: int = 2
    among: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")
    reason: ClassVar = Reason(
        "dclm_few_stop_words",
        Unit.PAGE,
        "has fewer than {words} of the words {among}, counting every occurrence",
        source=f"{_SOURCE}, stop_word_filter",
        keeps="The end of it",
        drops="The end, of, it",
    )

    def offence(self, page: Page) -> str | None:
        found = 0
        for run in _RUN.finditer(page.text):
            found += run[0].lower() in self.among
            if found >= self.words:
                return None
        return f"{found} stop words"


def _repeated(pieces: Sequence[str], share: float, chars: float, what: str) -> str | None:
    """Whether pieces that occur more than once, counting all of them, or their characters, are too many."""
    if len(pieces) == 1:
        return None
    if pieces and len(set(pieces)) == len(pieces):
        return None
    times = Counter(pieces)
    often = {piece: n for piece, n in times.items() if n > 1}
    found = ratio(sum(often.values()), len(pieces))
    if found > share or not pieces:
        return share_of(found, f"{what}s stand more than once")
    found = ratio(sum(len(piece) * n for piece, n in often.items()), sum(map(len, pieces)))
    return share_of(found, f"characters are in {what}s that stand more than once") if found > chars else None


@dataclass(frozen=True)
class MaxCopiedLines(PageRule):
    """Gopher's limits on repeated lines, which also count the first of the copies."""

    share: float = 0.3
    chars: float = 0.2
    reason: ClassVar = Reason(
        "dclm_repeated_lines",
        Unit.PAGE,
        "has lines of which more than {share}, or {chars} of their characters, occur more than once",
        source=_REPETITION,
        keeps="\n".join("abcdefghij"),
        drops="\n".join("abcdefiiii"),
    )

    def offence(self, page: Page) -> str | None:
        return _repeated(_pieces(page.text, "\n"), self.share, self.chars, "line")


@dataclass(frozen=True)
class MaxCopiedParagraphs(PageRule):
    """The same for paragraphs, which empty lines separate."""

    share: float = 0.3
    chars: float = 0.2
    reason: ClassVar = Reason(
        "dclm_repeated_paragraphs",
        Unit.PAGE,
        "has paragraphs of which more than {share}, or {chars} of their characters, occur more than once",
        source=_REPETITION,
        keeps="\n\n".join("abcdefghij"),
        drops="\n\n".join("abcdefiiii"),
    )

    def offence(self, page: Page) -> str | None:
        return _repeated(_pieces(page.text, "\n\n"), self.share, self.chars, "paragraph")


@dataclass(frozen=True)
class MaxTopRunAgain(Sized, EnglishRule):
    """Gopher's limit on the most frequent run, the longest of several, in the characters of words."""

    sizes: tuple[int, ...] = (2, 3, 4)
    shares: tuple[float, ...] = (0.20, 0.18, 0.16)
    reason: ClassVar = Reason(
        "dclm_top_run",
        Unit.PAGE,
        "has a most frequent run of {sizes} words that takes up more than {shares} of its words' characters",
        source=_REPETITION,
        keeps=DISTINCT_WORDS,
        drops=f"buy now {DISTINCT_WORDS} " + "buy now " * 5,
    )

    def offence(self, page: Page) -> str | None:
        *chars, whole = repeated_chars(numbered_unicode(page.text), self.sizes, Repeats.TOP_LONGEST)
        return self.over(chars, whole, "characters are in the top run of {size} words")


@dataclass(frozen=True)
class MaxCopiedRuns(Sized, EnglishRule):
    """Gopher's limits on repeated runs, counting each word of a run that occurs twice once."""

    sizes: tuple[int, ...] = (5, 6, 7, 8, 9, 10)
    shares: tuple[float, ...] = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)
    reason: ClassVar = Reason(
        "dclm_repeated_runs",
        Unit.PAGE,
        "has more than {shares} of its words' characters in runs of {sizes} words that occur more than once",
        source=_REPETITION,
        keeps=DISTINCT_WORDS,
        drops=f"{DISTINCT_WORDS} {DISTINCT_WORDS[:30]}",
    )

    def offence(self, page: Page) -> str | None:
        *chars, whole = repeated_chars(numbered_unicode(page.text), self.sizes, Repeats.COVERED)
        return self.over(chars, whole, "characters are in repeated runs of {size} words")


DCLM_PAGES: tuple[PageRule, ...] = (
    BetweenWords(),
    BetweenLengths(),
    MaxSymbols(),
    MaxStarredLines(),
    MaxTrailingLines(),
    MaxLetterless(),
    MinStopWordsAnyCase(),
    MaxCopiedLines(),
    MaxCopiedParagraphs(),
    MaxTopRunAgain(),
    MaxCopiedRuns(),
)
