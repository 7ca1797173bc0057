"""Wording for users: counts, shares, durations, and text that a terminal displays instead of obeying."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

# Letters and marks that are drawn as nothing, though Python calls them printable: Default_Ignorable_Code_Point in
# Unicode 16's DerivedCoreProperties.txt except what `printable` escapes, and the blank pattern of Braille.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_FORMULA = tuple("=+-@＝＋－＠\t\r")  # a spreadsheet may run a cell that begins so (OWASP, CSV Injection)


def printable(text: str) -> str:
    """The text with every control character escaped, so that a terminal displays it instead of obeying it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def visible(text: str) -> str:
    """The text with everything escaped that a terminal would obey, or that is invisible.

    >>> print(visible("a\\x1b[2J\\u202eb\\u3164"))
    a\\x1b[2J\\u202eb\\u3164
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), printable(text))


def defused(text: str) -> str:
    """The text as a cell of CSV, with an apostrophe in front of what a spreadsheet would run as a formula.

    >>> defused("=1+1"), defused("1 = 1")
    ("'=1+1", '1 = 1')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


CUT_MARK = "…"  # at the end of what was cut


def shortened(text: str, most: int) -> str:
    """The text; if it is longer than that many characters, its beginning and a mark.

    >>> shortened("abcdef", 6), shortened("abcdef", 5)
    ('abcdef', 'abcd…')
    """
    return text if len(text) <= most else text[: most - 1] + CUT_MARK


def many(count: int, noun: str) -> str:
    """A count with its noun, which may be given in the plural.

    >>> many(1, "pages"), many(1234, "page")
    ('1 page', '1,234 pages')
    """
    return f"{count:,} {noun.removesuffix('s')}{'s' * (count != 1)}"


def counts_told(counts: Mapping[str, int]) -> str:
    """How many of each, the most frequent first.

    >>> counts_told({"truncated": 1, "bad_json": 1200})
    'bad_json 1,200, truncated 1'
    """
    return ", ".join(f"{name} {count:,}" for name, count in Counter(counts).most_common())


_ONE = re.compile("(1 (?:[a-z]+ )?(?:byte|character|line|sentence|word))s")  # what details of rules count


def in_english(detail: str) -> str:
    """A recorded detail with its nouns in the singular after a 1. The record itself stays unchanged.

    >>> in_english("1 sentences"), in_english("2 sentences"), in_english("1 long lines"), in_english("1 glass")
    ('1 sentence', '2 sentences', '1 long line', '1 glass')
    """
    return one[1] if (one := _ONE.fullmatch(detail)) else detail


def percent(part: float | None, whole: float = 1) -> str:
    """A share, with as many decimals as are significant; "–" for a share of nothing, or an unknown one.

    >>> percent(1, 3), percent(0.00004), percent(0.0042), percent(0.9999), percent(2, 2), percent(0, 5), percent(0, 0)
    ('33.3 %', '< 0.01 %', '0.42 %', '> 99.9 %', '100 %', '0 %', '–')
    """
    if part is None or not whole:
        return "–"
    share = part / whole
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    if share < 0.0001:
        return "< 0.01 %"
    text = f"{100 * share:.2f}" if share < 0.01 else f"{100 * share:.1f}"
    return "> 99.9 %" if text == "100.0" else f"{text} %"


def spent(seconds: float) -> str:
    """Seconds, minutes and seconds, or hours and minutes.

    >>> [spent(seconds) for seconds in (0.2, 40, 92, 3600, 36_061)]
    ['0.2 s', '40 s', '1 min 32 s', '1 h 0 min', '10 h 1 min']
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, whole = divmod(minutes, 60)
    return f"{hours} h {whole} min" if hours else f"{minutes} min {left} s" if minutes else f"{left} s"


def duration(seconds: float) -> str:
    """Hours if there are any, minutes and seconds.

    >>> [duration(seconds) for seconds in (0, 65.4, 3600, 36_061)]
    ['0:00', '1:05', '1:00:00', '10:01:01']
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
