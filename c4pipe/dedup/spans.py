"""Span dedup, as the paper words it: of a run of three sentences that occurs more than once, one occurrence stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from c4pipe.dedup.claims import owner_of
from c4pipe.dedup.lines import LineLevel
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.text import hash64, sentence_splitter

_PAPER = "Raffel et al. 2020, section 2.2"


@dataclass(frozen=True)
class SpanLevel:
    """Spans are compared stripped and in lower case. All sentences of an occurrence that lost go, also those that it
    shares with an occurrence that won. One pass: spans that come about by a removal are not looked at again."""

    REPEATED: ClassVar = Reason(
        "repeated_span",
        Unit.SENTENCE,
        "is part of a run of sentences that another page, or an earlier place, owns",
        source=_PAPER,
    )
    EMPTY: ClassVar = LineLevel.EMPTY  # its last line fell: one code, one reason

    splitter: str = "sentencex:en"  # see text.sentence_splitter
    width: int = 3  # sentences a span
    reasons: ClassVar[tuple[Reason, ...]] = (REPEATED, EMPTY)

    def sentences(self, text: str) -> Iterator[list[str]]:
        """The sentences of each line, as they stand; joined they are the line."""
        split = sentence_splitter(self.splitter)
        return (_whole(line, list(split(line))) for line in text.split("\n"))

    def atoms(self, text: str) -> list[int]:
        """The hash of each sentence, line after line."""
        return [hash64(sentence.strip().lower()) for line in self.sentences(text) for sentence in line]

    def settle(
        self, page: Page, lost: Sequence[bool], dropped: list[Dropped] | None = None, owners: Sequence[int] = ()
    ) -> Verdict:
        """The page less its lost sentences; `lost` holds one flag a sentence, in order, and `owners` who keeps it.
        Empty lines go."""
        flags = enumerate(lost)
        kept = []
        for line in self.sentences(page.text):
            left = []
            for sentence in line:
                i, gone = next(flags)
                if not gone:
                    left.append(sentence)
                elif dropped is not None:
                    owner = owner_of(owners[i]) if owners else ""
                    dropped.append(Dropped(self.REPEATED.code, sentence.strip(), owner))
            kept.append("".join(left).strip())
        text = "\n".join(line for line in kept if line)
        tally = Counter({self.REPEATED.code: sum(lost)})
        return Kept(page._replace(text=text), tally) if text else Rejected(page, self.EMPTY, tally=tally)


def _whole(line: str, sentences: list[str]) -> list[str]:
    """The sentences, each with the blanks behind it where the splitter leaves them out, as Punkt does."""
    if sum(map(len, sentences)) == len(line):
        return sentences
    starts, end = [], 0
    for sentence in sentences:
        starts.append(line.index(sentence, end))
        end = starts[-1] + len(sentence)
    return [line[start:stop] for start, stop in pairwise([0, *starts[1:], len(line)])] if starts else []
