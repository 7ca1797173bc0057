"""The last pass over staged shards, for every corpus that they serve; a group of shards is one element."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np

from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup.claims import LOSS, by_shard, lost_atoms
from c4pipe.documents.reasons import FAULTS
from c4pipe.flow.dedup import Packets, losses_of, lost_inside, rows_of
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedShard
from c4pipe.flow.settings import Settings, plans_of
from c4pipe.passes.finishing import Finished, Group, Lost, Summary, finish_shard
from c4pipe.passes.staging import Staged
from c4pipe.shards import to_json

RowGroup = tuple[str, tuple[str, tuple[str, int, int, int]]]
Written = tuple[str, bytes]  # the kind of a `conclude.Part`, JSON


@beam.typehints.with_output_types(tuple[int, tuple[int, str]])
class FinishGroup(beam.DoFn):
    """Finishes the shards of a group for every corpus of one trunk.

    Emits (corpus, (group, name of its summary file)) for each corpus, by its number.
    """

    def __init__(self, corpora: Sequence[Settings]):
        self._corpora = corpora

    def setup(self) -> None:
        self._plans = plans_of(self._corpora)
        self._store = BeamStore()

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, tuple[int, str]]]:
        group, joined = element
        paths = [f"{settings.own}/groups/{group:06d}.json" for settings in self._corpora]
        # Where its file is, a build that goes on has finished the group already.
        missing = [i for i, path in enumerate(paths) if not self._store.exists(path)]
        if missing:
            (shards,) = joined["shards"]
            summaries = self._finish(missing, shards, self._lost(group, shards, joined))
            for i, summary in zip(missing, summaries, strict=True):
                with self._store.write(paths[i]) as stream:
                    stream.write(to_json(summary))
        for corpus, path in enumerate(paths):
            yield corpus, (group, path)

    def _finish(self, chosen: list[int], shards: list[StagedShard], losses: Iterator[Lost]) -> list[dict[str, Any]]:
        """The summary of the group for each of the chosen corpora."""
        corpora, plans = [self._corpora[i] for i in chosen], [self._plans[i] for i in chosen]
        groups = [GroupSummary(plan) for plan in plans]
        for (shard, _, _), lost in zip(shards, losses, strict=True):
            staged = Staged.of(corpora[0].trunk, shard)
            finished = [Finished.of(settings.own, shard) for settings in corpora]
            summaries = finish_shard(staged, lost, plans, self._store, finished, corpora[0].cap)
            for group, files, summary in zip(groups, finished, summaries, strict=True):
                group.add(shard, files, summary)
        return [group.to_json() for group in groups]

    def _lost(self, group: int, shards: list[StagedShard], joined: dict[str, Packets]) -> Iterator[Lost]:
        sizes = [atoms for _, _, atoms in shards]
        urls = by_shard(rows_of(joined["urls"]), [rows for _, rows, _ in shards])
        losses, width = np.empty(0, LOSS), 1
        text = self._plans[0].text
        if text is not None:
            with self._store.read(lost_inside(self._corpora[0].trunk, group)) as stream:
                losses, width = losses_of(stream.read(), joined["text"]), text.width
        flags, owners = lost_atoms(sum(sizes), losses, width)
        ends = np.cumsum(sizes)
        for rows, size, end in zip(urls, sizes, ends.tolist(), strict=True):
            yield Lost(rows, flags[end - size : end], owners[end - size : end])


class GroupSummary:
    """The finished shards of one group and one corpus, added up."""

    def __init__(self, plan: Plan):
        self._ledger, self._stats = Ledger.of(plan.names()), Stats()
        self._row_groups: list[list[Any]] = []
        self._rejected: list[str] = []
        self._inputs: list[list[Any]] = []

    def add(self, shard: int, finished: Finished, summary: Summary) -> None:
        self._ledger.add(summary.ledger)
        self._stats.add(summary.stats)
        self._row_groups += [[finished.pages.rpartition("/")[2], *row_group] for row_group in summary.groups]
        self._rejected.append(finished.rejected.rpartition("/")[2])
        reading = summary.ledger.stages[0]
        counts = {code: n for code, n in reading.to_json()["rejected"].items() if code in FAULTS}
        self._inputs.append([shard, reading.entered, counts, summary.faults])

    def to_json(self) -> dict[str, Any]:
        part = {"ledger": self._ledger.to_json(), "stats": self._stats.to_json(), "inputs": self._inputs}
        return part | {"groups": self._row_groups, "rejected": self._rejected}


def read_summary(path: str) -> dict[str, Any]:
    """The summary of a finished group. Files are named in it without their folder, which may move between two runs."""
    folder = f"{path.rpartition('/groups/')[0]}/finished"
    with BeamStore().read(path) as stream:
        summary: dict[str, Any] = json.load(stream)
    summary["groups"] = [[f"{folder}/{name}", *fields] for name, *fields in summary["groups"]]
    summary["rejected"] = [f"{folder}/{name}" for name in summary["rejected"]]
    return summary


def row_groups(element: tuple[int, str]) -> Iterator[RowGroup]:
    """(config, (split, (path, index, rows, bytes))) for each row group of a finished group."""
    for path, *fields in read_summary(element[1])["groups"]:
        group = Group(*fields)
        yield group.config, (group.split, (path, group.number, group.rows, group.bytes))


def group_part(element: tuple[int, str]) -> Written:
    """A finished group as a part of the conclusion."""
    summary = read_summary(element[1])
    return "group", to_json({name: summary[name] for name in ("ledger", "stats", "inputs")})
