"""Notes of remove on the lines of its lists: which match nothing, and which may match less or more than intended."""

from __future__ import annotations

from collections.abc import Iterator

from c4pipe.removal.asked import Wishes
from c4pipe.removal.matching import Matched
from c4pipe.text import many, printable

SHOWN_AT_MOST = 20  # most entries without a match, or places where something is left, one line each


def unmatched(matched: Matched) -> Iterator[str]:
    """A line for each of the first entries that match no page, except those that `doubts` reports."""
    rows = enumerate(zip(matched.asked.wishes, matched.pages, strict=True))
    none = [wish.text for number, (wish, pages) in rows if not (pages or matched.beside[number])]
    yield from (f"note: {printable(text)} matches no page." for text in none[:SHOWN_AT_MOST])
    if none[SHOWN_AT_MOST:]:
        yield f"note: {len(none) - SHOWN_AT_MOST:,} more entries match no page."


def doubts(matched: Matched) -> Iterator[str]:
    """A line for each entry that names the first page of a host whose other pages stay."""
    for number, (wish, pages) in enumerate(zip(matched.asked.wishes, matched.pages, strict=True)):
        if beside := matched.beside[number]:
            meant = "only the first page of its host" + ("" if pages else ", which is not in the corpus")
            yield (
                f"note: {printable(wish.text)} means {meant}; {many(beside, 'other page')} of the host "
                f"{'stays' if beside == 1 else 'stay'}. To remove all pages of the host, list {wish.names[0]}/*, or "
                "the domain with --domains."
            )


def lines_told(asked: Wishes) -> str:
    """The number of entries, counting equivalent ones once."""
    number = len(asked.wishes)
    return f"{number:,} {'' if asked.lines == number else 'different '}{'entry' if number == 1 else 'entries'}"
