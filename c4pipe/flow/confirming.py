"""Links between pages that their texts confirm: a link goes to the group of its one page, then to the other's.

links --by the node's group--> evidence of the node --by the other's group--> links that both confirm
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import apache_beam as beam
import numpy as np
import pyarrow as pa

from c4pipe.dedup import LinkLevel
from c4pipe.dedup.components import PAGE_LINK, Links, spread
from c4pipe.dedup.linked import FIRST_NODE, groups_of, pages_at
from c4pipe.dedup.urls import packed_table, unpacked_table
from c4pipe.flow.dedup import OnGroups, Sent, received, send
from c4pipe.flow.files import BeamStore
from c4pipe.flow.numbered import only
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Staged
from c4pipe.passes.tables import TableSource

TO_CONTRACT, TO_OTHERS = 0, 1


def addressed(links: Links, level: LinkLevel, settings: Settings) -> Iterator[tuple[int, bytes]]:
    """Where links made by claims are sent: to be contracted, or to the groups of their nodes, to be confirmed."""
    if not level.confirmed:
        yield from spread(links, settings.link_partitions)
        return
    groups = groups_of(links["node"])
    yield from ((group, links[groups == group].tobytes()) for group in np.unique(groups).tolist())


@dataclass
class ConfirmedLinks(beam.PTransform):
    """Inputs by group, and links by the group of their node, to the links that are confirmed, by partition."""

    settings: Settings
    number: int  # of the leg

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        asked = joined | "JoinLinks" >> beam.CoGroupByKey() | "Ask" >> beam.ParDo(AskOther(self.settings, self.number))
        both = {"inputs": joined["inputs"], "asked": asked | "Asked" >> only(TO_OTHERS, Sent)}
        answered = (
            both | "JoinAsked" >> beam.CoGroupByKey() | "Answer" >> beam.ParDo(ConfirmLinks(self.settings, self.number))
        )
        return (asked | "NotAsked" >> only(TO_CONTRACT, Sent), answered) | "Confirmed" >> beam.Flatten()


class _OnTexts(OnGroups):
    """Reads the evidence of a group's pages."""

    def setup(self) -> None:
        super().setup()
        self._level = cast(LinkLevel, self._plan.level(self._number))

    def _evidence(self, nodes: np.ndarray, inputs: list[StagedUnit]) -> list[bytes]:
        """The evidence of ascending nodes of the group."""
        texts = pages_of_nodes(nodes, ["text"], inputs, self._folder, self._store)["text"]
        return [self._level.evidence(text.as_py()) for text in texts]


@beam.typehints.with_output_types(tuple[int, Sent])
class AskOther(_OnTexts):
    """The links of the nodes of a group, each once, with the evidence of the node, to the groups of the others.

    Pages of earlier corpora have no texts here: their links are accepted.
    """

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, Sent]]:
        group, joined = element
        found, spill = received(joined["links"], self._store)
        folder = f"{self._folder}/spill"
        links = np.unique(np.frombuffer(b"".join(data for _, data in found), PAGE_LINK))
        earlier = links["to"] < np.uint64(FIRST_NODE)
        stands = spread(links[earlier], self._settings.link_partitions)
        for sent in send(group, stands, spill, self._store, f"{folder}/stands-{group}"):
            yield TO_CONTRACT, sent
        links = links[~earlier]
        if not len(links):
            return
        (inputs,) = joined["inputs"]
        nodes, places = np.unique(links["node"], return_inverse=True)
        evidence = np.array(self._evidence(nodes, inputs), object)[places]
        table = pa.table({"node": links["node"], "to": links["to"], "evidence": pa.array(evidence, pa.binary())})
        groups = groups_of(links["to"])
        parts = ((to, packed_table(table.filter(pa.array(groups == to)))) for to in np.unique(groups).tolist())
        for sent in send(group, parts, spill, self._store, f"{folder}/asked-{group}"):
            yield TO_OTHERS, sent


@beam.typehints.with_output_types(Sent)
class ConfirmLinks(_OnTexts):
    """The links sent to a group, without those that its own texts do not confirm."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[Sent]:
        group, joined = element
        found, spill = received(joined["asked"], self._store)
        if not found:
            return
        (inputs,) = joined["inputs"]
        table = pa.concat_tables(unpacked_table(data) for _, data in found)
        nodes, places = np.unique(table["to"].to_numpy(), return_inverse=True)
        own = self._evidence(nodes, inputs)
        theirs = table["evidence"].to_pylist()
        good = [self._level.confirms(one, own[place]) for one, place in zip(theirs, places.tolist(), strict=True)]
        links = np.zeros(sum(good), PAGE_LINK)
        links["node"], links["to"] = table["node"].to_numpy()[good], table["to"].to_numpy()[good]
        parts = spread(links, self._settings.link_partitions)
        yield from send(group, parts, spill, self._store, f"{self._folder}/spill/confirmed-{group}")


def pages_of_nodes(
    nodes: np.ndarray, columns: list[str], inputs: list[StagedUnit], folder: str, store: BeamStore
) -> pa.Table:
    """Columns of the staged pages of these ascending nodes, which are all of one group."""
    tables, start = [], 0
    rows = (nodes & np.uint64(0xFFFFFFFF)).astype(np.int64)
    for number, _, atoms in inputs:
        mine = rows[(rows >= start) & (rows < start + atoms)]
        if len(mine):
            with store.read(Staged.of(folder, number).pages) as stream:
                table = TableSource(stream, list(dict.fromkeys(["atoms", *columns]))).table()
            counts = table["atoms"].combine_chunks().value_lengths().to_numpy()
            first_rows = start + np.cumsum(counts) - counts
            tables.append(table.select(columns).take(pa.array(pages_at(first_rows, mine))))
        start += atoms
    return pa.concat_tables(tables)
