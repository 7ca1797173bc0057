"""The keys of a dedup, a hash partition at a time: those that earlier corpora own, and those that this one owns from
now on.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from c4pipe.corpus.plan import Plan
from c4pipe.dedup.claims import NOTHING_OWNED, U64, Owned
from c4pipe.flow.files import BeamStore
from c4pipe.flow.settings import Settings
from c4pipe.keys import KeyReader, merged


class PartitionKeys:
    """The keys of one dedup, by partition."""

    def __init__(self, settings: Settings, plan: Plan, leg: int | None, store: BeamStore):
        """`leg` is the leg that a text dedup begins, None for URL dedup."""
        self._settings, self._store = settings, store
        self.stage = plan.names()[plan.url_index if leg is None else plan.texts[leg]]
        self._folder = f"{settings.keys_folder(leg)}/{self.stage}"

    def before(self, partition: int) -> Owned:
        """The keys of the partition that pages of earlier corpora own."""
        if not self._readers:
            return NOTHING_OWNED
        bits = 64 - (self._settings.partitions.bit_length() - 1)
        return Owned(*merged(self._readers, partition << bits, ((partition + 1) << bits) - 1))

    def write(self, partition: int, owned: Owned) -> None:
        """Stores the keys owned from now on, if the corpus keeps keys."""
        if self._settings.keys:
            with self._store.write(self._path(partition)) as stream:
                stream.write(np.stack(owned).tobytes())

    def pieces(self) -> Iterator[tuple[U64, U64]]:
        """All keys that `write` stored, in ascending order."""
        for partition in range(self._settings.partitions):
            if self._store.exists(self._path(partition)):
                with self._store.read(self._path(partition)) as stream:
                    keys, owners = np.frombuffer(stream.read(), np.uint64).reshape(2, -1)
                yield keys, owners

    @cached_property
    def _readers(self) -> list[KeyReader]:
        files = [file for file in self._settings.against if file.stage == self.stage]
        return [KeyReader(self._store, file.path, file.digest) for file in files]

    def _path(self, partition: int) -> str:
        return f"{self._folder}/{partition:04d}"


def owned_keys(settings: Settings, plan: Plan, store: BeamStore) -> dict[str, Iterator[tuple[U64, U64]]]:
    """The keys owned after each dedup of a corpus, by its stage, URLs first."""
    dedups = [PartitionKeys(settings, plan, leg, store) for leg in (None, *range(len(plan.texts)))]
    return {keys.stage: keys.pieces() for keys in dedups}
