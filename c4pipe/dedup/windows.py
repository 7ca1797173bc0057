"""Windows of words: of a passage that occurs more than once, one occurrence stays, whatever its script and punctuation.

A window is a run of `words` words of one page (`text.tokens`). Not every window is claimed: of each `gap` consecutive
windows only the one with the smallest hash is, of equal ones the last (winnowing: Schleimer, Wilkerson and Aiken
2003). Which one depends only on the words of that run, so wherever the same `words + gap - 1` words occur again, the
same windows are claimed:

* If a run of at least `words + gap - 1` words occurs in two places, one place loses `words` words or more in one
  piece: at most `gap - 1` of the run stay at each of its ends.
* For a shorter run chance decides, and one below `words` words is never found.
* A word is only dropped if the `words` words of a window around it also occur in another place, which owns them.
  Followed from owner to owner, each dropped word leads to a place where it stays.

A page of fewer windows than `gap` claims the smallest of them all, so equal pages of `words` words or more are found.
On average 2 windows of `gap + 1` are claimed: with 50 and 50, a page of 800 words has 30 claims.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

from c4pipe.dedup.base import TextLevel
from c4pipe.dedup.claims import owner_of
from c4pipe.dedup.lines import LineLevel
from c4pipe.dedup.recorded import DroppedAtoms
from c4pipe.dedup.winnowing import winnowed
from c4pipe.errors import ConfigError
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.text.tokens import word_hashes

_UP_TO_A_BLANK, _SINCE_A_BLANK = re.compile(r"\S*"), re.compile(r"(?<=\s)\S*$")


class ClaimedWindow(NamedTuple):
    """A claimed window of a text."""

    first: int  # the number of its first word
    start: int  # where it begins and ends in the text, with the marks that touch its words
    end: int


class Passage(NamedTuple):
    """A stretch of a text that is dropped, and belongs to one owner."""

    start: int
    end: int
    owner: int  # the priority of the page that keeps it, 0 if not requested


@dataclass(frozen=True)
class WindowLevel(TextLevel):
    """Words are compared in lower case, ignoring what is between them. All words of a losing window are dropped, also
    those that it shares with a winning one, together with the marks that touch them."""

    REPEATED: ClassVar = Reason(
        "repeated_passage",
        Unit.PASSAGE,
        "has at least {words} words in a row that another page, or an earlier place, owns",
        source="Lee et al. 2022 (50 tokens); Schleimer, Wilkerson and Aiken 2003, section 3",
        why="Copied passages are found whatever marks or lines surround them, even without sentences.",
    )
    EMPTY: ClassVar = LineLevel.EMPTY

    words: int = 50  # per window
    gap: int = 50  # windows of which one is claimed; at most `words`, or the lost part of a run would have holes
    reasons: ClassVar[tuple[Reason, ...]] = (REPEATED, EMPTY)

    def __post_init__(self) -> None:
        if not 1 <= self.gap <= self.words:
            raise ConfigError(f"WindowLevel: gap is {self.gap}; expected 1 to {self.words}, which is `words`.")

    def atoms(self, text: str) -> list[int]:
        """The hash of each claimed window, in order; windows overlap."""
        return self.atoms_at(text)[0]

    def atoms_at(self, text: str) -> tuple[list[int], list[int]]:
        """The atoms, and where the first word of each begins."""
        words = word_hashes(text)
        chosen = winnowed(words.hashes, self.words, self.gap)
        return chosen.hashes.tolist(), words.starts[chosen.firsts].tolist()

    def places(self, text: str) -> list[tuple[int, int]]:
        return [(window.start, window.end) for window in self._windows(text)]

    def lost(self, text: str, dropped: Sequence[Dropped]) -> DroppedAtoms:
        """Every window inside a cut: including one that did not lose itself makes no difference to the cut."""
        pieces = _found_again(text, dropped)
        ends = _ends_of_runs(text, [piece for piece, _ in pieces])
        lost: DroppedAtoms = []
        number = 0
        for start, end in self.places(text):
            while number < len(pieces) and pieces[number][0].stop <= start:
                number += 1
            inside = number < len(pieces) and pieces[number][0].start <= start and end <= ends[number]
            lost.append(pieces[number][1] if inside else None)
        return lost

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        """The page without the words of its lost windows; `lost` holds one flag per window, in order, and `owners` the
        page that keeps it. What is left on both sides of a cut is joined by a blank, or by a line break if one was cut.
        Lines are stripped, and empty ones dropped."""
        runs = list(self._runs(page.text, lost, owners))
        chars = 0
        for passage in (passage for run in runs for passage in run):
            cut = page.text[passage.start : passage.end].strip()
            chars += len(cut)
            if dropped is not None:
                dropped.append(Dropped(self.REPEATED.code, cut, owner_of(passage.owner) if owners else ""))
        text = _without(page.text, [(run[0].start, run[-1].end) for run in runs])
        tally, sizes = Counter({self.REPEATED.code: len(runs)}), {self.REPEATED.code: chars}
        return Kept(page._replace(text=text), tally, sizes) if text else Rejected(page, self.EMPTY, "", tally, sizes)

    def _windows(self, text: str) -> list[ClaimedWindow]:
        words = word_hashes(text)
        firsts = winnowed(words.hashes, self.words, self.gap).firsts.tolist()
        starts, ends = [*words.starts.tolist(), len(text)], [0, *words.ends.tolist()]  # ends: of the word before
        return [
            ClaimedWindow(i, _begin(text, ends[i], starts[i]), _end(text, ends[i + self.words], starts[i + self.words]))
            for i in firsts
        ]

    def _runs(self, text: str, lost: Sequence[bool], owners: Sequence[int]) -> Iterator[list[Passage]]:
        """What is dropped in one piece, as passages of one owner each: a window's part ends where the next one
        begins."""
        run: list[Passage] = []
        behind = 0  # the number of the word behind the run
        for i, (window, gone) in enumerate(zip(self._windows(text), lost, strict=True)):
            if not gone:
                continue
            owner = owners[i] if owners else 0
            if run and window.first > behind:
                yield run
                run = []
            if not run:
                run = [Passage(window.start, window.end, owner)]
            elif run[-1].owner == owner:
                run[-1] = run[-1]._replace(end=window.end)
            else:
                run[-1] = run[-1]._replace(end=window.start)
                run.append(Passage(window.start, window.end, owner))
            behind = window.first + self.words
        if run:
            yield run


def _begin(text: str, before: int, start: int) -> int:
    """Where the text dropped with a word begins: its marks since the last blank, and all on its line if it is the first
    word there. `before` is the end of the previous word."""
    marks = text[before:start]
    if before == 0 or "\n" in marks:
        return start - len(marks[marks.rfind("\n") + 1 :].lstrip())
    found = _SINCE_A_BLANK.search(marks)
    return start - len(found[0]) if found else start


def _end(text: str, end: int, following: int) -> int:
    """Where the text dropped with a word ends, likewise; marks between two words without a blank go with the first."""
    marks = text[end:following]
    if following == len(text) or "\n" in marks:
        return end + len(marks.partition("\n")[0].rstrip())
    found = _UP_TO_A_BLANK.match(marks)
    return end + len(found[0]) if found else end


def _without(text: str, cuts: Sequence[tuple[int, int]]) -> str:
    """The text without these pieces and the blanks around them, joined."""
    kept, at = [], 0
    for start, end in cuts:
        while start > at and text[start - 1].isspace():
            start -= 1
        while end < len(text) and text[end].isspace():
            end += 1
        kept += [text[at:start], "\n" if "\n" in text[start:end] else " "]
        at = end
    lines = map(str.strip, "".join([*kept, text[at:]]).split("\n"))
    return "\n".join(filter(None, lines))


def _found_again(text: str, dropped: Sequence[Dropped]) -> list[tuple[slice, Dropped]]:
    """Where the cut pieces were in the text: in order, and of two places the later, because the first copy on a page is
    the one that stays."""
    found: list[tuple[slice, Dropped]] = []
    bound = len(text)
    for drop in reversed(dropped):
        start = text.rfind(drop.line, 0, bound) if drop.line else -1
        if start >= 0:
            found.append((slice(start, start + len(drop.line)), drop))
            bound = start
    return found[::-1]


def _ends_of_runs(text: str, pieces: Sequence[slice]) -> list[int]:
    """For each piece, the end of the last one that follows it with only blanks between."""
    ends = [piece.stop for piece in pieces]
    for i, (piece, following) in reversed([*enumerate(pairwise(pieces))]):
        if not text[piece.stop : following.start].strip():
            ends[i] = ends[i + 1]
    return ends
