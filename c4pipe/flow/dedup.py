"""The dedups as shuffles of packed rows: claims go out by hash partition, numbers of lost rows come back by group.

Beam's local runner holds a whole shuffle in memory, about four times over. Large shuffles there go through files in
both directions; the shuffle itself then carries only places in these files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa

from c4pipe.dedup.claims import INSIDE, LOSS, Atoms, all_losses, by_input, claims, collapse, resolve, scatter
from c4pipe.dedup.linked import LIKE
from c4pipe.dedup.urls import URL_LOSS
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.owned import PartitionKeys
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Staged
from c4pipe.passes.tables import TableSource

Grouped = tuple[int, list[StagedUnit]]


class Packet(NamedTuple):
    """Packed rows from one sender, a group or a partition: here, or in a file."""

    sender: int
    data: bytes
    path: str
    start: int
    length: int


Packets = Iterable[Any]  # as a coder decodes them: plain tuples
Sent = tuple[int, tuple[int, bytes, str, int, int]]  # target partition or group, packet


def url_losses(packets: Packets, store: BeamStore) -> np.ndarray:
    """The pages of a group that lost their URL, as `URL_LOSS` sorted by row."""
    return np.sort(np.frombuffer(_joined(packets, store), URL_LOSS), order="row")


def losses_of(inside: bytes, outside: Packets, store: BeamStore) -> np.ndarray:
    """What a group lost, as `LOSS`: from the file of `lost_inside` and from `Resolve`."""
    return all_losses(np.frombuffer(inside, INSIDE), np.frombuffer(_joined(outside, store), LOSS))


def fallen(packets: Packets, store: BeamStore) -> np.ndarray:
    """What became of linked pages of a group, as `LIKE` sorted by row."""
    return np.sort(np.frombuffer(_joined(packets, store), LIKE), order="row")


def _joined(packets: Packets, store: BeamStore) -> bytes:
    return b"".join(data for _, data in receive(packets, store))


def send(sender: int, parts: Iterable[tuple[int, bytes]], spill: bool, store: BeamStore, path: str) -> Iterator[Sent]:
    """The parts as elements of a shuffle; with `spill`, their bytes go to a file and only their place is shuffled."""
    if not spill:
        for to, data in parts:
            yield to, Packet(sender, data, "", 0, len(data))
        return
    places, start = [], 0
    with store.write(path) as stream:
        for to, data in parts:
            stream.write(data)
            places.append((to, Packet(sender, b"", path, start, len(data))))
            start += len(data)
    yield from places


def receive(packets: Packets, store: BeamStore) -> Iterator[tuple[int, bytes]]:
    """(sender, packed rows), read back if they were spilled."""
    for packet in map(Packet._make, packets):
        data = packet.data
        if packet.path:
            with store.read(packet.path) as stream:
                stream.seek(packet.start)
                data = stream.read(packet.length)
        yield packet.sender, data


def received(packets: Packets, store: BeamStore) -> tuple[list[tuple[int, bytes]], bool]:
    """The rows sent, in the order of the senders, and whether they came through files."""
    packets = [Packet(*packet) for packet in packets]
    return sorted(receive(packets, store)), any(packet.path for packet in packets)


class OnGroups(beam.DoFn):
    """Steps on groups of inputs. `leg` is the number of the leg that the claims are for."""

    def __init__(self, settings: Settings, leg: int = 0):
        self._settings, self._number = settings, leg

    def setup(self) -> None:
        self._plan = self._settings.plan
        self._store = BeamStore(self._settings.staging)
        self._folder = self._settings.prefix(self._number)

    def _spill(self, rows: int) -> bool:
        """Whether the rows of one group go through a file: at most `spill_rows` rows in all do not.

        Never into a bucket: engines that need one keep shuffles on disk, and reading a bucket in pieces is slow.
        """
        settings = self._settings
        return 0 < settings.spill_rows < rows * settings.groups and not is_remote(settings.staging)


class OnPartitions(beam.DoFn):
    """Steps on hash partitions. Rows that arrive through files leave through files."""

    def __init__(self, settings: Settings, leg: int, number: int = 0):
        """`number` is the round's."""
        self._settings, self._leg, self._number = settings, leg, number

    def setup(self) -> None:
        self._store = BeamStore(self._settings.staging)
        self._spill_folder = f"{self._settings.prefix(self._leg)}/spill"

    def _received(self, packets: Packets) -> tuple[list[tuple[int, bytes]], bool]:
        return received(packets, self._store)

    def _send(self, sender: int, parts: Iterable[tuple[int, bytes]], spill: bool, name: str) -> Iterator[Sent]:
        path = f"{self._spill_folder}/{name}-{self._number}-{sender}"
        return send(sender, parts, spill, self._store, path)


