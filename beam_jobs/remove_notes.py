"""Notes of remove on the lines of its lists: which match nothing, and which may match less or more than intended."""

from __future__ import annotations

from collections.abc import Iterator

from c4pipe.removal.asked import BY_DOMAIN, Wishes
from c4pipe.removal.matching import Matched
from c4pipe.text import many, printable
from c4pipe.text.urls import is_public_suffix

SHOWN_AT_MOST = 20  # most entries without a match, or places where something is left, one line each


def unmatched(matched: Matched) -> Iterator[str]:
    """A line for each of the first entries that match no page."""
    none = [wish.text for wish, pages in zip(matched.asked.wishes, matched.pages, strict=True) if not pages]
    yield from (f"note: {printable(text)} matches no page." for text in none[:SHOWN_AT_MOST])
    if none[SHOWN_AT_MOST:]:
        yield f"note: {len(none) - SHOWN_AT_MOST:,} more entries match no page."


def doubts(matched: Matched) -> Iterator[str]:
    """A line for each entry that may match fewer or more pages than intended."""
    for number, wish in enumerate(matched.asked.wishes):
        if beside := matched.beside[number]:
            yield (
                f"note: {printable(wish.text)} is one page; {many(beside, 'other page')} of its host stay. List "
                f"{wish.names[0]}/* to remove them too, or the domain with --domains."
            )
        if wish.kind == BY_DOMAIN and is_public_suffix(wish.names[0]):
            yield (
                f"note: {printable(wish.text)} is a public suffix, shared by the domains of many owners: it matches "
                f"{many(matched.pages[number], 'page')}."
            )


def lines_told(asked: Wishes) -> str:
    """The number of lines, counting equivalent ones once."""
    return many(len(asked.wishes), "line" if asked.lines == len(asked.wishes) else "different line")
