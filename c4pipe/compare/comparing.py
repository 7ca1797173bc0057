"""Two corpora from their files to a verdict: the test texts, which of them a corpus contains, and what differs.

Each corpus is read three times: for its held-out pages and a sample, for what it shares with the tests, and for the
measurement. It is never held in memory.
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

MOST_OF_A_HOST = 4  # test documents from one host: its pages are similar, and more would count too much


class CompareRequest(NamedTuple):
    """What to compare, and how."""

    level: str = BY_GRAMS
    on: tuple[str, ...] = ()  # values of --on; empty for held-out pages and, if fetched, the pinned texts
    text_key: str = ""  # of the test texts
    out: Path = Path()
    training: tuple[str, ...] = ()  # options for training models


class Compared(NamedTuple):
    """All results."""

    verdict: CorpusVerdict
    said: list[Said]  # differences in words, found in samples of pages
    sampled: int  # pages in the sample of each side
    taken: list[Removed]  # what reasons dropped on each side, if different: from both ledgers, not samples
    domains: list[TextDomain]  # with what was left out of each; those with too few documents have no judgement
    pages: tuple[int, int]  # used for training
    bytes: tuple[int, int]  # of their texts
    held_out: tuple[int, int]  # pages held out because test texts are drawn from them
    lost: tuple[str, ...]  # for each side, how many records of other files gave no page, and why; "" for none


class Training:
    """The training pages of one side, which can be read repeatedly."""

    def __init__(self, source: PageSource, holds_out: bool, by_host: bool, read: Callable[[int], None]):
        self.source, self._holds_out, self._by_host, self._read = source, holds_out, by_host, read
        self.pages = self.bytes = self.held_out = 0

    def __iter__(self) -> Iterator[CorpusPage]:
        for page in self.source.pages(self._read):
            if not (self._holds_out and page.is_held_out(self._by_host)):
                yield page

    def draw(self) -> tuple[Drawing, ChosenTexts]:
        """A sample of them, and the held-out pages."""
        drawing, held_out, hosts = Drawing(), ChosenTexts(), Counter[str]()
        for page in self.source.pages(self._read):
            if self._holds_out and page.is_held_out(self._by_host):
                hosts[page.host] += 1
                if not page.host or hosts[page.host] <= MOST_OF_A_HOST:
                    held_out.add(next(passages(page.text)))  # its beginning only, or a long page would dominate
            else:
                drawing.add(page)
        self.pages, self.bytes, self.held_out = drawing.seen, drawing.bytes, hosts.total()
        return drawing, held_out


def named_domains(on: Sequence[str], text_key: str = "") -> tuple[bool, list[TextDomain]]:
    """Whether pages are held out for the test, and the other domains. ConfigError for unreadable input."""
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
    """Which is better, and what differs. ConfigError if a side or the tests have too little text.

    Args:
        tests: the result of `named_domains` for the request.
        read: called with the size of each file that was read.
    """
    holds_out, domains = tests
    by_host = asked.level == BY_GRAMS  # models are trained on a whole corpus except its validation split
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
    """Bytes on disk that are read in all, and their approximate size when unpacked. Training reads the corpora itself,
    and is not counted."""
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
