"""Line dedup as in the reference code: one page of the corpus owns each line and keeps it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import ClassVar

from c4pipe.dedup.base import TextLevel
from c4pipe.dedup.claims import owner_of
from c4pipe.dedup.recorded import DroppedAtoms
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.text import hash64

_REFERENCE = "TFDS c4 3.1.0 c4_utils._remove_lines_from_text"


@dataclass(frozen=True)
class LineLevel(TextLevel):
    """Lines are repeated if they are equal after stripping and lower-casing."""

    ELSEWHERE: ClassVar = Reason(
        "repeated_line",
        Unit.LINE,
        "occurs on another page, which owns it",
        source=f"{_REFERENCE}, global_duplicate",
        why="A line on many pages is a menu, a notice or a copy; one occurrence is enough.",
    )
    HERE: ClassVar = Reason(
        "repeated_in_page",
        Unit.LINE,
        "stands on this page already",
        source=f"{_REFERENCE}, local_duplicate",
        why="A line that a page says twice is a button or a heading.",
    )
    EMPTY: ClassVar = Reason(
        "nothing_left",
        Unit.PAGE,
        "has no line left",
        source=f"{_REFERENCE}, empty",
        why="Everything on the page occurs elsewhere.",
    )

    reasons: ClassVar[tuple[Reason, ...]] = (ELSEWHERE, HERE, EMPTY)
    within: ClassVar[tuple[str, ...]] = (HERE.code,)

    def atoms(self, text: str) -> list[int]:
        """The hash of each line."""
        return [hash64(line) for line in _compared(text)]

    def places(self, text: str) -> list[tuple[int, int]]:
        lines = text.split("\n")
        starts = accumulate((len(line) + 1 for line in lines), initial=0)
        return [(start, start + len(line)) for start, line in zip(starts, lines, strict=False)]

    def lost(self, text: str, dropped: Sequence[Dropped]) -> DroppedAtoms:
        """Of a line that another page owns every copy is lost, of one that the page owns every copy but the first."""
        by_line = {drop.line.strip().lower(): drop for drop in dropped}
        seen: set[str] = set()
        lost: DroppedAtoms = []
        for line in _compared(text):
            drop = by_line.get(line)
            first_stays = drop is not None and drop.code == self.HERE.code and line not in seen
            lost.append(None if first_stays else drop)
            seen.add(line)
        return lost

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        """The page without its lost lines; `lost` holds one flag per line, in order, and `owners` the page that keeps
        it."""
        lines, compared = page.text.split("\n"), [*_compared(page.text)]
        kept = [line for line, gone in zip(lines, lost, strict=True) if not gone]
        own = {line for line, gone in zip(compared, lost, strict=True) if not gone}
        # The owner of a line keeps its first copy, so a lost line that the page keeps is a later copy.
        here = sum(map(own.__contains__, compress(compared, lost)))
        counts = {self.ELSEWHERE.code: len(lines) - len(kept) - here, self.HERE.code: here}
        tally = {code: count for code, count in counts.items() if count}
        chars = dict.fromkeys(tally, 0)
        for i in compress(range(len(lines)), lost):
            code = (self.HERE if compared[i] in own else self.ELSEWHERE).code
            chars[code] += len(lines[i])
            if dropped is not None:
                dropped.append(Dropped(code, lines[i], owner_of(owners[i]) if owners else ""))
        text = "\n".join(kept)
        return Kept(page._replace(text=text), tally, chars) if text else Rejected(page, self.EMPTY, "", tally, chars)


def _compared(text: str) -> Iterator[str]:
    """The lines in the form in which they are compared. Lower-cased all at once: no letter depends on another line."""
    return map(str.strip, text.lower().split("\n"))
