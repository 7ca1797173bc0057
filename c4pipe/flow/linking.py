"""A dedup of linked pages as shuffles of packed rows: claims become links, links become labels, and one page of each
label stays.

groups --claims--> keys --links--> nodes, round after round --labels--> groups --members--> labels --losses--> groups
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import cast

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.metrics import Metrics

from c4pipe.dedup import LinkLevel
from c4pipe.dedup.claims import collapse, scatter
from c4pipe.dedup.components import PAGE_LINK, components, contract, links_between, partition_of, spread
from c4pipe.dedup.linked import (
    KNOWN_KEY,
    Member,
    elect,
    labels_by_group,
    labels_of,
    links_of_claims,
    most_shared,
    nodes_of,
    page_claims,
)
from c4pipe.dedup.urls import packed_table, unpacked_table
from c4pipe.flow.confirming import ConfirmedLinks, addressed, pages_of_nodes
from c4pipe.flow.dedup import OnGroups, OnPartitions, Packets, Sent, joined_inputs, read_atoms, received, send
from c4pipe.flow.numbered import only
from c4pipe.flow.owned import PartitionKeys
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings

# With fewer links than these in all, no partitions are needed: the links are sent to one place. A chain of 10,000
# pages over 256 partitions takes 18 rounds, one twice as long takes one more; the rest is then sent to one place, too.
MOST_ROUNDS = 20
TO_LINKS, TO_KEYS, TO_GROUPS = 0, 1, 2  # targets of elements


@dataclass
class LostPages(beam.PTransform):
    """Groups of staged inputs to those of their pages that are dropped: (group, packed `LIKE`)."""

    settings: Settings
    number: int  # of the leg that the dedup begins

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        settings, number = self.settings, self.number
        claimed = joined | "JoinUrls" >> beam.CoGroupByKey() | "ClaimPages" >> beam.ParDo(ClaimPages(settings, number))
        linked = (
            claimed
            | "Claims" >> only(TO_KEYS, Sent)
            | "TextPartitions" >> beam.GroupByKey()
            | "LinkPages" >> beam.ParDo(LinkPages(settings, number))
        )
        links = [claimed | "LinksInside" >> only(TO_LINKS, Sent), linked | "LinksOutside" >> only(TO_LINKS, Sent)]
        found = links | "Links" >> beam.Flatten()
        if cast(LinkLevel, settings.plan.level(number)).confirmed:
            found = {"inputs": joined["inputs"], "links": found} | ConfirmedLinks(settings, number)
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
            {"inputs": joined["inputs"], "labels": labelled, "known": linked | "Known" >> only(TO_GROUPS, Sent)}
            | "JoinLabels" >> beam.CoGroupByKey()
            | "JoinMembers" >> beam.ParDo(JoinMembers(settings, number))
            | "MembersByLabel" >> beam.GroupByKey()
            | "Elect" >> beam.ParDo(Elect(settings, number))
        )


@beam.typehints.with_output_types(tuple[int, Sent])
class ClaimPages(OnGroups):
    """Remaining pages claim their keys. Keys shared inside the group link them already, unless links must be
    confirmed.
    """

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, Sent]]:
        group, joined = element
        inputs, lost_urls = joined_inputs(joined, self._store)
        atoms, alive = read_atoms(inputs, lost_urls, self._folder, self._store)
        found, spill = page_claims(atoms, alive), self._spill(len(atoms.hashes))
        folder = f"{self._folder}/spill"
        level = cast(LinkLevel, self._plan.level(self._number))
        if level.confirmed:  # comparisons of a page must not depend on its group
            found = found.sorted()
        else:
            found, lost = collapse(found)
            links = links_between(nodes_of(group, lost["row"]), nodes_of(group, lost["winner"]))
            inside = addressed(links, level, self._settings)
            for sent in send(group, inside, spill, self._store, f"{folder}/links-{group}"):
                yield TO_LINKS, sent
        claims = scatter(found, self._settings.partitions)
        for sent in send(group, claims, spill, self._store, f"{folder}/text-{group}"):
            yield TO_KEYS, sent


@beam.typehints.with_output_types(tuple[int, Sent])
class LinkPages(OnPartitions):
    """All claims of one partition: emits the links they make, and, to each group, those of its keys that pages of
    earlier corpora have.
    """

    def setup(self) -> None:
        super().setup()
        plan = self._settings.plan
        self._level = cast(LinkLevel, plan.level(self._leg))
        self._keys = PartitionKeys(self._settings, plan, self._leg, self._store)

    def process(self, element: tuple[int, Packets]) -> Iterator[tuple[int, Sent]]:
        partition, packets = element
        found, spilled = self._received(packets)
        links, owned, known = links_of_claims(found, self._keys.before(partition))
        self._keys.write(partition, owned)
        if not self._level.confirmed:  # then a star per component suffices
            labels = components([links])
            links = links_between(labels["node"], labels["label"])
        for sent in self._send(partition, addressed(links, self._level, self._settings), spilled, "links-of"):
            yield TO_LINKS, sent
        parts = ((group, known[group].tobytes()) for group in sorted(known))
        for sent in self._send(partition, parts, spilled, "known"):
            yield TO_GROUPS, sent


@beam.typehints.with_output_types(tuple[int, Sent])
class ContractLinks(OnPartitions):
    """A round of contraction, over the links of one partition."""

    def process(self, element: tuple[int, Packets]) -> Iterator[tuple[int, Sent]]:
        partition, packets = element
        found, spilled = self._received(packets)
        links = [np.frombuffer(data, PAGE_LINK) for _, data in found]
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
class FinishLinks(OnPartitions):
    """The links left after the last round, in one place."""

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        found, spilled = self._received(element[1])
        links = [np.frombuffer(data, PAGE_LINK) for _, data in found]
        yield from self._send(0, labels_by_group(components(links)), spilled, "labels")


_MEMBER = ("label", *Member._fields)


@beam.typehints.with_output_types(Sent)
class JoinMembers(OnGroups):
    """Sends linked pages of a group to the place of their label."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[Sent]:
        group, joined = element
        found, spilled = received(joined["labels"], self._store)
        labels = labels_of(data for _, data in found)
        if not len(labels):
            return
        (inputs,) = joined["inputs"]
        known, _ = received(joined["known"], self._store)
        table = self._members(inputs, labels, np.frombuffer(b"".join(data for _, data in known), KNOWN_KEY))
        where = partition_of(labels["label"], self._settings.partitions)
        parts = ((int(p), packed_table(table.filter(pa.array(where == p)))) for p in np.unique(where))
        yield from send(group, parts, spilled, self._store, f"{self._folder}/spill/members-{group}")

    def _members(self, inputs: list[StagedUnit], labels: np.ndarray, known: np.ndarray) -> pa.Table:
        names = ["rank", "priority", "sketch", "atoms"]
        found = pages_of_nodes(labels["node"], names, inputs, self._folder, self._store)
        keys = found["atoms"].combine_chunks()
        earlier, shared = most_shared(keys.flatten().to_numpy(), keys.value_lengths().to_numpy(), known)
        columns = {name: found[name] for name in names} | {"earlier": earlier, "shared": shared}
        return pa.table({"label": labels["label"], "node": labels["node"], **columns}).select(_MEMBER)


@beam.typehints.with_output_types(Sent)
class Elect(OnPartitions):
    """Keeps one page of each label: emits, for each group, the pages that are dropped."""

    def setup(self) -> None:
        super().setup()
        self._level = cast(LinkLevel, self._settings.plan.level(self._leg))

    def process(self, element: tuple[int, Packets]) -> Iterator[Sent]:
        partition, packets = element
        found, spilled = self._received(packets)
        table = pa.concat_tables(unpacked_table(data) for _, data in found).sort_by("label")
        losses: dict[int, list[bytes]] = {}
        rows = zip(*(table[name].to_pylist() for name in _MEMBER), strict=True)
        for label, members in groupby(rows, lambda row: row[0]):
            for group, lost in elect(label, (Member(*row[1:]) for row in members), self._level).items():
                losses.setdefault(group, []).append(lost.tobytes())
        parts = ((group, b"".join(losses[group])) for group in sorted(losses))
        yield from self._send(partition, parts, spilled, "fallen")
