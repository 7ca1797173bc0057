"""All kinds together: each is looked for in what those before it have left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    found: list[Personal] = []
    for kind, finder in _FINDERS.items():
        mine = [Personal(start, end, kind) for start, end in finder(left)]
        left = _replaced(left, mine, lambda one: _TAKEN * (one.end - one.start)) if mine else left
        found += mine
    return sorted(found)


def masked(text: str) -> str:
    """The text with the kind in the place of each piece. Nothing is found in it any more.

    >>> masked("Write to ada@example.org or call +44 20 7946 0958.")
    'Write to <EMAIL> or call <PHONE>.'
    """
    while found := find_personal(text):  # what stood beside one piece may be another once that is gone
        text = _replaced(text, found, lambda one: f"<{one.kind}>")
    return text


def _replaced(text: str, found: Sequence[Personal], by: Callable[[Personal], str]) -> str:
    """The text with something else in the place of pieces that are in order."""
    parts, at = [], 0
    for one in found:
        parts += [text[at : one.start], by(one)]
        at = one.end
    return "".join([*parts, text[at:]])
