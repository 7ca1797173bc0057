"""What people are shown: counts, shares, durations, and text that a terminal shows and does not obey."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with every control character spelt out, so that a terminal shows it and does not obey it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def many(count: int, noun: str) -> str:
    """A count with its noun, which may come in the plural.

    >>> many(1, "pages"), many(1234, "page")
    ('1 page', '1,234 pages')
    """
    return f"{count:,} {noun.removesuffix('s')}{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """`1:02:03`, or `4:05` below an hour."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"
