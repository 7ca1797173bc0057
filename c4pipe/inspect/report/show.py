"""Crawled text and numbers as HTML: hostile text is shown but has no effect, safe addresses become links, and
figures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from c4pipe.inspect.rule_pages import name_parts
from c4pipe.text import percent

LINE_CHARS = 280  # characters of a crawled line, name or value that are shown
LINK = 2_000  # characters of an address that becomes a link; browsers accept about as many
NAME = 120  # characters of the name of a number
CODE = 13  # how many characters an escaped one counts for, so that a page of such characters stays small

NBSP = "\u00a0"  # does not break
# Blanks of other scripts and the joiners that Persian and Hindi use: they are printed unchanged.
_PLAIN = frozenset("\u00a0\u2002\u2003\u2009\u202f\u3000\u200c\u200d")
_LINK = re.compile(r"https?://[^\s\\]+", re.IGNORECASE)


def shown(value: object, most: int = LINE_CHARS) -> Markup:
    """Text with control and bidi characters escaped, in an element that isolates its direction.

    Text longer than `most` ends in an ellipsis; an escaped character counts for several.

    >>> shown("<b>\\u202e")
    Markup('<bdi>&lt;b&gt;<i>\\\\u202e</i></bdi>')
    """
    return Markup("<bdi>{}</bdi>").format(spelt_out(value, most))


def spelt_out(value: object, most: int = LINE_CHARS) -> Markup:
    """`shown` without the element around it."""
    text = str(value)
    parts: list[Markup] = []
    room = most
    for odd, run in groupby(text[:most], key=_is_odd):
        piece = "".join(run)
        cut = piece[: max(0, room // CODE if odd else room)]
        if cut:
            code = cut.encode("unicode_escape").decode()
            parts.append(Markup("<i>{}</i>").format(code) if odd else escape(cut))
        room -= len(piece) * (CODE if odd else 1)
        if room < 0:
            break
    if room < 0 or len(text) > most:
        parts.append(Markup("…"))
    return Markup("").join(parts)


def jointed(name: str) -> Markup:
    """A name that may break over several lines.

    >>> jointed("few_words")
    Markup('<bdi>few_<wbr>words</bdi>')
    """
    return Markup("<bdi>{}</bdi>").format(Markup("<wbr>").join(spelt_out(part) for part in name_parts(name)))


def _is_odd(char: str) -> bool:
    return not char.isprintable() and char not in _PLAIN


def linked(url: str) -> Markup:
    """An address in full; a link if it is a web address that a browser would accept unchanged."""
    if len(url) > LINK or not _LINK.fullmatch(url) or any(map(_is_odd, url)):
        return shown(url)
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(url, shown(url, LINK))


def name(of: str) -> str:
    """The name of a number, for those who check it; a hostile one is shortened."""
    return "".join(char for char in of[:NAME] if not _is_odd(char))


def figure(value: float) -> str:
    """`12,345`; a mean below a thousand has one decimal.

    >>> figure(1234), figure(1028.86), figure(28.86)
    ('1,234', '1,029', '28.9')
    """
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def unbroken_percent(share: float) -> str:
    """A share as from `percent`, with non-breaking blanks."""
    return percent(share).replace(" ", NBSP)


def size(count: float) -> str:
    """Bytes in decimal units, as for disks.

    >>> [size(count).replace(NBSP, " ") for count in (999, 1500, 828_600_000_000)]
    ['999 B', '1.5 kB', '828.6 GB']
    """
    units = iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    while count >= 1000 and unit != "GB":
        count, unit = count / 1000, next(units)
    return f"{count:,.0f}{NBSP}B" if unit == "B" else f"{count:,.1f}{NBSP}{unit}"


def short(value: int) -> str:
    """A power of two for an axis, in steps of 1,024.

    >>> short(512), short(2048), short(1 << 20)
    ('512', '2k', '1M')
    """
    for unit, step in (("M", 1 << 20), ("k", 1 << 10)):
        if value >= step:
            return f"{value // step:,}{unit}"
    return str(value)


def list_entries(value: Any) -> list[str]:
    """The items of a setting or threshold that is a list, each as a person would write it; none for any other value.

    >>> list_entries(("cookie policy", "terms of use")), list_entries(("en",)), list_entries(5)
    (['cookie policy', 'terms of use'], [], [])
    """
    several = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 1
    return [setting_text(part) for part in value] if several else []


def setting_text(value: Any) -> str:
    """A setting or threshold as a person would write it.

    >>> setting_text(("a", "b")), setting_text(None), setting_text(True), setting_text(190000)
    ('a b', 'none', 'yes', '190,000')
    """
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key} {setting_text(item)}" for key, item in value.items()) or "none"
        case str():
            return value
        case Sequence():
            return " ".join(map(setting_text, value)) or "none"
    return str(value)