@beam.typehints.with_output_types(Sent)
class ClaimUrls(OnGroups):
    """Every page of a group claims its URL."""

    def process(self, element: Grouped) -> Iterator[Sent]:
        group, inputs = element
        tables = []
        for number, _, _ in inputs:
            with self._store.read(Staged.of(self._folder, number).outcomes) as stream:
                tables.append(TableSource(stream, ["key", "date"]).table())
        table = pa.concat_tables(tables).combine_chunks()
        dates = table["date"].combine_chunks()
        parts = self._plan.url.scatter(table["key"].combine_chunks(), dates, self._settings.partitions)
        spill = self._spill(sum(rows for _, rows, _ in inputs))
        yield from send(group, parts, spill, self._store, f"{self._folder}/spill/urls-{group}")


@beam.typehints.with_output_types(Sent)
class ClaimText(OnGroups):
    """Remaining pages claim their lines or spans. Repeats inside the group are decided here."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[Sent]:
        group, joined = element
        inputs, lost_urls = joined_inputs(joined, self._store)
        atoms, alive = read_atoms(inputs, lost_urls, self._folder, self._store)
        level = self._plan.level(self._number)
        assert level is not None
        best, lost = collapse(claims(atoms, level.width, alive))
        with self._store.write(lost_inside(self._folder, group)) as stream:
            stream.write(lost.tobytes())
        parts = scatter(best, self._settings.partitions)
        spill = self._spill(len(atoms.hashes))
        yield from send(group, parts, spill, self._store, f"{self._folder}/spill/text-{group}")


def read_atoms(
    inputs: list[StagedUnit], lost_urls: list[np.ndarray], folder: str, store: BeamStore
) -> tuple[Atoms, np.ndarray]:
    """The atoms of a group's staged pages, and which pages won their URL: [pages] bool."""
    hashes, counts, priorities, alive = [], [], [], []
    for (number, _, _), lost in zip(inputs, lost_urls, strict=True):
        with store.read(Staged.of(folder, number).pages) as stream:
            table = TableSource(stream, ["row", "priority", "atoms"]).table()
        lists = table["atoms"].combine_chunks()
        hashes.append(lists.flatten().to_numpy())
        counts.append(lists.value_lengths().to_numpy())
        priorities.append(table["priority"].to_numpy())
        alive.append(~np.isin(table["row"].to_numpy(), lost["row"]))
    atoms = Atoms(np.concatenate(hashes), np.concatenate(counts).astype(np.int64), np.concatenate(priorities))
    return atoms, np.concatenate(alive)


def joined_inputs(joined: dict[str, Iterable], store: BeamStore) -> tuple[list[StagedUnit], list[np.ndarray]]:
    """The staged inputs of a group, and for each the pages that lose their URL: none after the first leg."""
    (inputs,) = joined["inputs"]
    return inputs, by_input(url_losses(joined.get("urls", ()), store), [rows for _, rows, _ in inputs])


def lost_inside(prefix: str, group: int) -> str:
    """The file with the rows that lost to others of their own group, as `INSIDE`."""
    return f"{prefix}/groups/{group:06d}.lost"


@beam.typehints.with_output_types(Sent)
class Resolve(OnPartitions):
    """All claims of one partition: emits the losing rows by group, as `URL_LOSS` or, for text, as `LOSS`."""

    def __init__(self, settings: Settings, kind: str, leg: int = 0):
        super().__init__(settings, leg)
        self._kind = kind

    def setup(self) -> None:
        super().setup()
        plan, of_urls = self._settings.plan, self._kind == "url"
        self._resolve = plan.url.resolve if of_urls else resolve
        self._keys = PartitionKeys(self._settings, plan, None if of_urls else self._leg, self._store)

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        partition, packets = element
        found, spilled = self._received(packets)
        resolved = self._resolve(found, self._keys.before(partition))
        self._keys.write(partition, resolved.owned)
        parts = ((group, rows.tobytes()) for group, rows in sorted(resolved.losses.items()))
        yield from self._send(partition, parts, spilled, f"{self._kind}-lost")
