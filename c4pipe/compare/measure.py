"""The measurement at level grams: two corpora are read once, and all numbers are computed from their counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.domains import DomainTexts
from c4pipe.compare.grams import CORPUS_PARTS, GramCounts, SitedText, byte_bits, count_grams
from c4pipe.compare.null import Null, Reals, jackknife
from c4pipe.compare.strings import Strings, strings_of
from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import OVERALL, Judgement
from c4pipe.text import hash64, many

SETTLES = 0.02  # bits per byte: smaller differences do not matter
AS_LARGE = 0.95  # of the larger corpus's bytes: if the smaller one has as many, nothing is thinned
MOST_BYTES = 4_000_000_000  # counted per corpus: with more, a count could overflow its 32 bits
FEWEST_PARTS = 4  # of a corpus that have pages


class CorpusSide(NamedTuple):
    """A corpus to be measured."""

    pages: Iterable[SitedText]  # read once, in any order
    bytes: int  # of their texts, as far as known beforehand: the larger side is thinned by it
    name: str = "a corpus"


class Measured(NamedTuple):
    """The results, and the amounts that they are based on."""

    overall: Judgement
    domains: list[Judgement]
    pages: tuple[int, int]  # counted, of A and of B
    bytes: tuple[int, int]  # of their texts


class Readings(NamedTuple):
    """Scores of one side's models: bits per byte of each domain and, last, their mean."""

    documents: Reals  # (documents,) bits of each, by the model of all pages
    whole: Reals  # (domains + 1,)
    less: Reals  # (CORPUS_PARTS, domains + 1) without each part, adjusted to the same size
    slope: Reals  # (domains + 1,) bits per byte for each doubling of the size
    bytes: NDArray[np.int64]  # (CORPUS_PARTS,)
    pages: int


def measure(
    a: CorpusSide, b: CorpusSide, domains: Mapping[str, Sequence[str]], settles: float = SETTLES, equal: bool = True
) -> Measured:
    """Which of two corpora predicts each domain's documents better. ConfigError for too little text.

    Args:
        domains: the documents of each by its name.
        settles: bits per byte, for `Judgement.pages`.
        equal: use as many bytes of both: the larger one is thinned by the hashes of its texts. Of either one
            about `MOST_BYTES` are counted at most.
    """
    tests = DomainTexts(domains)
    strings = strings_of(tests.texts)
    shares = _shares(a.bytes, b.bytes, equal)
    one, other = (
        readings(strings, tests, count_grams(strings, _thinned(side.pages, share)), side.name)
        for side, share in zip((a, b), shares, strict=True)
    )
    return judge_sides(tests, one, other, settles, equal)


def readings(strings: Strings, tests: DomainTexts, counted: GramCounts, name: str = "a corpus") -> Readings:
    """Scores the tests with the models of all pages, of all but those of each part, and of halves."""

    def said(counts: NDArray[np.int64]) -> Reals:
        return tests.by_domain(tests.by_document(byte_bits(strings, counts)))

    whole = counted.counts.sum(axis=0, dtype=np.int64)
    documents = tests.by_document(byte_bits(strings, whole))
    rates = tests.by_domain(documents)
    size = counted.bytes.sum()
    filled = np.flatnonzero(counted.bytes)
    if len(filled) < FEWEST_PARTS:
        raise ConfigError(
            f"{name} has pages of {many(len(filled), 'group')} of sites among those that are counted. Expected "
            f"{FEWEST_PARTS} or more: fewer cannot show how much samples of it vary."
        )
    halves = [filled[at::2] for at in range(2)]
    doublings = np.mean([np.log2(size / counted.bytes[half].sum()) for half in halves])
    slope = (
        rates - np.mean([said(counted.counts[half].sum(axis=0, dtype=np.int64)) for half in halves], 0)
    ) / doublings
    less = np.repeat(rates[None], CORPUS_PARTS, axis=0)
    for part in filled:
        less[part] = said(whole - counted.counts[part]) + slope * np.log2(size / (size - counted.bytes[part]))
    return Readings(documents, rates, less, slope, counted.bytes, int(counted.pages.sum()))


def judge_sides(tests: DomainTexts, a: Readings, b: Readings, settles: float = SETTLES, equal: bool = True) -> Measured:
    """Compares the readings of two sides; adjusted to one size if they are to be equal."""
    sizes = int(a.bytes.sum()), int(b.bytes.sum())
    if equal:  # the difference in size that thinning left
        a, b = (
            side._replace(whole=side.whole + np.log2(min(sizes) / size) * side.slope)
            for side, size in zip((a, b), sizes, strict=True)
        )
    parts = np.flatnonzero(a.bytes + b.bytes)
    of_pages = jackknife((b.less - a.less)[parts])
    of_documents = tests.variances(b.documents - a.documents)
    number = len(tests.names)
    rows = [
        (name, int(tests.number[at]), int(tests.bytes[at]), of_documents[at], tests.number[at] - 1)
        for at, name in enumerate(tests.names)
    ]
    rows.append(
        (OVERALL, len(tests.texts), int(tests.bytes.sum()), of_documents.sum() / number**2, len(tests.texts) - number)
    )
    found = []
    for at, (name, documents, size, variance, freedom) in enumerate(rows):
        bits = float(a.whole[at]), float(b.whole[at])
        null = Null(float(of_pages[at]), float(variance), len(parts), freedom)
        found.append(_judgement(name, documents, size, bits, null, (a.pages + b.pages) // 2, settles))
    return Measured(found[-1], found[:-1], (a.pages, b.pages), sizes)


def _judgement(
    name: str, documents: int, size: int, bits: tuple[float, float], null: Null, pages: int, settles: float
) -> Judgement:
    difference, half, more = bits[1] - bits[0], null.half, None
    if half > max(settles, abs(difference)):
        times = null.times(settles)
        more = None if times is None else ceil(pages * (times - 1))
    return Judgement(name, documents, size, bits, difference, half, more, null.chance(difference))


def _shares(a: int, b: int, equal: bool) -> tuple[float, float]:
    """The share of each corpus that is counted, so that both have the same size."""
    most_a, most_b = (min(MOST_BYTES, a, b),) * 2 if equal else (MOST_BYTES, MOST_BYTES)
    return _share(most_a, a), _share(most_b, b)


def _share(most: int, size: int) -> float:
    return 1.0 if most >= AS_LARGE * size else most / size


def _thinned(pages: Iterable[SitedText], share: float) -> Iterator[SitedText]:
    """That share of the pages, by the hashes of their texts: copies of one text are kept or dropped together."""
    return (page for page in pages if share == 1 or hash64(page[1]) < share * 2**64)
