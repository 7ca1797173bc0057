"""Two corpora from their files to a verdict: which test texts, which of them stand in a corpus, what differs.

Each corpus is read three times: for what it holds out and for a sample; for what it shares with the tests; and by the
measurement. It is never held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.compare.levels import verdict_of
from c4pipe.compare.overlaps import SharedRuns
from c4pipe.compare.reading import CorpusPage, PageSource, unheard
from c4pipe.compare.sample import Drawing
from c4pipe.compare.texts import (
    FEWEST_TEXTS,
    HELD_OUT_WORD,
    PINNED_WORD,
    ChosenTexts,
    TextDomain,
    passages,
    pinned_texts,
    read_domains,
)
from c4pipe.compare.words import Said, what_differs
from c4pipe.errors import ConfigError
from c4pipe.facts.fates import Removed, removed
from c4pipe.facts.verdict import BY_GRAMS, HELD_OUT_OF, CorpusVerdict

MOST_OF_A_HOST = 4  # of its pages that are test documents: they are alike, and would count as many


class CompareRequest(NamedTuple):
    """What is to be compared, and how."""

    level: str = BY_GRAMS
    on: tuple[str, ...] = ()  # what --on names; nothing for what is held out and the pinned texts, where they are
    text_key: str = ""  # of the test texts
    out: Path = Path()
    training: tuple[str, ...] = ()  # options for what trains models


class Compared(NamedTuple):
    """All that was found."""

    verdict: CorpusVerdict
    said: list[Said]  # what differs in words, as samples of pages tell
    sampled: int  # pages in the sample of each side
    taken: list[Removed]  # what reasons took of each, where that differs: by both ledgers, which are no samples
    domains: list[TextDomain]  # with what was left out of each; those with too few documents have no judgement
    pages: tuple[int, int]  # that are trained on
    bytes: tuple[int, int]  # of their texts
    held_out: tuple[int, int]  # pages that are not, for test texts come from them
    lost: tuple[str, ...]  # of each side how many records of other files gave no page, and why; "" for none


class Training:
    """The pages of one side that models are fitted to, to be read again and again."""

    def __init__(self, source: PageSource, holds_out: bool, by_host: bool, read: Callable[[int], None]):
        self.source, self._holds_out, self._by_host, self._read = source, holds_out, by_host, read
        self.pages = self.bytes = self.held_out = 0

    def __iter__(self) -> Iterator[CorpusPage]:
        for page in self.source.pages(self._read):
            if not (self._holds_out and page.is_held_out(self._by_host)):
                yield page

    def draw(self) -> tuple[Drawing, ChosenTexts]:
        """A sample of them, and the pages that are held out."""
        drawing, held_out, hosts = Drawing(), ChosenTexts(), Counter[str]()
        for page in self.source.pages(self._read):
            if self._holds_out and page.is_held_out(self._by_host):
                hosts[page.host] += 1
                if not page.host or hosts[page.host] <= MOST_OF_A_HOST:
                    held_out.add(next(passages(page.text)))  # its beginning: a long page would decide alone
            else:
                drawing.add(page)
        self.pages, self.bytes, self.held_out = drawing.seen, drawing.bytes, hosts.total()
        return drawing, held_out


def named_domains(on: Sequence[str], text_key: str = "") -> tuple[bool, list[TextDomain]]:
    """Whether pages are held out for the test, and the other domains. ConfigError for what cannot be read."""
    if not on:
        return True, read_domains(pinned_texts())
    words = [word for word in on if word not in (HELD_OUT_WORD, PINNED_WORD)]
    if PINNED_WORD in on and not pinned_texts():
        raise ConfigError(f"--on {PINNED_WORD}: the texts are missing. Run `make assets`.")
    found = read_domains([*(pinned_texts() if PINNED_WORD in on else ()), *words], text_key)
    own = {HELD_OUT_OF.format(side) for side in "AB"}
    if taken := next((domain.name for domain in found if domain.name in own), None):
        raise ConfigError(f"--on: a domain {taken!r} is the name of the held-out pages. Use another name: NAME=PATH")
    return HELD_OUT_WORD in on, found


def compare_corpora(
    a: PageSource,
    b: PageSource,
    asked: CompareRequest,
    tests: tuple[bool, list[TextDomain]],
    read: Callable[[int], None] = unheard,
) -> Compared:
    """Which is better, and what differs. ConfigError where a side or the tests have too little for that.

    Args:
        tests: what `named_domains` made of the request.
        read: is told the size of each file that has been read.
    """
    holds_out, domains = tests
    by_host = asked.level == BY_GRAMS  # who trains models trains them on all of a corpus but its validation split
    sides = (Training(a, holds_out, by_host, read), Training(b, holds_out, by_host, read))
    drawn = [side.draw() for side in sides]
    for side in sides:
        if not side.pages:
            why = f": {side.source.told_lost}" if side.source.lost else ""
            raise ConfigError(f"{side.source.folder} has no page{why}. Expected a corpus with some.")
    if holds_out:
        domains = [
            *(own.domain(HELD_OUT_OF.format(name)) for name, (_, own) in zip("AB", drawn, strict=True)),
            *domains,
        ]
    domains = _without_shared(domains, sides)
    enough = {domain.name: domain.documents for domain in domains if len(domain.documents) >= FEWEST_TEXTS}
    if not enough:
        least = f"{FEWEST_TEXTS} documents of one domain that share no long run of words with the corpora"
        raise ConfigError(f"there is no test text. Expected {least}. Name other texts: --on PATH...")
    verdict = verdict_of(sides[0], sides[1], enough, asked.level, asked.out, asked.training)
    manifests = _manifests(a, b)
    size = min(drawing.seen for drawing, _ in drawn)
    first, second = (drawing.sample(size) for drawing, _ in drawn)
    return Compared(
        verdict,
        what_differs(first, second, manifests),
        len(first.pages),
        [row for row in removed(*manifests) if row.counts[0] != row.counts[1]] if manifests else [],
        domains,
        (sides[0].pages, sides[1].pages),
        (sides[0].bytes, sides[1].bytes),
        (sides[0].held_out, sides[1].held_out),
        tuple(source.told_lost if source.lost else "" for source in (a, b)),
    )


def work_of(level: str, *sources: PageSource) -> tuple[int, int]:
    """Bytes on disk that are read in all, and how many bytes they are, about, when they are unpacked. What trains
    models reads its corpora itself, and is not counted."""
    readings = 3 if level == BY_GRAMS else 2
    return readings * sum(source.size for source in sources), readings * sum(source.unpacked for source in sources)


def _without_shared(domains: list[TextDomain], sides: Sequence[Training]) -> list[TextDomain]:
    shared = SharedRuns(domains)
    for side in sides:
        for page in side:
            shared.see(page.text)
    return shared.left()


def _manifests(a: PageSource, b: PageSource) -> tuple[dict[str, Any], dict[str, Any]] | None:
    found = [source.corpus.manifest for source in (a, b) if source.corpus and source.corpus.manifest.get("ledger")]
    return (found[0], found[1]) if len(found) == 2 else None
