"""The measurement at level grams: two corpora are read once, and all numbers are told from their counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.domains import Tests
from c4pipe.compare.grams import Counted, SitedText, count, read
from c4pipe.compare.null import Floats, Null, chance, jackknife
from c4pipe.compare.strings import Strings, strings_of
from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import OVERALL, Judgement
from c4pipe.text import hash64

SETTLES = 0.02  # bits a byte that are worth telling apart
ALIKE = 0.95  # of the bytes of the larger corpus: a smaller one that has as many is as large, and nothing is thinned
FEWEST_PARTS = 4  # that have pages, of either corpus


class Side(NamedTuple):
    """A corpus to be measured."""

    pages: Iterable[SitedText]  # read once; their order is of no account
    bytes: int  # of their texts, as near as it is known beforehand: the larger side is thinned by it


class Measured(NamedTuple):
    """What was found, and of how much."""

    overall: Judgement
    domains: list[Judgement]
    pages: tuple[int, int]  # that were counted, of A and of B
    bytes: tuple[int, int]  # of their texts


class Readings(NamedTuple):
    """What the models of one side say: bits a byte of each domain and, last, their mean."""

    documents: Floats  # (documents,) bits of each, by the model of all pages
    whole: Floats  # (domains + 1,)
    less: Floats  # (parts, domains + 1) without each part, as if that were of the same size
    slope: Floats  # (domains + 1,) bits a byte for each doubling of the size


def measure(
    a: Side, b: Side, domains: Mapping[str, Sequence[str]], settles: float = SETTLES, equal: bool = True
) -> Measured:
    """Which of two corpora predicts each domain's documents better. ConfigError where too little is given for that.

    Args:
        domains: the documents of each by its name.
        settles: bits a byte, for `Judgement.pages`.
        equal: the same bytes are seen of both: the larger one is thinned by the hashes of its texts.
    """
    tests = Tests(domains)
    strings = strings_of(tests.texts)
    shares = _shares(a.bytes, b.bytes) if equal else (1.0, 1.0)
    counted = [count(strings, _thinned(side.pages, share)) for side, share in zip((a, b), shares, strict=True)]
    sizes = [int(side.bytes.sum()) for side in counted]
    parts = np.flatnonzero(counted[0].bytes + counted[1].bytes)
    _check_sites(counted)
    one, other = (readings(strings, tests, side, parts) for side in counted)
    if equal:  # what thinning left of a difference in size
        one, other = (
            _of_size(side, np.log2(min(sizes) / size)) for side, size in zip((one, other), sizes, strict=True)
        )
    pages = [int(side.pages.sum()) for side in counted]
    found = _judgements(tests, one, other, sum(pages) // 2, settles)
    return Measured(found[-1], found[:-1], (pages[0], pages[1]), (sizes[0], sizes[1]))


def readings(strings: Strings, tests: Tests, counted: Counted, parts: NDArray[np.int64]) -> Readings:
    """Reads the tests with the models of all pages, of all but those of each of the parts, and of samples."""

    def said(counts: NDArray[np.int64]) -> Floats:
        return tests.by_domain(tests.by_document(read(strings, counts)))

    whole = counted.counts.sum(axis=0, dtype=np.int64)
    documents = tests.by_document(read(strings, whole))
    rates = tests.by_domain(documents)
    halves = [said(counted.counts[parts[at::2]].sum(axis=0, dtype=np.int64)) for at in range(2)]
    slope = rates - np.mean(halves, axis=0)
    size = counted.bytes.sum()
    doublings = np.log2(size / (size - counted.bytes[parts]))
    less = np.array([said(whole - counted.counts[part]) for part in parts]) + doublings[:, None] * slope
    return Readings(documents, rates, less, slope)


def _judgements(tests: Tests, a: Readings, b: Readings, pages: int, settles: float) -> list[Judgement]:
    """Of each domain and, last, of all."""
    difference = b.whole - a.whole
    of_pages, of_documents = jackknife(b.less - a.less), tests.variances(b.documents - a.documents)
    number = len(tests.names)
    of_documents = np.append(of_documents, of_documents.sum() / number**2)
    freedom = np.append(tests.number - 1, tests.number.sum() - number)
    found = []
    for at, name in enumerate([*tests.names, OVERALL]):
        of_all = at == number
        null = Null(of_pages[at], of_documents[at], len(a.less), freedom[at])
        settled = null.half <= max(settles, abs(difference[at]))
        found.append(
            Judgement(
                name,
                int(tests.number.sum() if of_all else tests.number[at]),
                int(tests.bytes.sum() if of_all else tests.bytes[at]),
                (float(a.whole[at]), float(b.whole[at])),
                float(difference[at]),
                null.half,
                None if settled else _more(null, pages, settles),
                chance(difference[at] / null.error, null.degrees) if null.error else 1.0,
            )
        )
    return found


def _more(null: Null, pages: int, settles: float) -> int | None:
    times = null.times(settles)
    return None if times is None else ceil(pages * (times - 1))


def _of_size(side: Readings, doublings: float) -> Readings:
    return side._replace(whole=side.whole + doublings * side.slope)


def _shares(a: int, b: int) -> tuple[float, float]:
    """Of each corpus what is counted, so that both are of a size."""
    if min(a, b) >= ALIKE * max(a, b):
        return 1.0, 1.0
    return min(1.0, b / a), min(1.0, a / b)


def _thinned(pages: Iterable[SitedText], share: float) -> Iterator[SitedText]:
    """That share of the pages, by the hashes of their texts: copies of one text stay or go together."""
    return (page for page in pages if share == 1 or hash64(page[1]) < share * 2**64)


def _check_sites(counted: Sequence[Counted]) -> None:
    for side, name in zip(counted, "AB", strict=True):
        if np.count_nonzero(side.bytes) < FEWEST_PARTS:
            raise ConfigError(
                f"{name} has pages of {np.count_nonzero(side.bytes)} groups of sites. Expected {FEWEST_PARTS} or more: "
                "how far samples of it lie apart cannot be told from fewer."
            )
