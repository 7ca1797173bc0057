"""A dedup of linked pages as shuffles of packed rows: claims become links, links labels, and of a label one page stays.

groups --claims--> keys --links--> nodes, round after round --labels--> groups --members--> labels --losses--> groups
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.metrics import Metrics

from c4pipe.dedup import LinkLevel
from c4pipe.dedup.claims import collapse, scatter
from c4pipe.dedup.components import PAGE_LINK, components, contract, links_between, partition_of, spread
from c4pipe.dedup.linked import (
    Member,
    elect,
    labels_by_group,
    labels_of,
    links_of_claims,
    nodes_of,
    page_claims,
    pages_at,
)
from c4pipe.flow.dedup import OnGroups, Packet, Packets, Sent, joined_inputs, read_atoms, receive, send
from c4pipe.flow.files import BeamStore
from c4pipe.flow.numbered import only
from c4pipe.flow.owned import PartitionKeys
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Staged

# With fewer partitions than these over all links none are needed: they meet in one place. A chain of 10,000 pages over
# 256 partitions takes 18 rounds, one twice as long one more; what is left then meets in one place as well.
MOST_ROUNDS = 20
TO_LINKS, TO_KEYS, TO_GROUPS = 0, 1, 2  # what elements are sent to


@dataclass
class LostPages(beam.PTransform):
    """Groups of staged inputs to the pages of theirs that fall: (group, packed `LIKE`)."""

    settings: Settings
    number: int  # of the leg that the dedup begins

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        settings, number = self.settings, self.number
        claimed = joined | "JoinUrls" >> beam.CoGroupByKey() | "ClaimPages" >> beam.ParDo(ClaimPages(settings, number))
        links = [
            claimed | "LinksInside" >> only(TO_LINKS, Sent),
            claimed
            | "Claims" >> only(TO_KEYS, Sent)
            | "TextPartitions" >> beam.GroupByKey()
            | "LinkPages" >> beam.ParDo(LinkPages(settings, number)),
        ]
        found = links | "Links" >> beam.Flatten()
        labels = []
        for n in range(1, 1 + (MOST_ROUNDS if settings.link_partitions > 1 else 0)):
            contracted = (
                found
                | f"Meet{n}" >> beam.GroupByKey()
                | f"ContractLinks{n}" >> beam.ParDo(ContractLinks(settings, number, n))
            )
            labels.append(contracted | f"Whole{n}" >> only(TO_GROUPS, Sent))
            found = contracted | f"Left{n}" >> only(TO_LINKS, Sent)
        labels.append(
            found
            | "OnePlace" >> beam.Map(lambda sent: (0, sent[1])).with_output_types(Sent)
            | "MeetLast" >> beam.GroupByKey()
            | "FinishLinks" >> beam.ParDo(FinishLinks(settings, number))
        )
        labelled = labels | "Labels" >> beam.Flatten()
        return (
            {"inputs": joined["inputs"], "labels": labelled}
            | "JoinLabels" >> beam.CoGroupByKey()
            | "JoinMembers" >> beam.ParDo(JoinMembers(settings, number))
            | "MembersByLabel" >> beam.GroupByKey()
            | "Elect" >> beam.ParDo(Elect(settings, number))
        )


@beam.typehints.with_output_types(tuple[int, Sent])
class ClaimPages(OnGroups):
    """Pages that are left claim their keys. What they share inside the group links them already."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, Sent]]:
        group, joined = element
        inputs, lost_urls = joined_inputs(joined, self._store)
        atoms, alive = read_atoms(inputs, lost_urls, self._folder, self._store)
        best, lost = collapse(page_claims(atoms, alive))
        links = links_between(nodes_of(group, lost["row"]), nodes_of(group, lost["winner"]))
        spill = self._spill(len(atoms.hashes))
        folder = f"{self._folder}/spill"
        inside = spread(links, self._settings.link_partitions)
        for sent in send(group, inside, spill, self._store, f"{folder}/links-{group}"):
            yield TO_LINKS, sent
        claims = scatter(best, self._settings.partitions)
        for sent in send(group, claims, spill, self._store, f"{folder}/text-{group}"):
            yield TO_KEYS, sent


class _OnPartitions(beam.DoFn):
    """What comes through files goes on through files."""

    def __init__(self, settings: Settings, leg: int, number: int = 0):
        """`number` is that of a round."""
        self._settings, self._leg, self._number = settings, leg, number

    def setup(self) -> None:
        self._store = BeamStore(self._settings.staging)
        self._spill_folder = f"{self._settings.prefix(self._leg)}/spill"

    def _received(self, packets: Packets) -> tuple[list[tuple[int, bytes]], bool]:
        """What was sent, in the order of the senders, and whether it came through files."""
        packets = [Packet(*packet) for packet in packets]
        return sorted(receive(packets, self._store)), any(packet.path for packet in packets)

    def _links(self, packets: Packets) -> tuple[list[np.ndarray], bool]:
        found, spilled = self._received(packets)
        return [np.frombuffer(data, PAGE_LINK) for _, data in found], spilled

    def _send(self, sender: int, parts: Iterable[tuple[int, bytes]], spill: bool, name: str) -> Iterator[Sent]:
        path = f"{self._spill_folder}/{name}-{self._number}-{sender}"
        return send(sender, parts, spill, self._store, path)


