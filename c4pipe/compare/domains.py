"""The documents that models are tested on, as bytes, and the cost of these by document and by domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.null import Reals, ratio_variance
from c4pipe.errors import ConfigError
from c4pipe.text import many

MOST_TEST_BYTES = 2_000_000  # bytes of all documents together: a count of each of their strings is stored for each part
FEWEST_DOCUMENTS = 2  # of a domain


class DomainTexts:
    """Documents by domain, truncated if they exceed `MOST_TEST_BYTES`: each domain has the same share, and so has each
    document of a domain.

    Attributes:
        names: of the domains.
        texts: the documents, domain after domain.
        number: (domains,) documents of each.
        sizes: (documents,) bytes.
    """

    def __init__(self, domains: Mapping[str, Sequence[str]]):
        self.names = [*domains]
        self.texts: list[bytes] = []
        numbers = []
        for name, documents in domains.items():
            texts = [text.encode("utf-8", "surrogatepass") for text in documents if text]
            if len(texts) < FEWEST_DOCUMENTS:
                raise ConfigError(
                    f"domain {name!r} has {many(len(texts), 'document')}. Expected {FEWEST_DOCUMENTS} or more: with "
                    "fewer, how much a difference depends on the document cannot be measured."
                )
            most = longest_cut([len(text) for text in texts], MOST_TEST_BYTES // len(domains))
            self.texts += [text[:most] for text in texts]
            numbers.append(len(texts))
        if not self.texts:
            raise ConfigError("there is no test text. Expected documents of at least one domain.")
        self.number = np.array(numbers)
        self.sizes = np.array([len(text) for text in self.texts], np.float64)
        self._documents = _starts(self.sizes.astype(np.int64))
        self._domains = _starts(self.number)

    @property
    def bytes(self) -> NDArray[np.int64]:
        """(domains,) What is left of each."""
        return np.add.reduceat(self.sizes, self._domains).astype(np.int64)

    def by_document(self, bits: Reals) -> Reals:
        """(documents,) Bits of each, from those of every byte."""
        return np.add.reduceat(bits, self._documents)

    def by_domain(self, documents: Reals) -> Reals:
        """(domains + 1,) Bits per byte of each domain, from the bits of its documents; the mean of all domains is
        last."""
        rates = np.add.reduceat(documents, self._domains) / np.add.reduceat(self.sizes, self._domains)
        return np.append(rates, rates.mean())

    def variances(self, amounts: Reals) -> Reals:
        """(domains,) The variance of each domain's bits per byte over other draws of its documents, from the bits of
        each."""
        pairs = zip(np.split(amounts, self._domains[1:]), np.split(self.sizes, self._domains[1:]), strict=True)
        return np.array([ratio_variance(*pair) for pair in pairs])


def longest_cut(sizes: Sequence[int], room: int) -> int:
    """The number of bytes to which documents are cut so that they fit.

    >>> longest_cut([10, 100, 100], 150), longest_cut([10, 100, 100], 1_000)
    (70, 100)
    """
    left = len(sizes)
    for size in sorted(sizes):
        if size * left > room:
            return max(1, room // left)
        room -= size
        left -= 1
    return max(sizes)


def _starts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(sizes) - sizes
