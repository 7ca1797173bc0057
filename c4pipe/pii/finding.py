"""All kinds together: each is searched for in what the kinds before it have left."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from c4pipe.pii.addresses import emails, ip_addresses
from c4pipe.pii.numbers import cards, ibans, in_ascii_digits
from c4pipe.pii.phones import phones
from c4pipe.pii.regions import REGIONS

_Finder = Callable[[str, Sequence[str]], Iterator[tuple[int, int]]]
_FINDERS: dict[str, _Finder] = {
    "EMAIL": lambda text, _: emails(text),
    "IP": lambda text, _: ip_addresses(text),
    "IBAN": lambda text, _: ibans(text),
    "CARD": lambda text, _: cards(text),
    "PHONE": phones,
}
PERSONAL_KINDS = tuple(_FINDERS)
# Invisible characters that a piece may contain: soft hyphens, joiners, direction marks, U+FEFF.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_TAKEN = "\0"  # no pattern matches it, so no match crosses an earlier finding


class Personal(NamedTuple):
    """A piece of personal data: text[start:end]."""

    start: int
    end: int
    kind: str  # of PERSONAL_KINDS


def find_personal(
    text: str, kinds: Collection[str] = PERSONAL_KINDS, regions: Sequence[str] = REGIONS
) -> list[Personal]:
    """The findings of these kinds, in order; no two pieces overlap. `regions` are the countries whose phone numbers
    are recognised without a "+".

    >>> find_personal("Write to ada@example.org.")
    [Personal(start=9, end=24, kind='EMAIL')]
    """
    unseen = [] if text.isascii() else [one.start() for one in _UNSEEN.finditer(text)]
    left = in_ascii_digits(_UNSEEN.sub("", text) if unseen else text)
    found: list[Personal] = []
    for kind, finder in _FINDERS.items():
        if kind not in kinds:
            continue
        mine = sorted(Personal(start, end, kind) for start, end in finder(left, regions))
        left = _replaced(left, mine, lambda one: _TAKEN * (one.end - one.start)) if mine else left
        found += mine
    return _with_unseen(sorted(found), unseen) if unseen else sorted(found)


def _with_unseen(found: Sequence[Personal], unseen: Sequence[int]) -> list[Personal]:
    """Pieces of a text without its invisible characters, as offsets in the text with them."""
    gone = [place - count for count, place in enumerate(unseen)]  # by the following character of the shorter text

    def place(at: int) -> int:
        return at + bisect_right(gone, at)

    return [Personal(place(one.start), place(one.end - 1) + 1, one.kind) for one in found]


def masked(text: str, kinds: Collection[str] = PERSONAL_KINDS, regions: Sequence[str] = REGIONS) -> str:
    """The text with the kind in the place of each piece. Nothing more is found in the result.

    >>> masked("Write to ada@example.org or call +44 20 7946 0958.")
    'Write to <EMAIL> or call <PHONE>.'
    """
    return masked_and_counted(text, kinds, regions)[0]


def masked_and_counted(
    text: str, kinds: Collection[str] = PERSONAL_KINDS, regions: Sequence[str] = REGIONS
) -> tuple[str, Counter[str]]:
    """The same, with the number of pieces of each kind.

    >>> masked_and_counted("a@b.com, c@d.org", ("EMAIL",))
    ('<EMAIL>, <EMAIL>', Counter({'EMAIL': 2}))
    """
    counts: Counter[str] = Counter()
    while found := find_personal(text, kinds, regions):  # what was next to one may be another once that is gone
        counts.update(one.kind for one in found)
        text = _replaced(text, found, lambda one: f"<{one.kind}>")
    return text, counts


def _replaced(text: str, found: Sequence[Personal], by: Callable[[Personal], str]) -> str:
    """The text with pieces, which are in order, replaced."""
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], by(one)]
        at = one.end
    return "".join([*parts, text[at:]])
