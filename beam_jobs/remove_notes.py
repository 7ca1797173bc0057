"""Notes of remove on the lines of its lists: which match nothing, and which may match less or more than intended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from c4pipe.removal.asked import Wishes
from c4pipe.removal.matching import Matched
from c4pipe.removal.spellings import Near
from c4pipe.text import many, printable

SHOWN_AT_MOST = 20  # most entries without a match, or places where something is left, one line each


def unmatched(matched: Matched) -> Iterator[str]:
    """A line for each of the first entries that match no page, except those that `doubts` or `misspelled` reports."""
    rows = enumerate(zip(matched.asked.wishes, matched.pages, strict=True))
    none = [
        wish.text for number, (wish, pages) in rows if not (pages or matched.beside[number] or number in matched.near)
    ]
    yield from (f"note: {printable(text)} matches no page." for text in none[:SHOWN_AT_MOST])
    if none[SHOWN_AT_MOST:]:
        yield f"note: {len(none) - SHOWN_AT_MOST:,} more entries match no page."


def misspelled(near: Mapping[int, Near], pages: Sequence[int] = ()) -> Iterator[str]:
    """A line for each of the first entries from which unlisted pages differ only in spelling. `pages`: for each entry,
    the number of pages that it matches, if known."""
    for number, each in [*near.items()][:SHOWN_AT_MOST]:
        count, known = len(each.urls), pages[number] if pages else None
        found = f"{many(count, 'more page' if known else 'page')} {'differs' if count == 1 else 'differ'}"
        after = " matches no page, but" if known == 0 else ":"
        also = f", or {each.prefix}" if each.prefix else ""
        yield (
            f"note: {printable(each.wish.text)}{after} {found} from it only in spelling, such as "
            f"{printable(min(each.urls))}. List them as they are stored{also}."
        )
    if len(near) > SHOWN_AT_MOST:
        yield f"note: pages differ only in spelling from {len(near) - SHOWN_AT_MOST:,} more entries."


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
