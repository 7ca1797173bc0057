"""The texts of test items as words, each text once, whatever items have it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.benchmarks.items import ROLES, Item
from c4pipe.benchmarks.normal import normal
from c4pipe.text.tokens import word_hashes

_AT_ONCE = 4096  # texts


class Texts(NamedTuple):
    """Concatenated texts, and their owners."""

    hashes: NDArray[np.uint64]  # [words] of all texts
    halves: NDArray[np.uint8]  # [words] 2, and 1 for a word of one character: in some scripts each is one
    starts: NDArray[np.int64]  # [texts + 1] the first word of each
    owned: NDArray[np.int32]  # [owners] the numbers of items, text by text
    roles: NDArray[np.uint8]  # [owners] the text's role in each, an index into ROLES
    owners: NDArray[np.int64]  # [texts + 1] the first owner of each

    @property
    def sizes(self) -> NDArray[np.int64]:
        """[texts] Words."""
        return np.diff(self.starts)

    def sums(self, values: NDArray[np.uint8]) -> NDArray[np.int64]:
        """[texts] The sum of per-word values over each text."""
        return np.diff(np.concatenate([[0], np.cumsum(values, dtype=np.int64)])[self.starts])

    def owners_of(self, text: int) -> Iterator[tuple[int, str]]:
        """(item, role) of each item that has the text."""
        own = slice(self.owners[text], self.owners[text + 1])
        for item, role in zip(self.owned[own].tolist(), self.roles[own].tolist(), strict=True):
            yield item, ROLES[role]

    def only(self, chosen: NDArray[np.bool_]) -> Texts:
        """[texts] The chosen texts."""
        words, owners = np.repeat(chosen, self.sizes), np.repeat(chosen, np.diff(self.owners))
        starts = np.concatenate([[0], np.cumsum(self.sizes[chosen])])
        of_each = np.concatenate([[0], np.cumsum(np.diff(self.owners)[chosen])])
        return Texts(self.hashes[words], self.halves[words], starts, self.owned[owners], self.roles[owners], of_each)


def texts_of(items: Sequence[Item]) -> Texts:
    """The texts that have a word, in the order of their first occurrence in the items."""
    known: dict[bytes, int] = {}  # by the digest of their words
    hashes, halves = [], []
    sizes: list[int] = []
    owners: list[tuple[int, int, int]] = []  # text, item, role
    for batch in _batches(items):
        words = word_hashes("\n".join(text for _, _, text in batch))
        ends = np.cumsum([len(text) + 1 for _, _, text in batch])
        bounds = np.searchsorted(words.starts, ends).tolist()
        length = (words.ends - words.starts > 1).astype(np.uint8) + 1
        for (item, role, _), first, end in zip(batch, [0, *bounds], bounds, strict=False):
            if first == end:
                continue
            own = words.hashes[first:end]
            text = known.setdefault(hashlib.blake2b(own.tobytes(), digest_size=16).digest(), len(known))
            if text == len(sizes):
                hashes.append(own)
                halves.append(length[first:end])
                sizes.append(end - first)
            owners.append((text, item, role))
    table = np.array(sorted({*owners}), np.int64).reshape(-1, 3)
    return Texts(
        np.concatenate([np.empty(0, np.uint64), *hashes]),
        np.concatenate([np.empty(0, np.uint8), *halves]),
        np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.uint8),
        np.searchsorted(table[:, 0], np.arange(len(sizes) + 1)),
    )


def _batches(items: Sequence[Item]) -> Iterator[list[tuple[int, int, str]]]:
    """(item, role, text as it is compared), some thousand at once."""
    batch = []
    for number, item in enumerate(items):
        for role, text in item.texts:
            batch.append((number, ROLES.index(role), normal(text)))
        if len(batch) >= _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
