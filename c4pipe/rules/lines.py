"""The line rules of C4. Their order is part of the rule set: see `presets.c4_lines`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from c4pipe.page import Reason, Unit
from c4pipe.rules.base import LineEdit, LineRule, ListHit
from c4pipe.rules.matcher import first_hits
from c4pipe.text.kinds import LineCounts

_REFERENCE = "TFDS c4 3.1.0 c4_utils.clean_page"
_PAPER = "Raffel et al. 2020, section 2.2"


@dataclass(frozen=True)
class MaxWordLength(LineRule):
    """An unreadably long word is a data URI, a key or a line without spaces."""

    chars: int = 1000
    reason: ClassVar = Reason(
        "long_word",
        Unit.LINE,
        "has a word of more than {chars} characters",
        source=f"{_REFERENCE}, _MAX_WORD_LENGTH",
        keeps="Every word of this line is short.",
        drops="x" * 1001 + " is a long word here.",
    )

    def breaks(self, line: str) -> bool:
        # A line of at most that many characters cannot hold a longer word.
        return len(line) > self.chars and any(len(word) > self.chars for word in line.split())

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return lines.longest > self.chars


@dataclass(frozen=True)
class StripCitations(LineEdit):
    """Removes the citation marks of encyclopedias. The rest is not stripped again, as in the reference."""

    says: ClassVar = "loses `[1]`, `[]`, `[edit]` and `[citation needed]`"
    source: ClassVar = f"{_REFERENCE}, get_clean_page_fn"
    needs: ClassVar = ("[",)

    def edit(self, line: str) -> str:
        return _CITATION.sub("", line) if "[" in line else line


_CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")


# Sentence ends beside `EndMark.marks`, for languages with other marks (Unicode 16, Sentence_Terminal).
END_MARKS = {
    **dict.fromkeys(("as", "bn", "hi", "mr", "ne", "pa", "sa"), ("।", "॥")),
    **dict.fromkeys(("ar", "fa", "ps", "sd", "ur"), ("؟", "۔")),
    **dict.fromkeys(("am", "ti"), ("።", "፧")),
    "el": (";", "\u037e"),
    "hy": ("։",),
}


@dataclass(frozen=True)
class EndMark(LineRule):
    """Prose ends in a terminal mark; menus, captions and cut teasers do not."""

    marks: tuple[str, ...] = (".", "?", "!", '"')
    cut: str = "..."
    reason: ClassVar = Reason(
        "no_end_mark",
        Unit.LINE,
        "does not end in a terminal punctuation mark, or is cut off by an ellipsis",
        source=f"{_PAPER}; {_REFERENCE}, _END_MARKS, _ELLIPSIS",
        keeps='They asked: "Is it enough to ask?"',
        drops="Read the rest of this story ...",
    )

    def breaks(self, line: str) -> bool:
        return not line.endswith(self.marks) or line.endswith(self.cut)

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        """The rule with the additional end marks of these languages."""
        own = (mark for language in languages for mark in END_MARKS.get(language, ()))
        return replace(self, marks=tuple(dict.fromkeys([*self.marks, *own])))


@dataclass(frozen=True)
class MinWords(LineRule):
    """Short lines are menus and captions more often than prose."""

    words: int = 5
    reason: ClassVar = Reason(
        "few_words",
        Unit.LINE,
        "has fewer than {words} words",
        source=f"{_REFERENCE}, _MIN_WORDS_PER_LINE; 3 in the early text of the paper",
        keeps="Five words are quite enough.",
        drops="Two words.",
    )

    def breaks(self, line: str) -> bool:
        return len(line.split(None, self.words)) < self.words

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return lines.words < self.words


@dataclass(frozen=True)
class NoLoremIpsum(LineRule):
    """Placeholder text marks an unfinished page."""

    reason: ClassVar = Reason(
        "lorem_ipsum",
        Unit.PAGE,
        "contains “lorem ipsum”",
        source=f"{_PAPER}; {_REFERENCE}",
        keeps="Real words fill this line here.",
        drops="Lorem ipsum dolor sit amet today.",
    )
    needs: ClassVar = ("lorem ipsum",)

    def breaks(self, line: str) -> bool:
        return self.needs[0] in line.lower()


@dataclass(frozen=True)
class NoJavascript(LineRule):
    """Most lines that name JavaScript ask the reader to switch it on."""

    reason: ClassVar = Reason(
        "javascript",
        Unit.LINE,
        "contains “javascript”",
        source=f"{_PAPER}; {_REFERENCE}",
        keeps="Please switch on the light first.",
        drops="Please enable JavaScript to go on.",
    )
    needs: ClassVar = ("javascript",)

    def breaks(self, line: str) -> bool:
        return self.needs[0] in line.lower()


@dataclass(frozen=True)
class NoBrace(LineRule):
    """A curly brace is common in code and rare in prose. Only a line that reaches this rule rejects its page."""

    reason: ClassVar = Reason(
        "curly_brace",
        Unit.PAGE,
        "contains “{{”",
        source=f"{_PAPER}; {_REFERENCE}",
        keeps="No brace stands in this line.",
        drops="A brace { stands in this line.",
    )
    needs: ClassVar = ("{",)

    def breaks(self, line: str) -> bool:
        return self.needs[0] in line


@dataclass(frozen=True)
class NoPolicy(LineRule):
    """Cookie and privacy notices are on every page of a site."""

    phrases: tuple[str, ...] = (
        "terms of use",
        "privacy policy",
        "cookie policy",
        "uses cookies",
        "use of cookies",
        "use cookies",
    )
    reason: ClassVar = Reason(
        "policy",
        Unit.LINE,
        "contains a phrase of legal notices: {phrases}",
        source=f"{_PAPER}; {_REFERENCE}, _POLICY_SUBSTRINGS",
        keeps="She baked six cookies for them.",
        drops="This site uses cookies for comfort.",
    )

    lists: ClassVar = True

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.phrases

    def hits(self, line: str) -> list[ListHit]:
        return first_hits(self.phrases, line)

    def breaks(self, line: str) -> bool:
        lowered = line.lower()
        return any(phrase in lowered for phrase in self.phrases)
