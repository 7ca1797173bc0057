"""All kinds together: each is looked for in what those before it have left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from c4pipe.pii.addresses import emails, ip_addresses
from c4pipe.pii.numbers import cards, ibans, in_ascii_digits, phones

_FINDERS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "EMAIL": emails,
    "IP": ip_addresses,
    "IBAN": ibans,
    "CARD": cards,
    "PHONE": phones,
}
PERSONAL_KINDS = tuple(_FINDERS)
_TAKEN = "\0"  # no pattern has it, so nothing reaches over what was found


class Personal(NamedTuple):
    """A piece of personal data: text[start:end]."""

    start: int
    end: int
    kind: str  # of PERSONAL_KINDS


def find_personal(text: str) -> list[Personal]:
    """What is found, in order; no two pieces overlap.

    >>> find_personal("Write to ada@example.org.")
    [Personal(start=9, end=24, kind='EMAIL')]
    """
    left = in_ascii_digits(text)
    found = []
    for kind, finder in _FINDERS.items():
        mine = [*finder(left)]
        for start, end in mine:
            left = left[:start] + _TAKEN * (end - start) + left[end:]
        found += [Personal(start, end, kind) for start, end in mine]
    return sorted(found)


def masked(text: str) -> str:
    """The text with the kind in the place of each piece. Nothing is found in it any more.

    >>> masked("Write to ada@example.org or call +44 20 7946 0958.")
    'Write to <EMAIL> or call <PHONE>.'
    """
    while found := find_personal(text):  # what stood beside one piece may be another once that is gone
        parts, at = [], 0
        for start, end, kind in found:
            parts += [text[at:start], f"<{kind}>"]
            at = end
        text = "".join([*parts, text[at:]])
    return text
