"""The two dedups as shuffles of packed rows: claims by hash partition out, numbers of lost rows by group back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.dedup.claims import INSIDE, LOSS, Atoms, all_losses, by_shard, claims, collapse, losers, scatter
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedShard
from c4pipe.flow.settings import Settings
from c4pipe.staging import Staged

Grouped = tuple[int, list[StagedShard]]


class Packet(NamedTuple):
    """Packed rows of one partition and group: here, or in a file."""

    group: int
    data: bytes
    path: str
    start: int
    length: int


Claimed = tuple[int, tuple[int, bytes, str, int, int]]  # partition, packet


def rows_of(blobs: Iterable[bytes]) -> np.ndarray:
    """Row numbers from packed u32, sorted."""
    return np.sort(np.frombuffer(b"".join(blobs), np.uint32))


def losses_of(inside: bytes, outside: Iterable[bytes]) -> np.ndarray:
    """What a group lost, as `LOSS`: from the file of `lost_inside` and what `Resolve` says of its text."""
    return all_losses(np.frombuffer(inside, INSIDE), np.frombuffer(b"".join(outside), LOSS))


def send(group: int, parts: Iterator[tuple[int, bytes]], spill: bool, store: BeamStore, path: str) -> Iterator[Claimed]:
    """The parts as elements of a shuffle; with `spill`, their bytes go to a file and only their place is shuffled.

    Beam's local runner holds a whole shuffle in memory, about four times over.
    """
    if not spill:
        for partition, data in parts:
            yield partition, Packet(group, data, "", 0, len(data))
        return
    places, start = [], 0
    with store.write(path) as stream:
        for partition, data in parts:
            stream.write(data)
            places.append((partition, Packet(group, b"", path, start, len(data))))
            start += len(data)
    yield from places


def receive(packets: Iterable[tuple[int, bytes, str, int, int]], store: BeamStore) -> list[tuple[int, bytes]]:
    """(group, packed rows), read back from where they were spilled."""
    blobs = []
    for packet in map(Packet._make, packets):
        data = packet.data
        if packet.path:
            with store.read(packet.path) as stream:
                stream.seek(packet.start)
                data = stream.read(packet.length)
        blobs.append((packet.group, data))
    return blobs


class _OnGroups(beam.DoFn):
    def __init__(self, settings: Settings):
        self._settings = settings

    def setup(self) -> None:
        self._plan = self._settings.plan
        self._store = BeamStore()

    def _spill(self, rows: int) -> bool:
        return 0 < self._settings.spill_rows < rows


@beam.typehints.with_output_types(Claimed)
class ClaimUrls(_OnGroups):
    """Every page of a group claims its URL."""

    def process(self, element: Grouped, total: int) -> Iterator[Claimed]:
        group, shards = element
        tables = []
        for shard, _, _ in shards:
            with self._store.read(Staged.of(self._settings.trunk, shard).outcomes) as stream:
                tables.append(pq.read_table(stream, columns=["key", "date"]))
        table = pa.concat_tables(tables).combine_chunks()
        dates = table["date"].combine_chunks()
        parts = self._plan.url.scatter(table["key"].to_numpy(), dates, self._settings.partitions)
        yield from send(group, parts, self._spill(total), self._store, f"{self._settings.trunk}/spill/urls-{group}")


@beam.typehints.with_output_types(Claimed)
class ClaimText(_OnGroups):
    """Pages that won their URL claim their lines or spans. What repeats inside the group is settled here."""

    def process(self, element: tuple[int, dict[str, Iterable]], total: int) -> Iterator[Claimed]:
        group, joined = element
        (shards,) = joined["shards"]
        assert self._plan.text is not None
        lost_urls = by_shard(rows_of(joined["urls"]), [rows for _, rows, _ in shards])
        atoms, alive = self._load(shards, lost_urls)
        best, lost = collapse(claims(atoms, self._plan.text.width, alive))
        trunk = self._settings.trunk
        with self._store.write(lost_inside(trunk, group)) as stream:
            stream.write(lost.tobytes())
        parts = scatter(best, self._settings.partitions)
        yield from send(group, parts, self._spill(total), self._store, f"{trunk}/spill/text-{group}")

    def _load(self, shards: list[StagedShard], lost_urls: list[np.ndarray]) -> tuple[Atoms, np.ndarray]:
        hashes, counts, priorities, alive = [], [], [], []
        for (shard, _, _), lost in zip(shards, lost_urls, strict=True):
            with self._store.read(Staged.of(self._settings.trunk, shard).pages) as stream:
                table = pq.read_table(stream, columns=["row", "priority", "atoms"])
            lists = table["atoms"].combine_chunks()
            hashes.append(lists.flatten().to_numpy())
            counts.append(lists.value_lengths().to_numpy())
            priorities.append(table["priority"].to_numpy())
            alive.append(~np.isin(table["row"].to_numpy(), lost))
        joined = Atoms(np.concatenate(hashes), np.concatenate(counts).astype(np.int64), np.concatenate(priorities))
        return joined, np.concatenate(alive)


def lost_inside(trunk: str, group: int) -> str:
    """The file with the rows that lost to others of their own group, as `INSIDE`."""
    return f"{trunk}/groups/{group:06d}.lost"


@beam.typehints.with_output_types(tuple[int, bytes])
class Resolve(beam.DoFn):
    """All claims of one partition: emits (group, packed rows that lose), numbers of pages or `LOSS` of text."""

    def __init__(self, settings: Settings, level: str):
        self._settings = settings
        self._level = level

    def setup(self) -> None:
        self._losers = self._settings.plan.url.losers if self._level == "url" else losers
        self._store = BeamStore()

    def process(self, element: tuple[int, Iterable]) -> Iterator[tuple[int, bytes]]:
        _, packets = element
        for group, rows in sorted(self._losers(receive(packets, self._store)).items()):
            yield group, rows.tobytes()
