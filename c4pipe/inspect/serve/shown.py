"""Crawled text as harmless HTML: escaped, with visible control characters, and of limited length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from c4pipe.dedup.lines import LineLevel
from c4pipe.inspect.explain import Segment
from c4pipe.inspect.serve.needle import Needle
from c4pipe.inspect.serve.repeats import FirstLines

LONGEST_PIECE = 20_000  # characters of a line shown; a browser could lay out a megabyte, but nobody would read it
MOST_LINES = 3_000  # shown per page
_MOST_MARKS = 500  # matches marked in a piece

# C0 and C1 except tab and line feed; marks that change the text direction; tags; the byte order mark. The zero-width
# joiners and breaks of Persian, Hindi and Khmer are kept.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def spelt(text: str) -> Markup:
    """The text with each control character as `U+202E`, in its own mark."""
    return Markup(_CONTROLS.sub(_named, str(escape(text))))


def _named(match: re.Match[str]) -> str:
    code = f"U+{ord(match[0]):04X}"
    return f'<span class="control" title="{unicodedata.name(match[0], "CONTROL CHARACTER")}">{code}</span>'


def marked(text: str, found: str | re.Pattern[str] | None) -> Markup:
    """The text as from `spelt`, with the matches marked: a pattern, or these characters."""
    if not found:
        return spelt(text)
    pieces, end = [], 0
    pattern = Needle(found).marking() if isinstance(found, str) else found
    for number, match in enumerate(pattern.finditer(text) if pattern else ()):
        if number == _MOST_MARKS:
            break
        pieces += [spelt(text[end : match.start()]), Markup("<mark>%s</mark>") % spelt(match[0])]
        end = match.end()
    return Markup("").join([*pieces, spelt(text[end:])])


def is_link(url: str) -> bool:
    """Whether a URL may be a link: http or https, with a host, and without invisible characters."""
    if _CONTROLS.search(url) or any(c.isspace() for c in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


class TextSpan(NamedTuple):
    """A part of a line for display."""

    text: str
    code: str  # "" if it was kept
    owner: str
    more: int  # number of omitted characters
    quoted: bool  # it was not cut: the page was rejected or flagged for it
    first: int | None = None  # this page's line with the first occurrence, 0 if undetermined; None if another's


class Line(NamedTuple):
    """A raw line next to what was kept of it."""

    number: int
    pieces: list[TextSpan]
    kept: str
    kept_more: int

    @property
    def gone(self) -> str:
        """The code by which all of it was cut, the first of several; "" if something is left, or the line was empty."""
        told = [piece for piece in self.pieces if piece.text.strip()]
        return told[0].code if told and all(piece.code and not piece.quoted for piece in told) else ""


def lines_of(lines: Sequence[Sequence[Segment]], own: str = "") -> list[Line]:
    """The first `MOST_LINES` lines, each piece at most `LONGEST_PIECE` long. `own` is the code of the page as an owner:
    what it lost to itself is on it already."""
    found = []
    repeated = any(_is_own(s, own) for line in lines[:MOST_LINES] for s in line)
    first = FirstLines(lines[:MOST_LINES]) if repeated else None
    for number, segments in enumerate(lines[:MOST_LINES], 1):
        pieces = [
            TextSpan(
                s.text[:LONGEST_PIECE],
                s.code,
                s.owner,
                len(s.text[LONGEST_PIECE:]),
                s.quoted,
                first.of(s.text) if first and _is_own(s, own) else None,
            )
            for s in segments
        ]
        kept = "".join(s.text for s in segments if s.quoted or not s.code).strip()
        found.append(Line(number, pieces, kept[:LONGEST_PIECE], len(kept[LONGEST_PIECE:])))
    return found


def _is_own(segment: Segment, own: str) -> bool:
    return segment.code == LineLevel.HERE.code or (bool(own) and segment.owner == own)


def plain_lines(text: str) -> list[Line]:
    """The lines of a kept text alone, each at most `LONGEST_PIECE` long."""
    return [
        Line(number, [], line[:LONGEST_PIECE], len(line[LONGEST_PIECE:]))
        for number, line in enumerate(text.split("\n") if text else (), 1)
    ]


def as_kept(lines: Sequence[Sequence[Segment]], text: str) -> bool:
    """Whether the rest of the raw lines is the kept text, so that each line can be shown next to what was kept of
    it."""
    left = ("".join(s.text for s in line if s.quoted or not s.code).strip() for line in lines)
    return [line for line in left if line] == [line.strip() for line in text.split("\n") if line.strip()]
