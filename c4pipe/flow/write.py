"""From staged shards and what they lost to the files of the corpus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.conclude import Part, write_corpus_files
from c4pipe.dedup.claims import by_shard, lost_atoms
from c4pipe.finishing import Finished, Group, Lost, explained, finish_shard
from c4pipe.flow.dedup import lost_inside, rows_of
from c4pipe.flow.files import BeamStore, read_inputs
from c4pipe.flow.read import StagedShard
from c4pipe.flow.settings import Settings
from c4pipe.ledger import Ledger
from c4pipe.merging import OutputShard, Piece, plan_split, write_rejected, write_shard
from c4pipe.sample import PER_REASON, sample_table, sampled_of
from c4pipe.shards import to_json
from c4pipe.staging import Staged
from c4pipe.stats import Stats
from c4pipe.wet.reasons import FAULTS

Written = tuple[str, bytes]  # kind ("shard", "rejected", "group"), JSON


class _WithPlan(beam.DoFn):
    def __init__(self, settings: Settings):
        self._settings = settings

    def setup(self) -> None:
        self._plan = self._settings.plan
        self._store = BeamStore()


@beam.typehints.with_output_types(tuple[int, str])
class FinishGroup(_WithPlan):
    """Finishes the shards of a group; emits (group, name of its summary file)."""

    def process(self, element: tuple[int, dict[str, Iterable]]) -> Iterator[tuple[int, str]]:
        group, joined = element
        path = f"{self._settings.staging}/groups/{group:06d}.json"
        if not self._store.exists(path):  # a build that goes on has finished it already
            (shards,) = joined["shards"]
            summary = self._finish(shards, self._lost(group, shards, joined))
            with self._store.write(path) as stream:
                stream.write(to_json(summary))
        yield group, path

    def _finish(self, shards: list[StagedShard], losses: Iterator[Lost]) -> dict[str, Any]:
        ledger, stats = Ledger.of(self._plan.names()), Stats()
        row_groups, rejected, inputs = [], [], []
        for (shard, _, _), lost in zip(shards, losses, strict=True):
            finished = Finished.of(self._settings.staging, shard)
            staged = Staged.of(self._settings.staging, shard)
            summary = finish_shard(staged, lost, self._plan, self._store, finished, self._settings.cap)
            ledger.add(summary.ledger)
            stats.add(summary.stats)
            row_groups += [[finished.pages.rpartition("/")[2], *row_group] for row_group in summary.groups]
            rejected.append(finished.rejected.rpartition("/")[2])
            reading = summary.ledger.stages[0]
            counts = {code: n for code, n in reading.to_json()["rejected"].items() if code in FAULTS}
            inputs.append([shard, reading.entered, counts, summary.faults])
        part = {"ledger": ledger.to_json(), "stats": stats.to_json(), "inputs": inputs}
        return part | {"groups": row_groups, "rejected": rejected}

    def _lost(self, group: int, shards: list[StagedShard], joined: dict[str, Iterable[bytes]]) -> Iterator[Lost]:
        sizes = [atoms for _, _, atoms in shards]
        urls = by_shard(rows_of(joined["urls"]), [rows for _, rows, _ in shards])
        flags = np.zeros(sum(sizes), bool)
        if self._plan.text is not None:
            with self._store.read(lost_inside(self._settings.staging, group)) as stream:
                rows = rows_of([stream.read(), *joined["text"]])
            flags = lost_atoms(sum(sizes), rows, self._plan.text.width)
        for lost, atoms in zip(urls, np.split(flags, np.cumsum(sizes)[:-1]), strict=True):
            yield Lost(lost, atoms)


def read_summary(path: str) -> dict[str, Any]:
    """The summary of a finished group. Files are named in it without their folder, which may move between two runs."""
    folder = f"{path.rpartition('/groups/')[0]}/finished"
    with BeamStore().read(path) as stream:
        summary: dict[str, Any] = json.load(stream)
    summary["groups"] = [[f"{folder}/{name}", *fields] for name, *fields in summary["groups"]]
    summary["rejected"] = [f"{folder}/{name}" for name in summary["rejected"]]
    return summary


def row_groups(element: tuple[int, str]) -> Iterator[tuple[tuple[str, str], tuple[str, int, int, int]]]:
    """((config, split), (path, index, rows, bytes)) for each row group of a finished group."""
    for path, *fields in read_summary(element[1])["groups"]:
        group = Group(*fields)
        yield (group.config, group.split), (path, group.number, group.rows, group.bytes)


@beam.typehints.with_output_types(tuple[int, tuple[str, str, int, int, tuple[tuple[str, int, int, int], ...]]])
class PlanSplit(beam.DoFn):
    """All row groups of one (config, split): emits its output shards."""

    def __init__(self, shards: int | None):
        self._shards = shards

    def process(self, element: Any) -> Iterator[Any]:
        (config, split), groups = element
        for shard in plan_split(config, split, groups, self._shards):
            yield shard.number, (*shard[:-1], tuple(tuple(piece) for piece in shard.pieces))


@beam.typehints.with_output_types(Written)
class WriteShard(_WithPlan):
    """Writes one file of the corpus."""

    def process(self, element: Any) -> Iterator[Written]:
        config, split, number, of, pieces = element[1]
        shard = OutputShard(config, split, number, of, tuple(Piece(*piece) for piece in pieces))
        note = f"{self._settings.staging}/written/{shard.path}.json"
        if not (self._store.exists(note) and self._store.exists(f"{self._settings.output}/{shard.path}")):
            row = to_json(write_shard(shard, self._store, self._settings.output))
            with self._store.write(note) as stream:  # after the shard: where it is, the shard is whole
                stream.write(row)
        with self._store.read(note) as stream:
            yield "shard", stream.read()


@beam.typehints.with_output_types(tuple[tuple[str, str], tuple[str, int, bytes]])
class SampledRefs(_WithPlan):
    """((stage, reason), (path, first row, packed priorities)) for what each shard holds of an outcome."""

    def process(self, element: tuple[int, str]) -> Iterator[tuple[tuple[str, str], tuple[str, int, bytes]]]:
        for path in read_summary(element[1])["rejected"]:
            with self._store.read(path) as stream:
                table = pq.read_table(stream, columns=["stage", "reason", "priority"])
            names = list(zip(table["stage"].to_pylist(), table["reason"].to_pylist(), strict=True))
            starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
            for start, stop in pairwise([*starts, len(names)]):
                yield names[start], (path, start, table["priority"].to_numpy()[start:stop].tobytes())


@beam.typehints.with_output_types(Written)
class WriteSample(_WithPlan):
    """Of one outcome, the pages with the smallest priorities, from wherever they are."""

    def process(self, element: tuple[tuple[str, str], Iterable[tuple[str, int, bytes]]]) -> Iterator[Written]:
        (stage, reason), refs = element
        best = sorted(
            (priority, path, start + i)
            for path, start, packed in refs
            for i, priority in enumerate(np.frombuffer(packed, np.uint64).tolist())
        )[:PER_REASON]
        wanted: dict[str, list[int]] = {}
        for _, path, row in best:
            wanted.setdefault(path, []).append(row)
        tables = []
        for path, rows in sorted(wanted.items()):
            with self._store.read(path) as stream:
                tables.append(pq.read_table(stream).take(pa.array(rows)))
        table = pa.concat_tables(tables).sort_by([("priority", "ascending"), ("source", "ascending")])
        table = sample_table(explained(sampled, self._plan) for sampled in sampled_of(table))
        name = f"{stage}-{reason}" if stage else reason
        yield "rejected", to_json(write_rejected(name, table, self._store, self._settings.output))


@beam.typehints.with_output_types(Written)
class WriteAllRejected(_WithPlan):
    """The whole rejected table, a part for each shard."""

    def process(self, element: tuple[int, str]) -> Iterator[Written]:
        for path in read_summary(element[1])["rejected"]:
            with self._store.read(path) as stream:
                table = pq.read_table(stream)
            shard = path.rpartition("/")[2].split(".")[0]
            if table.num_rows:
                yield "rejected", to_json(write_rejected(shard, table, self._store, self._settings.output))


def group_part(element: tuple[int, str]) -> Written:
    """A finished group as a part of the conclusion."""
    summary = read_summary(element[1])
    return "group", to_json({name: summary[name] for name in ("ledger", "stats", "inputs")})


class Conclude(_WithPlan):
    """When everything else is in its place: statistics, the card, and last the manifest."""

    def process(self, element: tuple[int, Iterable[Written]]) -> None:
        parts = [Part(kind, json.loads(data)) for kind, data in element[1]]
        inputs = dict(read_inputs(self._settings.inputs_list))
        settings = self._settings
        write_corpus_files(parts, inputs, self._plan, settings.description, self._store, settings.output)
