"""Span dedup, as the paper words it: of a run of three sentences that occurs more than once, one occurrence stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from c4pipe.dedup.base import TextLevel
from c4pipe.dedup.claims import owner_of
from c4pipe.dedup.lines import LineLevel
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.text.hashed import hashed_english, hashed_sentences
from c4pipe.text.splitting import Splitting

_PAPER = "Raffel et al. 2020, section 2.2"


@dataclass(frozen=True)
class SpanLevel(Splitting, TextLevel):
    """Spans are compared stripped and in lower case. All sentences of an occurrence that lost go, also those that it
    shares with an occurrence that won. One pass: spans that come about by a removal are not looked at again."""

    REPEATED: ClassVar = Reason(
        "repeated_span",
        Unit.SENTENCE,
        "is part of a run of sentences that another page, or an earlier place, owns",
        source=_PAPER,
        why="Three sentences in a row do not come about twice: the second time they are a copy.",
    )
    EMPTY: ClassVar = LineLevel.EMPTY  # its last line fell: one code, one reason

    splitter: str = "sentencex:en"  # see text.sentence_splitter
    width: int = 3  # type: ignore[misc]  # sentences a span
    reasons: ClassVar[tuple[Reason, ...]] = (REPEATED, EMPTY)

    def atoms(self, text: str) -> list[int]:
        """The hash of each sentence, line after line."""
        return self.atoms_at(text)[0]

    def atoms_at(self, text: str) -> tuple[list[int], list[int]]:
        """The atoms, and where in the text each begins: with that nothing has to be split again to apply losses."""
        hashed = hashed_english if self.splitter == "sentencex:en" else hashed_sentences
        return hashed(text, self._sentences())

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        """The page less its lost sentences; `lost` holds one flag a sentence, in order, and `owners` who keeps it.
        Empty lines go. `starts` is what `atoms_at` says, if it is known."""
        text = page.text
        kept = []
        bounds = pairwise([*(starts or self.atoms_at(text)[1]), len(text)])
        for i, (gone, (start, end)) in enumerate(zip(lost, bounds, strict=True)):
            sentence = text[start:end]
            if not gone:
                kept.append(sentence)
                continue
            if sentence[-1] == "\n":
                kept.append("\n")
            if dropped is not None:
                owner = owner_of(owners[i]) if owners else ""
                dropped.append(Dropped(self.REPEATED.code, sentence.strip(), owner))
        lines = map(str.strip, "".join(kept).split("\n"))
        text = "\n".join(filter(None, lines))
        tally = Counter({self.REPEATED.code: sum(lost)})
        return Kept(page._replace(text=text), tally) if text else Rejected(page, self.EMPTY, tally=tally)
