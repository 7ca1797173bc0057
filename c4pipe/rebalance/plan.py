"""Which positions of the mixture are written to which file, as values that every worker reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from c4pipe.errors import ConfigError
from c4pipe.mixture import MAX_DOCUMENTS, Mixture, MixtureOrder
from c4pipe.mixture.permutation import Indices
from c4pipe.passes.merging import shard_count
from c4pipe.rebalance.sources import SourceShard
from c4pipe.shards import SPLITS, shard_name

MIXTURE_CONFIG = "mixture"  # folder and name of the mixture
BUCKET_BYTES = 64 << 20  # uncompressed columns that a worker holds and orders at a time


@dataclass(frozen=True)
class Split:
    """One split of the mixture, cut into `shards` files of `buckets` runs of positions each."""

    name: str
    order: MixtureOrder
    shards: int
    buckets: int  # per shard

    @cached_property
    def edges(self) -> Indices:
        """Where the buckets begin, then the number of positions: bucket b holds edges[b] .. edges[b + 1] - 1."""
        count = self.shards * self.buckets
        return np.array([self.order.total * b // count for b in range(count + 1)], np.int64)


class MixtureShard(NamedTuple):
    """One file of the mixture."""

    split: int
    shard: int


@dataclass(frozen=True)
class MixturePlan:
    """The whole plan."""

    splits: tuple[Split, ...]
    sources: tuple[SourceShard, ...]
    schema: pa.Schema

    @property
    def outputs(self) -> list[MixtureShard]:
        return [MixtureShard(i, shard) for i, split in enumerate(self.splits) for shard in range(split.shards)]

    def path(self, output: MixtureShard) -> str:
        """Its path in the corpus."""
        split = self.splits[output.split]
        return f"{MIXTURE_CONFIG}/{shard_name(split.name, output.shard, split.shards)}"

    def split_of(self, source: SourceShard) -> Split:
        return next(split for split in self.splits if split.name == source.split)

    def drawn(self, split: Split) -> Iterator[int]:
        """The numbers of the sources that the split draws from."""
        order = split.order
        written = dict(zip(order.names, order.written, strict=True))
        for number, source in enumerate(self.sources):
            if source.split == split.name and source.rows and written[source.entry]:
                yield number

    def to_bytes(self) -> bytes:
        """As JSON, for a file."""
        splits = [
            [s.name, s.order.names, s.order.documents, s.order.written, s.order.seed, s.shards, s.buckets]
            for s in self.splits
        ]
        schema = base64.b64encode(self.schema.serialize().to_pybytes()).decode()
        return json.dumps({"splits": splits, "sources": self.sources, "schema": schema}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> MixturePlan:
        """The inverse of `to_bytes`."""
        read: dict[str, Any] = json.loads(data)
        splits = tuple(
            Split(name, MixtureOrder(tuple(names), tuple(documents), tuple(written), seed), shards, buckets)
            for name, names, documents, written, seed, shards, buckets in read["splits"]
        )
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(read["schema"])))
        return cls(splits, tuple(SourceShard(*source) for source in read["sources"]), schema)


def make_plan(
    sources: Sequence[SourceShard],
    schema: pa.Schema,
    mixture: Mixture,
    documents: int | None,
    max_epochs: int,
    seed: int,
    shards: int | None,
) -> MixturePlan:
    """Train is mixed as requested; validation holds every document of every entry once, at the original rates.

    ConfigError if there is nothing to train on, or for more documents than can be ordered.
    """
    splits = []
    for name in SPLITS:
        mine = [source for source in sources if source.split == name]
        counts: dict[str, int] = {source.entry: 0 for source in sources}
        for source in mine:
            counts[source.entry] += source.rows
        if name == "train":
            order = MixtureOrder.of(counts, mixture, documents, max_epochs, seed)
        elif any(counts.values()):
            order = MixtureOrder.of(counts, Mixture.parse("proportional"), None, 1, seed)
        else:
            continue
        if order.total > MAX_DOCUMENTS:
            raise ConfigError(f"a mixture of {order.total:,} documents; at most {MAX_DOCUMENTS:,} can be ordered.")
        count = shard_count(name, order.total, _expected(order, mine, "bytes"), shards)
        raw = _expected(order, mine, "raw") // count
        buckets = max(1, min(-(-raw // BUCKET_BYTES), order.total // count))
        splits.append(Split(name, order, count, buckets))
    return MixturePlan(tuple(splits), tuple(sources), schema)


def _expected(order: MixtureOrder, sources: Sequence[SourceShard], size: str) -> int:
    """The expected bytes of the mixture, if what is drawn of an entry is typical of it."""
    sums = dict.fromkeys(order.names, 0)
    for source in sources:
        sums[source.entry] += getattr(source, size)
    parts = zip(sums.values(), order.written, order.documents, strict=True)
    return sum(total * written // max(1, documents) for total, written, documents in parts)
