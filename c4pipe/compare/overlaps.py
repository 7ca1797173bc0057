"""Test documents that share a run of 13 words with a page: found by the hashes of all runs, and left out.

Words are those of `c4pipe.benchmarks`: after NFKC, in lower case, without the characters between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from c4pipe.benchmarks.normal import normal_words
from c4pipe.benchmarks.overlap import ItemOverlap
from c4pipe.benchmarks.seeds import run_hashes
from c4pipe.compare.texts import TextDomain

SHARED_RUN = ItemOverlap.overlap  # consecutive words
_FILTER_BITS = 24  # of a table with a mark for each run of a test text: most runs of pages match none


class SharedRuns:
    """All runs of the test texts, to be compared with the pages of both corpora.

    Two different runs have the same hash once in 2**64 pairs: with 10 million runs of tests and a corpus of 100 billion
    words about once in 20.
    """

    def __init__(self, domains: Sequence[TextDomain]):
        self._domains = domains
        runs = [runs_of(text) for domain in domains for text in domain.documents]
        owners = np.repeat(np.arange(len(runs)), [len(run) for run in runs])
        every = np.concatenate([np.empty(0, np.uint64), *runs])
        order = np.argsort(every, kind="stable")
        self._keys, self._owners = every[order], owners[order]
        self._marks = np.zeros(1 << _FILTER_BITS, np.bool_)
        self._marks[self._keys >> np.uint64(64 - _FILTER_BITS)] = True
        self._shared = np.zeros(len(runs), np.bool_)

    def see(self, text: str) -> None:
        """Compares a page of either corpus."""
        runs = runs_of(text)
        runs = runs[self._marks[runs >> np.uint64(64 - _FILTER_BITS)]]
        if len(runs):
            first, end = np.searchsorted(self._keys, runs), np.searchsorted(self._keys, runs, side="right")
            for low, high in zip(first[end > first].tolist(), end[end > first].tolist(), strict=True):
                self._shared[self._owners[low:high]] = True

    def left(self) -> list[TextDomain]:
        """The domains without the documents that share a run, with their number."""
        found, at = [], 0
        for domain in self._domains:
            shared: NDArray[np.bool_] = self._shared[at : at + len(domain.documents)]
            at += len(domain.documents)
            kept = [text for text, gone in zip(domain.documents, shared.tolist(), strict=True) if not gone]
            found.append(domain._replace(documents=kept, left_out=int(shared.sum())))
        return found


def runs_of(text: str) -> NDArray[np.uint64]:
    """[words - SHARED_RUN + 1] The hash of every run of `SHARED_RUN` words."""
    return run_hashes(normal_words(text)[1].hashes, SHARED_RUN)
