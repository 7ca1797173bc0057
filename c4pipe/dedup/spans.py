"""Span dedup, as the paper words it: of a run of three sentences that occurs more than once, one occurrence stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.base import TextBatch, TextLevel
from c4pipe.dedup.claims import owner_of
from c4pipe.dedup.lines import LineLevel
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.text.hashed import HashedSentences
from c4pipe.text.splitting import Splitting

_PAPER = "Raffel et al. 2020, section 2.2"


@dataclass(frozen=True)
class SpanLevel(Splitting, TextLevel):
    """Spans are compared stripped and in lower case. All sentences of a losing occurrence are dropped, including those
    that it shares with a winning one. One pass: spans that a removal creates are not examined again."""

    REPEATED: ClassVar = Reason(
        "repeated_span",
        Unit.SENTENCE,
        "is part of a run of sentences that another page, or an earlier place, owns",
        source=_PAPER,
        why="Three sentences in a row do not occur twice independently: the second time they are a copy.",
    )
    EMPTY: ClassVar = LineLevel.EMPTY  # the last line was dropped: one code, one reason

    splitter: str = "sentencex:en"  # see text.sentence_splitter
    width: int = 3  # type: ignore[misc]  # sentences a span
    reasons: ClassVar[tuple[Reason, ...]] = (REPEATED, EMPTY)

    def atoms(self, text: str) -> list[int]:
        """The hash of each sentence, line after line."""
        return self.atoms_at(text)[0].tolist()

    def atoms_at(self, text: str) -> HashedSentences:
        """The atoms, and the offset of each in the text, so that nothing is split again to apply losses."""
        return self._hashed(text)

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        """The page without its lost sentences; `lost` holds one flag per sentence, in order, and `owners` the page that
        keeps it. Empty lines are dropped. `starts` are the offsets from `atoms_at`, if available."""
        text = page.text
        places = [*(starts or self.atoms_at(text)[1]), len(text)]
        if len(lost) != len(places) - 1:
            raise ValueError(f"{len(lost)} flags for {len(places) - 1} sentences of {page.source}")
        kept, chars = [], 0
        for gone, first, end in _runs_of(lost):
            run = text[places[first] : places[end]]
            if not gone:
                kept.append(run)
                continue
            if "\n" in run:  # the lines around it stay separate
                kept.append("\n")
            for i in range(first, end):
                sentence = text[places[i] : places[i + 1]].strip()
                chars += len(sentence)
                if dropped is not None:
                    dropped.append(Dropped(self.REPEATED.code, sentence, owner_of(owners[i]) if owners else ""))
        lines = map(str.strip, "".join(kept).split("\n"))
        return self._verdict(page, "\n".join(filter(None, lines)), sum(lost), chars)

    def apply_all(self, batch: TextBatch, lost: NDArray[np.bool_]) -> Callable[[int, Page], Verdict]:
        from c4pipe.dedup.cutting import cut_pieces  # here: its machine code is loaded when it is needed

        cut = cut_pieces(batch, lost)
        return lambda i, page: self._verdict(page, cut.left(i), cut.pieces[i], cut.chars[i])

    def _verdict(self, page: Page, text: str, sentences: int, chars: int) -> Verdict:
        """The page with the text that is left, after the loss of so many sentences."""
        told = {self.REPEATED.code: sentences}, {self.REPEATED.code: chars}
        return Kept(Page(page.url, text, *page[2:]), *told) if text else Rejected(page, self.EMPTY, "", *told)


def _runs_of(flags: Sequence[bool]) -> Iterator[tuple[bool, int, int]]:
    """Runs of equal flags: the flag, where the run begins and where it ends."""
    start = 0
    while start < len(flags):
        flag = flags[start]
        try:
            end = flags.index(not flag, start)
        except ValueError:
            end = len(flags)
        yield flag, start, end
        start = end
