"""Which document is at each position of a mixture: position <-> (entry, epoch, row), as index arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from c4pipe.mixture.interleaving import Interleaving
from c4pipe.mixture.permutation import Indices, Permutation, derive_key
from c4pipe.mixture.quotas import quotas
from c4pipe.mixture.rates import Mixture

# Muennighoff et al. 2023, "Scaling Data-Constrained Language Models": up to four epochs are worth almost as much as
# new text.
MAX_EPOCHS = 4


class Drawn(NamedTuple):
    """Rows of an entry that are drawn in one epoch: `chosen` are places in the requested rows, one per position."""

    epoch: int
    chosen: Indices
    positions: Indices


@dataclass(frozen=True)
class MixtureOrder:
    """A mixture as a function of the position. It holds nothing of the size of the corpus.

    Entries are sorted by name. An entry's rows are drawn epoch after epoch, in each one without replacement in the
    order of a `Permutation` whose key is made of the seed, the entry's name and the epoch.

    >>> order = MixtureOrder.of({"en": 6, "sw": 2}, Mixture.parse("equal"), documents=8, max_epochs=2)
    >>> order.written, order.epochs("sw")
    ((4, 4), 2.0)
    """

    names: tuple[str, ...]
    documents: tuple[int, ...]  # in the corpus
    written: tuple[int, ...]  # in the mixture, repeats included
    seed: int = 0

    @classmethod
    def of(
        cls,
        counts: Mapping[str, int],
        mixture: Mixture,
        documents: int | None = None,
        max_epochs: int | None = MAX_EPOCHS,
        seed: int = 0,
    ) -> MixtureOrder:
        """The mixture of so many documents; None means as many as there are."""
        sizes = {name: counts[name] for name in sorted(counts)}
        wanted = sum(sizes.values()) if documents is None else documents
        written = quotas(sizes, mixture.rates(sizes), wanted, max_epochs)
        return cls(tuple(sizes), tuple(sizes.values()), tuple(written.values()), seed)

    @property
    def total(self) -> int:
        """Positions."""
        return sum(self.written)

    @cached_property
    def interleaving(self) -> Interleaving:
        return Interleaving(self.written)

    def epochs(self, name: str) -> float:
        """How often each entry is read; a whole number means every document that many times."""
        i = self.names.index(name)
        return self.written[i] / self.documents[i] if self.documents[i] else 0.0

    def locate(self, positions: Indices) -> tuple[Indices, Indices, Indices]:
        """(entry, epoch, row of the entry) at each position; entries are places in `names`."""
        entries, numbers = self.interleaving.locate(positions)
        epochs, rows = np.divmod(numbers, np.array(self.documents, np.int64)[entries])
        together = np.lexsort((epochs, entries))
        ends = np.flatnonzero(np.diff(entries[together]) | np.diff(epochs[together])) + 1
        for mine in np.split(together, ends) if len(together) else ():
            permutation = self._permutation(int(entries[mine[0]]), int(epochs[mine[0]]))
            rows[mine] = permutation(rows[mine])
        return entries, epochs, rows

    def drawn(self, entry: int, rows: Indices) -> Iterator[Drawn]:
        """The positions of these rows of an entry in the mixture, one epoch after the other."""
        size, written = self.documents[entry], self.written[entry]
        for epoch in range(-(-written // size) if size else 0):
            numbers = epoch * size + self._permutation(entry, epoch).inverse(rows)
            chosen = np.flatnonzero(numbers < written)
            yield Drawn(epoch, chosen, self.interleaving.positions(entry, numbers[chosen]))

    def _permutation(self, entry: int, epoch: int) -> Permutation:
        return _permutation(self.documents[entry], self.seed, self.names[entry], epoch)


@lru_cache(maxsize=1024)
def _permutation(size: int, seed: int, name: str, epoch: int) -> Permutation:
    return Permutation(size, derive_key(seed, name, epoch))