@beam.typehints.with_output_types(Sent)
class LinkPages(_OnPartitions):
    """All claims of one partition: the links that they make, of which a star for each of their components will do."""

    def setup(self) -> None:
        super().setup()
        plan = self._settings.plan
        self._keys = PartitionKeys(self._settings, plan.names()[plan.starts[self._leg]], self._leg, self._store)

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        partition, packets = element
        found, spilled = self._received(packets)
        links, owned = links_of_claims(found, self._keys.before(partition))
        self._keys.write(partition, owned)
        labels = components([links])
        links = links_between(labels["node"], labels["label"])
        yield from self._send(partition, spread(links, self._settings.link_partitions), spilled, "links-of")


@beam.typehints.with_output_types(tuple[int, Sent])
class ContractLinks(_OnPartitions):
    """A round of contraction, over the links of one partition."""

    def process(self, element: tuple[int, Packets]) -> Iterator[tuple[int, Sent]]:
        partition, packets = element
        links, spilled = self._links(packets)
        partitions = self._settings.link_partitions
        made = contract(links, partition, partitions)
        Metrics.counter("links", f"left by round {self._number}").inc(len(made.links))
        logging.getLogger(__name__).info(
            "round %d, partition %d of %d: %d links, %d pages in whole clusters, %d links left",
            *(self._number, partition, partitions, sum(map(len, links)), len(made.labels), len(made.links)),
        )
        for sent in self._send(partition, spread(made.links, partitions), spilled, "links"):
            yield TO_LINKS, sent
        for sent in self._send(partition, labels_by_group(made.labels), spilled, "labels"):
            yield TO_GROUPS, sent


@beam.typehints.with_output_types(Sent)
class FinishLinks(_OnPartitions):
    """What the rounds have left, in one place."""

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        links, spilled = self._links(element[1])
        yield from self._send(0, labels_by_group(components(links)), spilled, "labels")


_MEMBER = ("label", *Member._fields)


@beam.typehints.with_output_types(Sent)
class JoinMembers(OnGroups):
    """Pages of a group that hang together with others, to where all of their label meet."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[Sent]:
        group, joined = element
        packets = [Packet(*packet) for packet in joined["labels"]]
        labels = labels_of(data for _, data in receive(packets, self._store))
        if not len(labels):
            return
        (inputs,) = joined["inputs"]
        table = self._members(inputs, labels)
        where = partition_of(labels["label"], self._settings.partitions)
        parts = ((int(p), _packed(table.filter(pa.array(where == p)))) for p in np.unique(where))
        spill = any(packet.path for packet in packets)
        yield from send(group, parts, spill, self._store, f"{self._folder}/spill/members-{group}")

    def _members(self, inputs: list[Any], labels: np.ndarray) -> pa.Table:
        tables, first_rows, start = [], [], 0
        rows = (labels["node"] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        for number, _, atoms in inputs:
            mine = rows[(rows >= start) & (rows < start + atoms)]
            if len(mine):
                with self._store.read(Staged.of(self._folder, number).pages) as stream:
                    table = pq.read_table(stream, columns=["atoms", "rank", "priority", "sketch"])
                counts = table["atoms"].combine_chunks().value_lengths().to_numpy()
                first_rows = start + np.cumsum(counts) - counts
                tables.append(table.drop_columns("atoms").take(pa.array(pages_at(first_rows, mine))))
            start += atoms
        found = pa.concat_tables(tables)
        return pa.table(
            {"label": labels["label"], "node": labels["node"], **{name: found[name] for name in found.column_names}}
        ).select(_MEMBER)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


@beam.typehints.with_output_types(Sent)
class Elect(_OnPartitions):
    """Of the pages of each label one stays: emits for each group its pages that fall."""

    def setup(self) -> None:
        super().setup()
        self._level = cast(LinkLevel, self._settings.plan.level(self._leg))

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        partition, packets = element
        found, spilled = self._received(packets)
        table = pa.concat_tables(pa.ipc.open_stream(data).read_all() for _, data in found).sort_by("label")
        losses: dict[int, list[bytes]] = {}
        rows = zip(*(table[name].to_pylist() for name in _MEMBER), strict=True)
        for label, members in groupby(rows, lambda row: row[0]):
            for group, lost in elect(label, (Member(*row[1:]) for row in members), self._level.similarity).items():
                losses.setdefault(group, []).append(lost.tobytes())
        parts = ((group, b"".join(losses[group])) for group in sorted(losses))
        yield from self._send(partition, parts, spilled, "fallen")
