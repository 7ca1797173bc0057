"""DCLM's line corrections: RefinedWeb's (Penedo et al. 2023, G.2), as implemented by DCLM-Baseline.

An empty line breaks none of them. The limits apply to the line without the blanks at its ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from c4pipe.page import Reason, Unit
from c4pipe.rules.base import LineEdit, LineRule
from c4pipe.text.kinds import LineCounts
from c4pipe.text.urls import top_level_domains

_SOURCE = "Penedo et al. 2023, G.2; Li et al. 2024, dclm_baseline_refinedweb.yaml"
_HOST = r"[-a-zA-Z0-9@:%._+~#=]"  # characters of host names


@dataclass(frozen=True)
class StripAddresses(LineEdit):
    """Removes web addresses and the blanks before them."""

    libraries: ClassVar = ("tldextract",)  # the list of top-level domains
    says: ClassVar = "loses the web addresses in it, by name or by number"
    source: ClassVar = f"{_SOURCE}, url_removal_modifier"
    # A pattern that begins with the dot is found by that byte; one that begins before it takes ten times as long.
    sign: ClassVar = re.compile(rf"\.(?:(?<={_HOST}\.)[a-z]|(?<=\d\.)\d+\.\d)")

    def edit(self, line: str) -> str:
        if "." not in line:
            return line
        if _MAY_BE.search(line):
            line = _without_names(line)
        return _BY_NUMBER.sub("", line) if _DIGITS.search(line) else line


_MAY_BE, _DIGITS = re.compile(r"[-\w@:%+~#=.]\.[a-z]"), re.compile(r"\d\.\d+\.\d")
_SCHEMES, _REST = ("http://", "https://", "ftp://"), r"[-a-zA-Z0-9()@:%_+.~#?&/=]*"
_NEAR = 10  # most blanks in front of an address that are removed with it
_BY_NUMBER = re.compile(
    rf"\s{{0,{_NEAR}}}\b(?:(?:https?|ftp)://)?(?:[0-2]?[0-9]{{1,2}}\.){{3}}[0-2]?[0-9]{{1,2}}{_REST}"
)
_LONGEST_HOST, _LONGEST_NAME = 256, 63  # characters: before the dot that counts; of a label (RFC 1035, 2.3.4)
_IN_HOST, _TO_END = re.compile(f"{_HOST}*"), re.compile(_REST)
_DOMAIN = re.compile(rf"\.(?<={_HOST}\.)(\w{{1,{_LONGEST_NAME + 1}}})")  # a literal first character is fast


@cache
def _domains() -> frozenset[str]:
    """The top-level domains of letters and digits only: of these, one ends where the word ends."""
    return frozenset(filter(str.isalnum, top_level_domains()))


def _without_names(line: str) -> str:
    r"""The line without `\s{0,10}((https?|ftp)://)?HOST{1,256}\.(com|org|...)\bREST*`; REST is all of HOST, and more.

    The pattern itself would try each start with each domain. But the first dot with a domain behind it decides: the
    address begins as far before it as possible and continues up to the first character outside REST.
    """
    pieces, done = [], 0
    for found in _DOMAIN.finditer(line):
        dot = found.start()
        if dot < done or found[1] not in _domains():
            continue
        before = line[max(done, dot - _LONGEST_HOST) : dot]
        start = dot - _length(_IN_HOST.match(before[::-1]))
        start -= next((len(scheme) for scheme in _SCHEMES if line.endswith(scheme, done, start)), 0)
        blanks = line[max(done, start - _NEAR) : start]
        pieces.append(line[done : start - len(blanks) + len(blanks.rstrip())])
        done = dot + _length(_TO_END.match(line, dot))
    return "".join([*pieces, line[done:]]) if done else line


def _length(found: re.Match[str] | None) -> int:
    return len(found[0]) if found else 0


_UPPER, _DECIMAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"


def _count(line: str, is_one: Callable[[str], bool], ones: bytes) -> int:
    """The number of such characters; `ones` are those in ASCII."""
    if line.isascii():
        return len(line) - len(line.encode().translate(None, ones))
    return sum(map(is_one, line))


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    """The shares, below 0 for an empty whole: an empty line breaks no rule."""
    return np.where(wholes > 0, parts / np.maximum(wholes, 1), -np.inf)


@dataclass(frozen=True)
class MaxUppercase(LineRule):
    """A line of capitals is a button or a heading."""

    share: float = 0.5
    reason: ClassVar = Reason(
        "dclm_uppercase",
        Unit.LINE,
        "has more than {share} of its characters in upper case",
        source=f"{_SOURCE}, uppercase_ratio_line_modifier",
        keeps="READ it.",
        drops="READ IT.",
    )

    def breaks(self, line: str) -> bool:
        return bool(line) and _count(line, str.isupper, _UPPER) / len(line) > self.share

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return _shares(lines.upper, lines.chars) > self.share


@dataclass(frozen=True)
class MaxDigits(LineRule):
    """A line of digits only is a counter or a page number."""

    share: float = 0.999999
    reason: ClassVar = Reason(
        "dclm_digits",
        Unit.LINE,
        "has characters of which more than {share} are digits",
        source=f"{_SOURCE}, numeric_ratio_line_modifier",
        keeps="2026.",
        drops="2026",
    )

    def breaks(self, line: str) -> bool:
        return bool(line) and _count(line, str.isdigit, _DECIMAL) / len(line) > self.share

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return _shares(lines.digits, lines.chars) > self.share


@dataclass(frozen=True)
class NoCounter(LineRule):
    """ "3 likes" is a button of a social network."""

    of: tuple[str, ...] = (
        "likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes",
        "downloads", "views", "followers",
    )  # fmt: skip
    reason: ClassVar = Reason(
        "dclm_counter",
        Unit.LINE,
        "is a number of {of}",
        source=f"{_SOURCE}, counter_line_modifier",
        keeps="3 likes to go.",
        drops="(1.5k Likes)",
    )

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.of

    def breaks(self, line: str) -> bool:
        lowered = line.lower()
        return any(map(lowered.__contains__, self.of)) and _counter(self.of).search(lowered) is not None


@cache
def _counter(of: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"^\W*\d[,.\d]*[kmb]?\s+(?:{'|'.join(of)})\W*$")


@dataclass(frozen=True)
class NoSingleWord(LineRule):
    """A line of one word is a label."""

    words: int = 2
    reason: ClassVar = Reason(
        "dclm_single_word",
        Unit.LINE,
        "has fewer than {words} words",
        source=f"{_SOURCE}, line_length_modifier",
        keeps="Read more",
        drops="More",
    )

    def breaks(self, line: str) -> bool:
        return bool(line) and len(line.split(None, self.words)) < self.words

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return (lines.words < self.words) & (lines.chars > 0)


# Anywhere, at the end, at the start; a dot is any character, as in DCLM. Lines of up to ten words are searched.
_PHRASES = (r"\s?items in cart", r"\s?read more...$", r"^sign-in\s?")
_PATTERNS = tuple(re.compile(phrase, re.IGNORECASE) for phrase in _PHRASES)
_SEARCHED = 10


def _without_phrases(line: str) -> str:
    """The line without the phrases."""
    lowered = line.lower()
    if not any(map(lowered.__contains__, StripPhrases.needs)):
        return line
    for pattern in _PATTERNS:
        if len(line.split()) <= _SEARCHED:
            line = pattern.sub("", line)
    return line


@dataclass(frozen=True)
class StripPhrases(LineEdit):
    """Removes links at the ends of short lines."""

    says: ClassVar = "of up to ten words loses “items in cart”, “Read more...” at its end and “Sign-in” at its start"
    source: ClassVar = f"{_SOURCE}, substring_line_modifier"
    needs: ClassVar = ("items in cart", "read more", "sign-in")

    def edit(self, line: str) -> str:
        return _without_phrases(line)


@dataclass(frozen=True)
class NoBlankLine(LineRule):
    """A line that an edit has emptied. Lines empty from the start are also dropped, but pages of WET files have
    none."""

    reason: ClassVar = Reason(
        "dclm_blank",
        Unit.LINE,
        "is empty, or emptied by an edit",
        source=f"{_SOURCE}, substring_line_modifier",
        keeps="x",
        drops=" ",
    )

    def breaks(self, line: str) -> bool:
        return not line.strip()

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        return lines.words < 1


DCLM_LINES: tuple[LineRule | LineEdit, ...] = (
    MaxUppercase(),
    MaxDigits(),
    NoCounter(),
    NoSingleWord(),
    StripPhrases(),
    NoBlankLine(),
)
