"""The account of inputs: what each one held, and why some yielded no page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from c4pipe.documents.account import is_amiss, why_no_page
from c4pipe.documents.reasons import FAULTS
from c4pipe.page import Kept, Rejected, Verdict
from c4pipe.stages.veiling import Veil
from c4pipe.text import printable, shortened

MAX_FAULTS = 100  # listed for each piece of an input; the ledger counts all
FAULT_DETAIL = 200  # characters
MOST_TOLD = 5  # most inputs without a page that a line names
MOST_SEEN = 20  # most kinds of records kept for an input without a page


class Fault(NamedTuple):
    """Bytes of an input that yielded no page because they are damaged."""

    record: int  # number in the file, from 0
    source: str  # file and byte offset
    reason: str
    detail: str


@dataclass
class Account:
    """What was read of an input, or of a piece of it."""

    number: int  # of the input
    start: int = 0  # of the piece in it, in bytes
    size: int = -1  # bytes of the input when it was read; -1 if unknown
    read: int = 0  # bytes read of it
    records: int = 0
    pages: int = 0
    lost: Counter[str] = field(default_factory=Counter)  # reason -> damaged records
    faults: list[Fault] = field(default_factory=list)  # the first ones
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # by reason and detail, until the first page

    def take(self, verdict: Verdict) -> None:
        """Counts a record."""
        if isinstance(verdict, Kept):
            self.pages += 1
            if self.seen:
                self.seen.clear()
        else:
            self._lose(verdict)
        self.records += 1

    def _lose(self, verdict: Rejected) -> None:
        code = verdict.reason.code
        if code in FAULTS:
            self.lost[code] += 1
            if len(self.faults) < MAX_FAULTS:
                self.faults.append(
                    Fault(self.records, verdict.page.source, code, shortened(verdict.detail, FAULT_DETAIL))
                )
        if not self.pages:
            detail = verdict.detail.removeprefix(f"{verdict.page.source.rpartition('#')[0]}: ")
            kind = code, shortened(detail, FAULT_DETAIL)
            if kind in self.seen or len(self.seen) < MOST_SEEN:
                self.seen[kind] += 1

    def add(self, other: Account) -> None:
        """Adds the next piece of the same input."""
        self.faults += [fault._replace(record=self.records + fault.record) for fault in other.faults]
        self.size, self.read = max(self.size, other.size), self.read + other.read
        self.records, self.pages = self.records + other.records, self.pages + other.pages
        self.lost.update(other.lost)
        self.seen = Counter() if self.pages else self.seen + other.seen

    def veiled(self, veil: Veil) -> Account:
        """The account as a corpus may show it: staged work is shared with corpora that hide nothing."""
        faults = [fault._replace(detail=veil.detail(fault.detail)) for fault in self.faults]
        seen: Counter[tuple[str, str]] = Counter()
        for (code, detail), number in self.seen.items():
            seen[code, veil.detail(detail)] += number
        return replace(self, faults=faults, seen=seen)

    def to_json(self) -> list[Any]:
        """The inverse of `from_json`."""
        seen = [[*kind, n] for kind, n in self.seen.items()]
        counts = [self.number, self.start, self.size, self.read, self.records, self.pages]
        return [*counts, dict(sorted(self.lost.items())), self.faults, seen]

    @classmethod
    def from_json(cls, row: Iterable[Any]) -> Account:
        number, start, size, read, records, pages, lost, faults, seen = row
        kinds = Counter({(code, detail): n for code, detail, n in seen})
        named = [Fault(*fault) for fault in faults]
        return cls(number, start, size, read, records, pages, Counter(lost), named, kinds)

    @property
    def why(self) -> str:
        """Why there is no page, in words; "" if there is one."""
        return "" if self.pages else why_no_page(self.seen, self.records)

    @property
    def amiss(self) -> bool:
        """Whether a page was expected and there is none."""
        return not self.pages and is_amiss(self.seen)


def accounts_of_inputs(pieces: Iterable[Account]) -> dict[int, Account]:
    """The pieces of each input combined, by its number."""
    found: dict[int, Account] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.number, piece.start)):
        if piece.number in found:
            found[piece.number].add(piece)
        else:
            found[piece.number] = replace(piece, faults=[*piece.faults], lost=Counter(piece.lost))
    return found


def of_all(number: int, inputs: int) -> str:
    """How many of all inputs hold something, as the start of a sentence.

    >>> of_all(0, 1), of_all(0, 3), of_all(2, 3)
    ('the one input does not hold', 'none of the 3 inputs holds', '2 of the 3 inputs hold')
    """
    if not number:
        return "the one input does not hold" if inputs == 1 else f"none of the {inputs:,} inputs holds"
    return f"{number:,} of the {inputs:,} inputs hold{'s' if number == 1 else ''}"


def whys(named: Iterable[tuple[str, str]], most: int = MOST_TOLD) -> str:
    """The first few inputs, each with why it has no page."""
    named = list(named)
    words = [printable(f"{name}: {why}") for name, why in named[:most]]
    if len(named) > most:
        words.append(f"... and {len(named) - most:,} more")
    return "; ".join(words)
